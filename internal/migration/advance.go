package migration

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// Kinds of frames on the control lane. Numbers are part of the member
// protocol: append only.
const (
	kindReport   = 64 // from a primary: partition, epoch, kind, member
	kindHandOver = 65 // to a primary: partition, epoch, to
	kindFence    = 66 // to survivors: round, partitions and epochs
	kindFenced   = 67 // answer: round, positions
	kindLost     = 68 // to all: partitions that were lost
	kindRule     = 69 // to all: the partition group rule
	kindLevel    = 70 // to a primary: partition, epoch
)

// advance brings every partition one step nearer to the plan, and publishes
// the steps together as one table.
func (c *Core) advance() {
	if c.target == nil {
		return
	}
	next := c.table.Clone()
	changed := false
	moving := c.catchingUp()
	c.pace()
	for _, i := range c.inOrder() {
		a, want := &next.Partitions[i], c.target[i]
		if a.Primary().IsZero() {
			continue
		}
		b, ok := cluster.Assignment{}, false
		if !fits(a, want) || c.behind(i, a) {
			b, ok = c.step(i, a, want, &moving)
		}
		if !ok && c.standsStill(i, a, want[0]) {
			b, ok = *a, true
		}
		if ok {
			b.Epoch = a.Epoch + 1
			*a = b
			changed = true
		}
	}
	if changed {
		next.Version++
		c.publish(next, "partitions moving")
	}
}

// standsStill tells whether a primary has handed over to a member that is not wanted any more: a new
// epoch lets it go on.
func (c *Core) standsStill(id partition.ID, a *cluster.Assignment, wanted cluster.MemberID) bool {
	return slices.ContainsFunc(a.Replicas[1:], func(r cluster.Replica) bool {
		_, handed := c.handed[key{id, a.Epoch, r.Member}]
		return handed && r.Member != wanted
	})
}

func (c *Core) publish(table *cluster.Table, cause string) {
	c.prune()
	c.out.Publish(table, cause)
}

// prune forgets what was said about epochs that are over.
func (c *Core) prune() {
	for _, m := range []map[key]cluster.MemberID{c.caught, c.handed, c.fell} {
		for k := range m { //nolint:maprange // deletes only, order does not matter
			if c.table.Partitions[k.id].Epoch != k.epoch {
				delete(m, k)
			}
		}
	}
	for p := range c.stuck { //nolint:maprange // deletes only, order does not matter
		if !c.isStuck(p.primary, p.backup) {
			delete(c.stuck, p)
		}
	}
	for k := range c.ordered { //nolint:maprange // deletes only, order does not matter
		if c.table.Partitions[k.id].Epoch != k.epoch {
			delete(c.ordered, k)
		}
	}
	for k := range c.levels { //nolint:maprange // deletes only, order does not matter
		if c.table.Partitions[k.id].Epoch != k.epoch {
			delete(c.levels, k)
		}
	}
}

// step returns the next assignment of a partition on its way to the plan.
func (c *Core) step(id partition.ID, a *cluster.Assignment, want []cluster.MemberID, moving *int) (cluster.Assignment, bool) {
	next := cluster.Assignment{Replicas: slices.Clone(a.Replicas)}
	changed := c.markReplicas(id, a.Epoch, next.Replicas)
	for _, m := range want {
		if a.Find(m) < 0 && *moving < maxMoving && c.mayCopy(id, a) {
			next.Replicas = append(next.Replicas, cluster.Replica{Member: m, State: cluster.CatchingUp})
			*moving++
			changed = true
		}
	}
	if !changed {
		changed = !slices.Equal(c.arranged(next.Replicas, want), a.Replicas)
	}
	if changed {
		next.Replicas = c.arranged(next.Replicas, want)
		return next, true
	}
	first := a.Find(want[0])
	switch {
	case first < 0 || a.Replicas[first].State != cluster.InSync:
		return next, false
	case first > 0 && *moving > 0 && !c.hurry && !c.begun(key{id, a.Epoch, want[0]}):
		return next, false
	case first > 0:
		return c.switchPrimary(id, a, want)
	case len(a.Replicas) > len(want) && allInSync(a, want) && c.level(id, a):
		return cluster.Assignment{Replicas: a.Replicas[:len(want)]}, true // by arranged, they stand first
	}
	return next, false
}

// switchPrimary asks the primary to hand over, or, once it has, makes the other one primary.
func (c *Core) switchPrimary(id partition.ID, a *cluster.Assignment, want []cluster.MemberID) (cluster.Assignment, bool) {
	to := want[0]
	said := key{id, a.Epoch, to}
	if _, ok := c.handed[said]; ok {
		next := cluster.Assignment{Replicas: []cluster.Replica{{Member: to, State: cluster.InSync}}}
		for _, r := range a.Replicas {
			if r.Member != to {
				next.Replicas = append(next.Replicas, r)
			}
		}
		next.Replicas = c.arranged(next.Replicas, want)
		c.moved(id, 0, a.Primary(), to)
		return next, true
	}
	if at, ok := c.ordered[said]; !ok || c.Clock()-at > patience {
		c.ordered[said] = c.Clock()
		c.order(id, a, to)
	}
	return cluster.Assignment{}, false
}

