package migration

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/replica"
)

// round is one question to the survivors: how far are your replicas of these partitions?
type round struct {
	version int32 // of the table it is about
	asked   time.Duration
	waits   []cluster.MemberID
	at      map[key]replica.Position
}

// orphans are partitions without a primary.
func (c *Core) orphans() []partition.ID {
	var ids []partition.ID
	for i := range c.table.Partitions {
		if c.table.Partitions[i].Primary().IsZero() {
			ids = append(ids, partition.ID(i))
		}
	}
	return ids
}

// promote sees to partitions without a primary; true when it has published.
func (c *Core) promote() bool {
	orphans := c.orphans()
	if len(orphans) == 0 {
		c.round = nil
		return false
	}
	if c.round == nil || c.round.version != c.table.Version || c.Clock()-c.round.asked > patience {
		c.ask(orphans)
	}
	if len(c.round.waits) > 0 {
		return false
	}
	return c.elect(orphans)
}

// ask begins a round.
func (c *Core) ask(orphans []partition.ID) {
	c.round = &round{version: c.table.Version, asked: c.Clock(), at: map[key]replica.Position{}}
	for i := range c.list.Members {
		id := c.list.Members[i].ID
		var mine []partition.ID
		for _, p := range orphans {
			if c.table.Partitions[p].Find(id) >= 0 {
				mine = append(mine, p)
			}
		}
		switch {
		case len(mine) == 0:
		case id == c.Self:
			for _, p := range mine {
				epoch := c.table.Partitions[p].Epoch
				if at, ok := c.out.Fence(p, epoch); ok {
					c.round.at[key{p, epoch, id}] = at
				}
			}
		default:
			c.round.waits = append(c.round.waits, id)
			b := packed.AppendUint32([]byte{kindFence}, uint32(c.round.version))
			for _, p := range mine {
				b = packed.AppendUvarint(b, uint64(p))
				b = packed.AppendUvarint(b, c.table.Partitions[p].Epoch)
			}
			c.out.Send(id, b)
		}
	}
}

// onFence answers a coordinator's question. The answer counts only for the
// epoch asked about, which this member has installed or will never fall below. Only its own coordinator is
// answered: a promise given to one of another history, who is heard again after a split, would stop a primary for ever.
func (c *Core) onFence(from cluster.MemberID, r *packed.Reader) {
	if from != c.list.Coordinator().ID {
		return
	}
	b := packed.AppendUint32([]byte{kindFenced}, r.Uint32())
	for r.Len() > 0 {
		id, epoch := partition.ID(r.Uvarint()), r.Uvarint()
		if r.Err() != nil {
			return
		}
		at, ok := c.out.Fence(id, epoch)
		b = packed.AppendUvarint(b, uint64(id))
		b = packed.AppendUvarint(b, epoch)
		b = packed.AppendBool(b, ok)
		b = packed.AppendUint64(b, at.Seq)
		b = packed.AppendUint64(b, at.Epoch)
	}
	c.out.Send(from, b)
}

func (c *Core) onFenced(from cluster.MemberID, r *packed.Reader) {
	version := int32(r.Uint32())
	if c.round == nil || !c.coordinating || c.round.version != version || !slices.Contains(c.round.waits, from) {
		return
	}
	for r.Len() > 0 {
		id, epoch, ok := partition.ID(r.Uvarint()), r.Uvarint(), r.Bool()
		at := replica.Position{Seq: r.Uint64(), Epoch: r.Uint64()}
		if r.Err() != nil {
			return
		}
		if ok {
			c.round.at[key{id, epoch, from}] = at
		}
	}
	c.round.waits = slices.DeleteFunc(c.round.waits, func(id cluster.MemberID) bool { return id == from })
}

// elect gives every orphan a primary: the most advanced survivor, else any data member, empty.
func (c *Core) elect(orphans []partition.ID) bool {
	next := c.table.Clone()
	var lost []partition.ID
	for _, id := range orphans {
		a := &next.Partitions[id]
		best, inSync := c.mostAdvanced(id, a)
		replicas := []cluster.Replica{}
		switch {
		case best >= 0:
			replicas = append(replicas, cluster.Replica{Member: a.Replicas[best].Member, State: cluster.InSync})
		default:
			first := slices.IndexFunc(c.list.Members, func(m cluster.Member) bool { return m.DataMember() })
			if first < 0 {
				continue // nobody may have it; it waits for a member that may
			}
			replicas = append(replicas, cluster.Replica{Member: c.list.Members[first].ID, State: cluster.InSync})
		}
		if !inSync {
			lost = append(lost, id)
		}
		for k, r := range a.Replicas {
			if k > 0 && k != best {
				replicas = append(replicas, r)
			}
		}
		*a = cluster.Assignment{Epoch: a.Epoch + 1, Replicas: replicas}
	}
	c.round = nil
	if len(lost) > 0 {
		c.Logger.Error("partitions lost: no replica in sync was left", slog.Int("partitions", len(lost)))
		c.lost(lost)
	}
	if slices.EqualFunc(next.Partitions, c.table.Partitions, func(a, b cluster.Assignment) bool { return a.Epoch == b.Epoch }) {
		return false
	}
	next.Version++
	c.publish(next, "primaries promoted")
	return true
}

// mostAdvanced returns the replica to promote, or -1, and whether one in sync has answered. The most advanced one has all
// that any of them has: histories differ only in what follows a number and an epoch. It may be one that is not in sync any
// more, which has confirmed a write that those in sync, which nobody waited for, do not have yet.
func (c *Core) mostAdvanced(id partition.ID, a *cluster.Assignment) (best int, inSync bool) {
	best = -1
	var at replica.Position
	for k, r := range a.Replicas {
		p, ok := c.round.at[key{id, a.Epoch, r.Member}]
		if !ok || k == 0 {
			continue
		}
		inSync = inSync || r.State == cluster.InSync
		if best < 0 || at.Less(p) || (at == p && r.State == cluster.InSync && a.Replicas[best].State != cluster.InSync) {
			best, at = k, p
		}
	}
	return best, inSync
}
