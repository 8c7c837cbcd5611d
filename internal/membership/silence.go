package membership

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

// Who is heard, and what becomes of those who are not: silence, deafness, proofs of death, removal.

// aliveAgain is the pause between two questions to a member whose lane is
// down: short, since only a refusal removes it before its time.
const aliveAgain = 50 * time.Millisecond

// aliveTimeout bounds such a question.
const aliveTimeout = time.Second

// isHeard tells whether a member has been heard for so long that it would have answered, if what is sent reached it.
func (c *Core) isHeard(b *beat) bool { return c.now-b.again > c.SilenceTimeout/2 }

// hears notes that something has come from a member. One that was not heard for a while may not have been reached
// either, by the same cut: its echoes are counted anew.
func (c *Core) hears(b *beat) {
	if c.now-b.heard > c.SilenceTimeout/2 {
		b.owed, b.again = 0, c.now
	}
	b.heard = c.now
}

// noteHeardAll keeps HeardAll.
func (c *Core) noteHeardAll() {
	all := c.now
	for _, id := range c.order {
		all = min(all, c.beats[id].heard)
	}
	c.heardAll.Store(int64(all))
}

// Hears tells whether something has come from a member of late, or whether it is this one.
func (c *Core) Hears(id cluster.MemberID) bool {
	b := c.beats[id]
	return id == c.Self.ID || (b != nil && c.now-b.heard <= c.SilenceTimeout/2)
}

// ProvesToHear tells whether a member hears this one, its coordinator: it must have got an echo that was sent since it was first
// asked. So the first answer is no; who asks again, some heartbeats later, is told.
func (c *Core) ProvesToHear(id cluster.MemberID) bool {
	b := c.beats[id]
	if b == nil {
		return false
	}
	if b.doubtedAt == 0 || c.now-b.doubtedAt > c.SilenceTimeout {
		b.doubted, b.doubtedAt = b.last, c.now
	}
	return b.reached > b.doubted
}

// isDeaf tells whether no echo has reached a member for so long that it gets none any more. That time and a lease are
// less than what it takes that member to give up everybody and go on by itself.
func (c *Core) isDeaf(b *beat) bool { return b.owed != 0 && c.now-b.owed > c.SilenceTimeout/2 }

// noteMute keeps since when this coordinator seems to be the one whom nobody hears: of the members that it hears more hear nothing
// of it than do. Those who have not told yet that they are members need not count, nor need those who are silent.
func (c *Core) noteMute() {
	deaf, hearing := 0, 1
	for _, id := range c.order {
		switch b := c.beats[id]; {
		case !b.takesPart() || c.now-b.heard > c.SilenceTimeout/2:
		case c.isDeaf(b):
			deaf++
		default:
			hearing++
		}
	}
	mute := c.isFirst() && deaf > hearing
	if mute && c.muteSince == 0 {
		c.muteSince = c.now
		c.Logger.Warn("most members that are heard hear nothing of this one: they may go on without it", slog.Int("members", deaf))
	}
	if !mute && c.isMute() { // the first ones hear it again: to the others an echo may be on its way
		for _, id := range c.order {
			c.beats[id].owed = 0
		}
	}
	if !mute {
		c.muteSince = 0
	}
}

// isMute tells whether this coordinator leaves it to the others to go on: it decides nothing, but answers them, so that it goes on
// itself if they hear it again before. They need two silence timeouts where somebody else is silent, and a moment to agree. If they
// have done nothing by then, they cannot.
func (c *Core) isMute() bool { return c.muteSince != 0 && c.now-c.muteSince <= 2*c.SilenceTimeout }

// silencePatience is how long a coordinator waits for a silent member. One that hears less than half of all may be the
// one that cannot hear: those who hear one another go on without it first, instead of obeying it when it removes them. When it hears
// more again, the others have a moment to be heard as well, or to tell it that they have gone on.
// It waits no longer than usual for members that have never told that they are members.
func (c *Core) silencePatience(b *beat) time.Duration {
	if !c.isFirst() || !b.takesPart() {
		return c.SilenceTimeout
	}
	if c.fewAt != 0 && c.now-c.fewAt <= c.SilenceTimeout/2 {
		return 3 * c.SilenceTimeout // they need two, and the time until they miss its answers
	}
	return c.SilenceTimeout
}

// noteFew notes when this coordinator hears less than half of all, those counted who have never told that they are members: they may be
// with those whom it does not hear.
func (c *Core) noteFew() {
	heard, all := 1, 1
	for _, at := range c.lapsed { // who has just been removed for the same silence is still one of those who were not heard
		if c.now-at <= c.SilenceTimeout/2 {
			all++
		}
	}
	for _, id := range c.order {
		if o := c.beats[id]; !o.dead {
			all++
			if c.now-o.heard <= c.SilenceTimeout/2 { // their silence may end at slightly different times
				heard++
			}
		}
	}
	if c.isFirst() && 2*heard < all {
		c.fewAt = c.now
	}
}