func (c *Core) order(id partition.ID, a *cluster.Assignment, to cluster.MemberID) {
	if a.Primary() == c.Self {
		c.out.HandOver(id, a.Epoch, to)
		return
	}
	b := packed.AppendUvarint([]byte{kindHandOver}, uint64(id))
	b = packed.AppendUint64(b, a.Epoch)
	c.out.Send(a.Primary(), cluster.AppendUUID(b, to))
}

// Report takes a report of this member's own grid.
func (c *Core) Report(r partition.Report) {
	if c.list == nil {
		c.reports = append(c.reports, r)
		return
	}
	c.deliver(r)
}

func (c *Core) deliver(r partition.Report) {
	if c.coordinating {
		c.take(c.Self, r)
		return
	}
	b := packed.AppendUvarint([]byte{kindReport}, uint64(r.Partition))
	b = packed.AppendUint64(b, r.Epoch)
	b = append(b, byte(r.Kind))
	c.out.Send(c.list.Coordinator().ID, cluster.AppendUUID(b, r.Member))
}

// take notes a primary's report.
func (c *Core) take(from cluster.MemberID, r partition.Report) {
	if r.Partition < 0 || int(r.Partition) >= len(c.table.Partitions) {
		return
	}
	a := &c.table.Partitions[r.Partition]
	if a.Epoch != r.Epoch || a.Primary() != from {
		return
	}
	said := key{r.Partition, r.Epoch, r.Member}
	switch r.Kind {
	case partition.CaughtUp: // the last word counts
		c.caught[said] = from
		delete(c.fell, said)
	case partition.FellBehind:
		c.fell[said] = from
		delete(c.caught, said)
	case partition.Stuck:
		if c.Reaches != nil && !c.Reaches(from, r.Member) {
			return
		}
		c.fell[said] = from
		delete(c.caught, said)
		c.noteStuck(from, r.Member)
	case partition.HandedOver:
		c.handed[said] = from
	case partition.Level:
		if l := c.levels[key{r.Partition, r.Epoch, from}]; l != nil {
			l.done = true
		}
	case partition.Superseded: // the table comes again with the next heartbeat
	}
}

// Frame takes a frame of the control lane that membership has passed on.
func (c *Core) Frame(from cluster.MemberID, frame []byte) error {
	r := packed.NewReader(frame)
	kind := r.Byte()
	if c.table == nil {
		return nil
	}
	switch kind {
	case kindReport:
		report := partition.Report{Partition: partition.ID(r.Uvarint()), Epoch: r.Uint64(), Kind: partition.ReportKind(r.Byte()), Member: cluster.ReadUUID(&r)}
		if r.Err() == nil && c.coordinating {
			c.take(from, report)
		}
	case kindHandOver:
		id, epoch, to := partition.ID(r.Uvarint()), r.Uint64(), cluster.ReadUUID(&r)
		if r.Err() == nil && from == c.list.Coordinator().ID {
			c.out.HandOver(id, epoch, to)
		}
	case kindLevel:
		id, epoch := partition.ID(r.Uvarint()), r.Uint64()
		if r.Err() == nil && from == c.list.Coordinator().ID {
			c.out.TellLevel(id, epoch)
		}
	case kindFence:
		c.onFence(from, &r)
	case kindFenced:
		c.onFenced(from, &r)
	case kindLost:
		c.onLost(&r)
	case kindRule:
		if rule := r.String(); r.Err() == nil {
			c.onRule(from, rule)
		}
	}
	return r.Err()
}

// moved counts a replica that has come to a place: a copy of from's, or the primary itself.
func (c *Core) moved(id partition.ID, index int, from, to cluster.MemberID) {
	c.Moves++
	c.out.Migrated(id, index, from, to)
}

// lost counts partitions whose data is gone, on every member.
func (c *Core) lost(ids []partition.ID) {
	c.Losses += int64(len(ids))
	c.out.Lost(ids)
	b := []byte{kindLost}
	for _, id := range ids {
		b = packed.AppendUvarint(b, uint64(id))
	}
	c.sendOthers(b)
}

func (c *Core) onLost(r *packed.Reader) {
	var ids []partition.ID
	for r.Len() > 0 {
		ids = append(ids, partition.ID(r.Uvarint()))
	}
	if r.Err() == nil {
		c.Losses += int64(len(ids))
	}
}

func (c *Core) sendOthers(frame []byte) {
	for i := range c.list.Members {
		if id := c.list.Members[i].ID; id != c.Self {
			c.out.Send(id, frame)
		}
	}
}
