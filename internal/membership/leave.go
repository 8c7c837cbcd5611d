package membership

import (
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// leaveInterval is how often a leaver repeats its announcement: a coordinator
// may end without having passed it on.
const leaveInterval = 500 * time.Millisecond

// Leave announces that this member wants to end. Its data moves to those who
// stay; Outside.Left tells when nothing is missed any more. If nobody stays, all
// who leave end at once.
func (c *Core) Leave() {
	c.step()
	if c.leaving || c.phase == ended {
		return
	}
	c.leaving = true
	if c.phase != member {
		c.gone(nil)
		return
	}
	c.nextLeave = c.now + leaveInterval
	c.out.Installed(c.View(), "leaving")
	c.askToLeave()
}

func (c *Core) askToLeave() {
	if c.Coordinating() {
		c.onLeave(c.Self.ID)
		return
	}
	c.out.Send(c.list.Coordinator().ID, []byte{kindLeave})
}

// onLeave marks a member as leaving.
func (c *Core) onLeave(id cluster.MemberID) {
	if !c.Coordinating() {
		return
	}
	if m := c.list.Get(id); m != nil && !m.Leaving {
		members := slices.Clone(c.list.Members)
		members[c.list.Find(id)].Leaving = true
		c.publish(members, "member leaving: "+m.Address.String())
	}
	c.letGo()
}

// letGo removes leavers that the cluster no longer needs; the coordinator
// itself goes last.
func (c *Core) letGo() {
	if !c.Coordinating() || !slices.ContainsFunc(c.list.Members, func(m cluster.Member) bool { return m.Leaving }) {
		return
	}
	stays := slices.ContainsFunc(c.list.Members, func(m cluster.Member) bool { return m.DataMember() })
	rest := slices.DeleteFunc(slices.Clone(c.list.Members), func(m cluster.Member) bool {
		return m.Leaving && m.ID != c.Self.ID && (!stays || !c.tables.Holds(c.table, m.ID))
	})
	if len(rest) < len(c.list.Members) {
		c.publish(rest, "members left")
	}
	if me := c.list.Get(c.Self.ID); !me.Leaving || (stays && c.tables.Holds(c.table, c.Self.ID)) {
		return
	}
	others := slices.DeleteFunc(slices.Clone(c.list.Members), func(m cluster.Member) bool { return m.ID == c.Self.ID })
	if len(others) > 0 {
		c.handCoordination(others)
		return
	}
	c.gone(nil)
}

// handCoordination publishes a list without this member; the oldest one in it
// takes over at once.
func (c *Core) handCoordination(others []cluster.Member) {
	list := &cluster.List{
		Mark:    cluster.Mark{Lineage: c.list.Lineage, Version: c.list.Version + 1},
		Chain:   c.list.Chain,
		Members: others,
	}
	table := c.tables.Adjusted(c.table, list)
	c.sendAll(state{list, table, c.document})
	c.phase, c.heir, c.handUntil = handing, others[0].ID, c.now+handGrace
	c.handed = state{list, table, c.document}
	c.dismissJoins()
	c.lease.Store(0)
}

// heirInstalled ends this member once its heir has what was handed over. An earlier word of the heir does not count: it may
// find this address refusing, and go on from a table of before, without what has moved since.
func (c *Core) heirInstalled(r *packed.Reader) {
	have, table := cluster.ReadMark(r), int32(r.Uint32())
	if r.Err() == nil && (have.Lineage != c.handed.list.Lineage || have.Version >= c.handed.list.Version) && table >= c.handed.table.Version {
		c.gone(nil)
	}
}

// handGrace bounds how long a coordinator that leaves waits for its heir's word.
const handGrace = 2 * time.Second
