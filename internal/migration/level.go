package migration

import (
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// levelling is the question to a primary whether its backups are level, and what it has said.
type levelling struct {
	asked time.Duration
	done  bool
}

// level tells whether a replica in sync may be dropped: a write is confirmed by the first backups, and what has been confirmed by one
// that goes must be on those that stay. Those are the first in the assignment, so what is confirmed in its epoch is on
// them; the primary says when what came before is, too. In a cluster of 0.1 writes wait for all in sync, and nobody is asked.
func (c *Core) level(id partition.ID, a *cluster.Assignment) bool {
	if c.Version != nil && !c.Version().HasFirstBackups() {
		return true
	}
	said, now := key{id, a.Epoch, a.Primary()}, c.Clock()
	l := c.levels[said]
	if l == nil {
		l = &levelling{asked: now - 2*patience}
		c.levels[said] = l
	}
	if !l.done && now-l.asked > patience {
		l.asked = now
		if a.Primary() == c.Self {
			c.out.TellLevel(id, a.Epoch)
		} else {
			b := packed.AppendUvarint([]byte{kindLevel}, uint64(id))
			c.out.Send(a.Primary(), packed.AppendUint64(b, a.Epoch))
		}
	}
	return l.done
}

// arranged returns an assignment's replicas in the order in which writes wait for them. The primary stays. Once it is the
// plan's, and all that the plan wants are in sync, they are first, in its order. Before, those in sync are, beginning with those that bring a new group: a write that
// waits for one backup only must not be lost with the primary's group when another group has a replica in sync.
func (c *Core) arranged(replicas []cluster.Replica, want []cluster.MemberID) []cluster.Replica {
	a := cluster.Assignment{Replicas: replicas}
	out := append(make([]cluster.Replica, 0, len(replicas)), replicas[0])
	take := func(ok func(r cluster.Replica) bool) {
		for _, r := range replicas[1:] {
			if !slices.Contains(out, r) && ok(r) {
				out = append(out, r)
			}
		}
	}
	if a.Primary() == want[0] && allInSync(&a, want) {
		for _, m := range want {
			take(func(r cluster.Replica) bool { return r.Member == m })
		}
	}
	take(func(r cluster.Replica) bool {
		return good(r) && !slices.ContainsFunc(out, func(o cluster.Replica) bool { return good(o) && c.group[o.Member] == c.group[r.Member] })
	})
	take(good)
	take(func(cluster.Replica) bool { return true })
	return out
}

// allInSync tells whether an assignment has all replicas that the plan wants, in sync.
func allInSync(a *cluster.Assignment, want []cluster.MemberID) bool {
	return !slices.ContainsFunc(want, func(m cluster.MemberID) bool {
		k := a.Find(m)
		return k < 0 || a.Replicas[k].State != cluster.InSync
	})
}
