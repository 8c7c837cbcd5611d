package membership

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

// joinPatience is how long a joiner waits for members that are heard and do not have its list, if a majority has it.
const joinPatience = time.Second

// pendingJoin is a member that is in the list and does not know it yet.
type pendingJoin struct {
	member  cluster.MemberID
	version int32 // of the list that took it in
	since   time.Duration
	reply   func([]byte)
}

// join asks a coordinator to take this member in.
func (c *Core) join(coordinator cluster.Address) {
	c.phase = joining
	c.found.asked = c.now
	c.found.open++
	question := c.appendSpoken(cluster.AppendMember([]byte{questionJoin}, &c.Self))
	if c.Carrying {
		question = packed.AppendBool(question, true)
	}
	c.ask(askJoin, coordinator, cluster.MemberID{}, question, c.AskTimeout)
}

func (c *Core) joinReplied(a ask, reply link.Reply) {
	c.found.open--
	if c.phase != joining {
		return
	}
	c.found.nextRound = c.now + joinAgain
	if reply.Outcome != link.Answered {
		return
	}
	r := packed.NewReader(reply.Body)
	switch r.Byte() {
	case answerJoined:
		now := r.Int64()
		s := readState(&r)
		if r.Err() == nil && s.table != nil && s.document != nil && s.list.Find(c.Self.ID) >= 0 {
			c.phase = member
			c.out.SetClusterTime(now)
			c.install(s.list, s.table, s.document, "joined")
		}
	case answerElsewhere:
		if next := cluster.ReadAddress(&r); r.Err() == nil && next != a.address {
			c.join(next)
		}
	case answerRefused:
		c.Logger.Error("the cluster refuses this member", slog.String("coordinator", a.address.String()), slog.String("reason", r.String()))
		c.found.nextRound = c.now + time.Second
	}
}

// answerJoin takes a new member into the list, if this member coordinates. It is told so
// when a majority of those that are members already has that list: otherwise a coordinator
// that ends now would leave behind a member that nobody knows. Who is heard and does not have it yet is waited for a
// moment: the coordinator may end together with one of those who have it. A coordinator without a lease takes nobody in: most of its
// members may have gone on without it, and with one more it would become another cluster, of members that it does not
// have, instead of learning that.
func (c *Core) answerJoin(m cluster.Member, speaks cluster.Spoken, reply func([]byte)) {
	switch {
	case c.phase != member || c.take != nil, c.leaving && len(c.list.Members) == 1, c.isFirst() && !c.LeaseValid():
		reply([]byte{answerLater})
		return
	case !c.Coordinating():
		reply(cluster.AppendAddress([]byte{answerElsewhere}, c.list.Coordinator().Address))
		return
	}
	if err := fits(speaks, c.clusterVersion()); err != nil {
		reply(c.refuse(m, err.Error()))
		return
	}
	m.Carrying = m.Carrying && c.clusterVersion().HasMerge()
	switch known := c.list.Get(m.ID); {
	case known != nil && known.Address != m.Address:
		reply(c.refuse(m, "another member has the same id"))
		return
	case known == nil:
		if i := slices.IndexFunc(c.list.Members, func(o cluster.Member) bool { return o.Address == m.Address }); i >= 0 {
			reply(c.answerAtAddressOf(m, c.list.Members[i].ID))
			return
		}
		c.publish(append(slices.Clone(c.list.Members), m), "member added: "+m.Address.String())
	default:
		if b := c.beats[m.ID]; b != nil {
			b.heard = c.now
		}
	}
	if b := c.beats[m.ID]; b != nil {
		b.speaks = speaks
	}
	c.joins = append(c.joins, pendingJoin{m.ID, c.list.Version, c.now, reply})
	c.answerJoins()
}

// refuse answers who cannot join as it is, and says so here, too: once, since it asks again and again.
func (c *Core) refuse(m cluster.Member, reason string) []byte {
	if c.refused != m.ID {
		c.refused = m.ID
		c.Logger.Warn("a member that wants to join is refused", slog.String("address", m.Address.String()),
			slog.String("id", m.ID.String()), slog.String("reason", reason))
	}
	return packed.AppendString([]byte{answerRefused}, reason)
}

// answerAtAddressOf answers who wants to join with the address of a member, which is asked whether it lives: a new
// member that listens there answers in its place, which proves its end; one that still answers keeps its place.
func (c *Core) answerAtAddressOf(joiner cluster.Member, id cluster.MemberID) []byte {
	switch b := c.beats[id]; {
	case b == nil, !c.suspect[id] && c.now-b.tried < aliveTimeout:
		return c.refuse(joiner, "another member, which lives, has the same address")
	case !c.suspect[id]:
		c.askAlive(id)
	}
	return []byte{answerLater}
}

// dismissJoins lets those who wait ask again: this member does not decide any more.
func (c *Core) dismissJoins() {
	for _, j := range c.joins {
		j.reply([]byte{answerLater})
	}
	c.joins = nil
}

// answerJoins answers those whose list enough members have.
func (c *Core) answerJoins() {
	if len(c.joins) == 0 {
		return
	}
	if !c.Coordinating() {
		c.dismissJoins()
		return
	}
	joining := slices.Clone(c.joins)
	c.joins = slices.DeleteFunc(c.joins, func(j pendingJoin) bool {
		voters, having := 1, 1
		for _, id := range c.order {
			if slices.ContainsFunc(joining, func(j pendingJoin) bool { return j.member == id }) {
				continue
			}
			voters++
			b := c.beats[id]
			switch {
			case b.have.Lineage == c.list.Lineage && b.have.Version >= j.version:
				having++
			case c.now-j.since < joinPatience && c.now-b.heard <= joinPatience+c.HeartbeatInterval:
				return false
			}
		}
		if 2*having <= voters {
			return false
		}
		joined := packed.AppendInt64([]byte{answerJoined}, c.ClusterTime())
		j.reply(appendState(joined, state{c.list, c.table, c.document}))
		return true
	})
}
