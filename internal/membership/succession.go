package membership

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// takeOver is a succession under way at the member that will coordinate: everybody before
// it in the list has ended, as far as it knows, and it collects the states of the others.
type takeOver struct {
	since time.Duration
	// proof: the end of everybody before this member is proven.
	proof bool
	// waits are members that have not answered; dead those that will not.
	waits, dead []cluster.MemberID
	// echoed is when those who agree, this member among them, last sent an echo to whoever is before it.
	echoed []time.Duration
	best   state
}

// takeAgain is the pause after a take-over that was refused.
const takeAgain = 500 * time.Millisecond

// noteDead remembers a proof that a member other than the coordinator has ended: it
// matters when the coordinator ends as well. It is forgotten when the member connects.
func (c *Core) noteDead(id cluster.MemberID, proof bool) {
	if b := c.beats[id]; b != nil && proof {
		b.dead = true
	}
}

// seemsDead tells whether another member of the list has ended, or has been silent for so long. A coordinator that
// is heard and does not answer is as good as dead.
func (c *Core) seemsDead(id cluster.MemberID) bool {
	b := c.beats[id]
	return b == nil || b.dead || c.now-b.heard > c.SilenceTimeout ||
		(id == c.list.Coordinator().ID && c.isUnanswered())
}

// seemsUnable tells whether another member seems dead, or is heard and answers nothing: it can lead nobody, and
// whoever is younger need not wait for it.
func (c *Core) seemsUnable(id cluster.MemberID) bool {
	return c.seemsDead(id) ||
		(id != c.list.Coordinator().ID && c.now-c.beats[id].answered > c.SilenceTimeout+2*c.HeartbeatInterval && c.isHeard(c.beats[id]))
}

// firstAlive is the oldest member that has not been found dead.
func (c *Core) firstAlive() cluster.MemberID {
	for i := range c.list.Members {
		if id := c.list.Members[i].ID; id == c.Self.ID || !c.seemsUnable(id) {
			return id
		}
	}
	return c.Self.ID
}

// succeed begins a take-over if this member is the oldest one left. Members other than the coordinator
// that are only silent are asked, too, since the coordinator may have heard them until its end.
func (c *Core) succeed(why string) {
	if c.isFirst() || c.firstAlive() != c.Self.ID || c.now < c.nextTake {
		return
	}
	c.Logger.Warn("the coordinator is gone, taking over",
		slog.String("coordinator", c.list.Coordinator().Address.String()), slog.String("reason", why))
	t := &takeOver{since: c.now, proof: true, echoed: []time.Duration{c.lastEcho(c.Self.ID)}, best: state{c.list, c.table, c.document}}
	before := true
	for i := range c.list.Members {
		m := c.list.Members[i].ID
		switch {
		case m == c.Self.ID:
			before = false
			continue
		case c.beats[m].dead, i == 0:
			t.dead = append(t.dead, m)
		default:
			t.waits = append(t.waits, m)
		}
		t.proof = t.proof && (!before || c.beats[m].dead)
	}
	c.take = t
	for _, m := range t.waits {
		c.inviteTo(t, m)
	}
	c.concludeTakeOver()
}

// inherit begins to coordinate after a coordinator that has left in order. The others are asked all the
// same: if this member was away, they may have gone on without it.
func (c *Core) inherit() {
	c.take = &takeOver{since: c.now, proof: true, best: state{c.list, c.table, c.document}, waits: slices.Clone(c.order)}
	for _, id := range c.order {
		c.inviteTo(c.take, id)
	}
	c.concludeTakeOver()
}

func (c *Core) inviteTo(t *takeOver, id cluster.MemberID) {
	if slices.Contains(t.waits, id) {
		b := cluster.AppendMark([]byte{kindTakeOver}, c.list.Mark)
		c.out.Send(id, packed.AppendBool(b, t.proof))
	}
}

// yieldTime bounds how long an agreement to a take-over holds without news of it.
func (c *Core) yieldTime() time.Duration { return 2 * c.SilenceTimeout }

func (c *Core) hasYielded() bool { return c.yielded != 0 && c.now-c.yielded < c.yieldTime() }

// onTakeOver answers another member that wants to take over: it may if everybody before it seems dead
// here as well, or if it can prove that.
func (c *Core) onTakeOver(from cluster.MemberID, r *packed.Reader) {
	cluster.ReadMark(r)
	proof := r.Bool()
	if r.Err() != nil || c.list.Find(from) < 0 {
		return
	}
	accepted := true
	for i := range c.list.Members {
		id := c.list.Members[i].ID
		if id == from {
			break
		}
		accepted = accepted && id != c.Self.ID && (proof || c.seemsUnable(id))
	}
	if accepted {
		c.take, c.yielded = nil, c.now // the older one goes first
	}
	b := appendState(packed.AppendBool([]byte{kindYield}, accepted), state{c.list, c.table, c.document})
	if c.clusterVersion().HasBoundLeases() {
		b = packed.AppendInt64(b, int64(c.now-c.lastEcho(from)))
	}
	c.out.Send(from, b)
}