// takesPart tells whether a member has said that it is one, and is not known to have ended.
func (b *beat) takesPart() bool { return b.have != (cluster.Mark{}) && !b.dead }

// checkSilence removes, or succeeds, whom nothing has been heard of in time, and asks
// those whose connection is down whether they live.
func (c *Core) checkSilence() {
	c.noteFew()
	for _, id := range slices.Clone(c.order) {
		b := c.beats[id]
		if b == nil || c.phase != member {
			continue
		}
		if !b.connected && !c.suspect[id] && c.now-b.tried >= aliveAgain {
			c.askAlive(id)
		}
		switch patience := c.silencePatience(b); {
		case c.now-b.heard > patience:
			if c.Coordinating() {
				c.lapsed = append(slices.DeleteFunc(c.lapsed, func(at time.Duration) bool { return c.now-at > c.SilenceTimeout }), c.now)
			}
			c.lost(id, "silent for "+patience.String(), false)
		case c.isFirst() && c.isDeaf(b) && c.now-b.leased > c.SilenceTimeout && c.now-b.heard < c.SilenceTimeout/2:
			c.lost(id, "it hears nothing of this member", false)
		case id == c.list.Coordinator().ID && c.isUnanswered():
			c.lost(id, "it does not answer", false)
		}
	}
}

func (c *Core) askAlive(id cluster.MemberID) {
	if m := c.list.Get(id); m != nil {
		c.suspect[id] = true
		c.beats[id].tried = c.now
		c.ask(askAlive, m.Address, id, c.who(), aliveTimeout)
	}
}

// aliveReplied takes the answer of a member whose connection was down.
func (c *Core) aliveReplied(a ask, reply link.Reply) {
	delete(c.suspect, a.member)
	if c.phase != member || c.list.Find(a.member) < 0 {
		return
	}
	switch {
	case reply.Outcome == link.Refused:
		c.lost(a.member, "nothing listens at its address", true)
	case reply.Outcome == link.Answered && reply.Answerer != a.member:
		c.lost(a.member, "another member answers at its address", true)
	case reply.Outcome == link.Answered:
		r := packed.NewReader(reply.Body)
		switch r.Byte() {
		case answerMember:
			c.learn(cluster.ReadList(&r), &r)
		case answerCandidate, answerLater:
			c.passOver(a.member)
		}
	}
}

// learn looks whether a list seen elsewhere goes on without this member.
func (c *Core) learn(l *cluster.List, r *packed.Reader) {
	if r.Err() == nil && l.Find(c.Self.ID) < 0 && (l.Against(c.list.Mark) == cluster.Newer || c.isStray(l)) {
		c.gone(l)
	}
}

// isStray tells whether the cluster has gone on, as l, from a list before this member's, without this member and its like: the coordinator
// had sent theirs to nobody else, and is gone. They wait for nothing. Only where that list removes nobody: what has been written since
// without somebody may be known to them alone, and is merged when they have gone on by themselves.
func (c *Core) isStray(l *cluster.List) bool {
	if c.LeaseValid() || !c.list.Apart(l) || c.list.Ancestor(l) < c.goneAt || !c.seemsDead(c.list.Coordinator().ID) {
		return false
	}
	left := *c.list
	left.Members = slices.DeleteFunc(slices.Clone(c.list.Members), func(m cluster.Member) bool {
		return l.Find(m.ID) >= 0 || (m.ID != c.Self.ID && c.seemsDead(m.ID))
	})
	return left.MergesInto(l)
}

// lost is called when a member has ended (proof) or must have (silence).
func (c *Core) lost(id cluster.MemberID, why string, proof bool) {
	switch {
	case c.Coordinating():
		c.remove(id, why)
	case c.take != nil:
		c.lostInTakeOver(id, why, proof)
	default:
		c.noteDead(id, proof)
		c.succeed(why)
	}
}

func (c *Core) remove(id cluster.MemberID, why string) {
	m := c.list.Get(id)
	if m == nil {
		return
	}
	c.Logger.Warn("removing a member", slog.String("member", m.Address.String()), slog.String("uuid", id.String()), slog.String("reason", why))
	address := m.Address
	members := slices.DeleteFunc(slices.Clone(c.list.Members), func(o cluster.Member) bool { return o.ID == id })
	c.publish(members, "member removed: "+address.String()+", "+why)
}
