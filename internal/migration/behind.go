package migration

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

// stuckFor is how long a primary's word counts that a backup gets no further; it repeats it every second.
const stuckFor = 3 * time.Second

// pair is a primary and a backup that may be cut off from one another although the coordinator hears both. Writes would wait for as
// long as that lasts. So the backup is not in sync until it has caught up, as if it had failed. It is the primary's word against
// nobody's: that the backup is fine for others does not help those who write. Only a primary with a lease
// reports (package member), and only a coordinator with one listens: a primary that hears nobody, or only the coordinator and
// with it the smaller part of the cluster, would go on without those who are about to replace it. And it listens only as long as it
// hears the backup: one that nobody hears goes with the list, by which split-brain protection knows how many are left. The primary must
// have proved that it hears the coordinator, or it may be the one that hears nobody. And it must be another member: a
// coordinator that goes by its own word could be cut off from all, and answer for the rest of its lease what nobody else has.
type pair struct{ primary, backup cluster.MemberID }

// isStuck tells whether a copy to a backup does not get on because its primary cannot reach it. Others must not wait for it.
func (c *Core) isStuck(primary, backup cluster.MemberID) bool {
	at, ok := c.stuck[pair{primary, backup}]
	return ok && c.Clock()-at < stuckFor
}

// behind tells whether a backup in sync has fallen behind by its primary's word.
func (c *Core) behind(id partition.ID, a *cluster.Assignment) bool {
	return len(c.fell) > 0 && slices.ContainsFunc(a.Replicas[1:], func(r cluster.Replica) bool {
		_, fell := c.fell[key{id, a.Epoch, r.Member}]
		return fell && r.State == cluster.InSync
	})
}

// noteStuck takes a primary's word, which it repeats.
func (c *Core) noteStuck(primary, backup cluster.MemberID) {
	p := pair{primary, backup}
	if _, known := c.stuck[p]; !known {
		c.Logger.Warn("a primary cannot reach a backup, its writes go on without it",
			slog.String("primary", primary.String()), slog.String("backup", backup.String()))
	}
	c.stuck[p] = c.Clock()
}

// catchingUp is the number of replicas that are being copied.
func (c *Core) catchingUp() int {
	n := 0
	for i := range c.table.Partitions {
		for _, r := range c.table.Partitions[i].Replicas {
			if r.State == cluster.CatchingUp && !r.Member.IsZero() && !c.isStuck(c.table.Partitions[i].Primary(), r.Member) {
				n++
			}
		}
	}
	return n
}

// markReplicas takes the primary's reports into the replicas' states.
func (c *Core) markReplicas(id partition.ID, epoch uint64, replicas []cluster.Replica) bool {
	changed := false
	for k := range replicas[1:] {
		r := &replicas[k+1]
		said := key{id, epoch, r.Member}
		if _, ok := c.caught[said]; ok && r.State == cluster.CatchingUp {
			r.State, changed = cluster.InSync, true
			c.moved(id, k+1, replicas[0].Member, r.Member)
		}
		if _, ok := c.fell[said]; ok && r.State == cluster.InSync {
			r.State, changed = cluster.CatchingUp, true
		}
	}
	return changed
}