// abandon ends a take-over without a result.
func (c *Core) abandon() {
	if c.take == nil {
		return
	}
	c.take, c.nextTake = nil, c.now+takeAgain
	for _, id := range c.order {
		c.out.Send(id, []byte{kindAbandon})
	}
}

func (c *Core) onYield(from cluster.MemberID, r *packed.Reader) {
	accepted, s, ago := r.Bool(), readState(r), time.Duration(0)
	if r.Len() > 0 {
		ago = max(0, time.Duration(r.Int64()))
	}
	t := c.take
	if r.Err() != nil || t == nil || s.table == nil || s.document == nil || !slices.Contains(t.waits, from) {
		return
	}
	if !accepted {
		c.Logger.Warn("the take-over is refused: a member still hears the coordinator", slog.String("member", from.String()))
		c.abandon()
		return
	}
	t.best = newest(t.best, s)
	t.echoed = append(t.echoed, c.now-ago)
	t.waits = slices.DeleteFunc(t.waits, func(id cluster.MemberID) bool { return id == from })
	c.concludeTakeOver()
}

// newest joins two states of one history. List, table and document come in frames of their own, so that one
// member may be ahead in one of them and behind in another.
func newest(a, b state) state {
	switch b.list.Against(a.list.Mark) {
	case cluster.Foreign:
		return a
	case cluster.Newer:
		a.list = b.list
	case cluster.Same, cluster.Older:
	}
	if b.table.Version > a.table.Version {
		a.table = b.table
	}
	if b.document.Version > a.document.Version {
		a.document = b.document
	}
	return a
}

// leasesEnded tells whether all leases that the old coordinator gave must have ended: most members have answered none of its heartbeats for so
// long that its own has, and others' end with that.
func (c *Core) leasesEnded(t *takeOver) bool {
	majority := len(t.best.list.Members)/2 + 1
	if len(t.echoed) < majority || !t.best.document.ClusterVersion.HasBoundLeases() {
		return false
	}
	echoed := slices.Sorted(slices.Values(t.echoed))
	return c.now-echoed[majority-1] > c.SilenceTimeout+c.SilenceTimeout/overtimePart
}

// lostInTakeOver goes on without a member. One that is only silent has the time of a whole lease from the beginning
// of the take-over on, since the old coordinator may have prolonged it until then, unless it is known that it cannot have.
func (c *Core) lostInTakeOver(id cluster.MemberID, why string, proof bool) {
	t := c.take
	c.noteDead(id, proof)
	ended := c.now-t.since > c.SilenceTimeout || (c.seemsUnable(id) && c.leasesEnded(t))
	if i := slices.Index(t.waits, id); i >= 0 && (proof || ended) {
		c.Logger.Warn("a member is gone during the take-over", slog.String("uuid", id.String()), slog.String("reason", why))
		t.waits = slices.Delete(t.waits, i, i+1)
		t.dead = append(t.dead, id)
		c.concludeTakeOver()
	}
}

// endWaits goes on without those who are heard and have not answered for as long as one that is silent has: nothing
// reaches them.
func (c *Core) endWaits() {
	if c.take == nil {
		return
	}
	for _, id := range slices.Clone(c.take.waits) {
		if b := c.beats[id]; c.take != nil && b != nil && c.now-b.heard < c.SilenceTimeout/2 {
			c.lostInTakeOver(id, "it does not answer", false)
		}
	}
}

// passOver does not wait for a member that has not heard yet that it is one: it has nothing to tell,
// stays in the list and will ask again.
func (c *Core) passOver(id cluster.MemberID) {
	if t := c.take; t != nil && slices.Contains(t.waits, id) {
		t.waits = slices.DeleteFunc(t.waits, func(o cluster.MemberID) bool { return o == id })
		c.concludeTakeOver()
	}
}

// concludeTakeOver publishes a new lineage when everybody has answered or is gone.
func (c *Core) concludeTakeOver() {
	t := c.take
	if t == nil || len(t.waits) > 0 {
		return
	}
	c.take = nil
	best := t.best
	if best.list.Find(c.Self.ID) < 0 {
		c.gone(best.list)
		return
	}
	members := slices.DeleteFunc(slices.Clone(best.list.Members), func(m cluster.Member) bool {
		return slices.Contains(t.dead, m.ID)
	})
	c.beginLineage(best, members, "coordinator taken over")
}

// maxChain bounds the history a list carries. A member that was away for more
// take-overs than that is a stranger, and joins again as one.
const maxChain = 64

// beginLineage publishes a list of a new lineage that descends from s.
func (c *Core) beginLineage(s state, members []cluster.Member, cause string) {
	chain := append(slices.Clone(s.list.Chain), s.list.Mark)
	if len(chain) > maxChain {
		chain = chain[len(chain)-maxChain:]
	}
	list := &cluster.List{
		Mark:    cluster.Mark{Lineage: c.UUID(), Version: s.list.Version + 1},
		Chain:   chain,
		Members: members,
	}
	for _, id := range c.order { // leases that the old coordinator gave run from now at the latest
		c.beats[id].heard, c.beats[id].leased = c.now, c.now
	}
	c.install(list, c.tables.Adjusted(s.table, list), s.document, cause)
	c.sendAll(state{c.list, c.table, c.document})
	c.resumeChanges()
}
