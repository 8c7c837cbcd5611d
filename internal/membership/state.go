package membership

import (
	"log/slog"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// publish makes a new list of the present lineage. Only the coordinator may.
func (c *Core) publish(members []cluster.Member, cause string) {
	list := &cluster.List{
		Mark:    cluster.Mark{Lineage: c.list.Lineage, Version: c.list.Version + 1},
		Chain:   c.list.Chain,
		Members: members,
	}
	before := c.list
	c.install(list, c.tables.Adjusted(c.table, list), c.document, cause)
	c.sendAll(state{c.list, c.table, nil})
	for i := range before.Members { // those who are out hear of it while they are still connected
		if id := before.Members[i].ID; list.Find(id) < 0 {
			c.sendState(id, state{c.list, nil, nil})
		}
	}
	c.checkChanges()
}

// PublishTable replaces the partition table. Only the coordinator may; for anybody else nothing happens.
func (c *Core) PublishTable(table *cluster.Table, cause string) {
	c.step()
	if !c.Coordinating() {
		return
	}
	c.install(c.list, table, c.document, cause)
	c.sendAll(state{c.list, c.table, nil})
	c.letGo()
}

func (c *Core) publishDocument(document *cluster.Document) {
	c.install(c.list, c.table, document, "document changed")
	c.sendAll(state{c.list, nil, c.document})
	c.checkChanges()
}

func (c *Core) sendState(to cluster.MemberID, s state) {
	c.out.Send(to, appendState([]byte{kindState}, s))
}

func (c *Core) sendAll(s state) {
	frame := appendState([]byte{kindState}, s)
	for _, id := range c.order {
		c.out.Send(id, frame)
	}
}

// Frame takes a frame of the control lane; handled is false for kinds that belong to
// the tables above.
func (c *Core) Frame(from cluster.MemberID, frame []byte) (handled bool, err error) {
	c.step()
	r := packed.NewReader(frame)
	kind := r.Byte()
	if b := c.beats[from]; b != nil {
		c.hears(b)
	}
	if kind >= KindTables {
		return false, nil
	}
	if c.phase == handing && kind == kindInstalled && from == c.heir {
		c.heirInstalled(&r)
	}
	if c.phase != member {
		return true, nil
	}
	switch kind {
	case kindBeat:
		c.onBeat(from, &r)
	case kindEcho:
		c.onEcho(from, &r)
	case kindState:
		if s := readState(&r); r.Err() == nil {
			c.onState(from, s)
		}
	case kindInstalled:
		c.onInstalled(from, &r)
	case kindLeave:
		c.onLeave(from)
	case kindMerged:
		c.onMerged(from)
	case kindTakeOver:
		c.onTakeOver(from, &r)
	case kindYield:
		c.onYield(from, &r)
	case kindAbandon:
		c.yielded = 0
	case kindChange:
		c.onChange(from, &r)
	case kindChanged:
		c.onChanged(&r)
	case kindMerge:
		c.onMerge(from, &r)
	}
	return true, r.Err()
}

// onState installs what a coordinator has published.
func (c *Core) onState(from cluster.MemberID, s state) {
	relation := s.list.Against(c.list.Mark)
	switch {
	case relation == cluster.Foreign:
		c.Logger.Error("a list of another history came in, ignoring it", slog.String("from", from.String()),
			slog.String("lineage", s.list.Lineage.String()), slog.Int("version", int(s.list.Version)))
		return
	case relation == cluster.Older:
		return
	case relation == cluster.Newer && s.list.Find(c.Self.ID) < 0:
		c.gone(s.list)
		return
	}
	table, document := c.table, c.document
	if s.table != nil && s.table.Version > table.Version {
		table = s.table
	}
	if s.document != nil && s.document.Version > document.Version {
		document = s.document
	}
	if relation == cluster.Same && table == c.table && document == c.document {
		c.acknowledge(from)
		return
	}
	if relation == cluster.Same {
		s.list = c.list
	}
	handed := relation == cluster.Newer && s.list.Coordinator().ID == c.Self.ID
	coordinator := c.list.Coordinator().ID
	if relation == cluster.Newer {
		c.take = nil
	}
	c.install(s.list, table, document, "published by the coordinator")
	c.acknowledge(from)
	if handed { // the coordinator has left and this member is the next
		c.inherit()
		return
	}
	if coordinator != c.list.Coordinator().ID {
		c.resumeChanges()
		c.nextLeave, c.nextMerged = 0, 0
	}
}

// acknowledge tells the coordinator how far this member is.
func (c *Core) acknowledge(to cluster.MemberID) {
	b := cluster.AppendMark([]byte{kindInstalled}, c.list.Mark)
	b = packed.AppendUint32(b, uint32(c.table.Version))
	c.out.Send(to, packed.AppendUint32(b, uint32(c.document.Version)))
}
