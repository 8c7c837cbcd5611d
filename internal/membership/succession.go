package membership

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// takeOver is a succession under way at the member that will coordinate: it
// has heard that everybody before it in the list has ended, and collects the states of the others.
type takeOver struct {
	since time.Duration
	proof bool
	// waits are members that have not answered; dead those that will not.
	waits, dead []cluster.MemberID
	best        state
	refused     bool
}

// takeOverPatience is how long a take-over waits for members whose connection
// is up but who do not answer, before it goes on without them: they may join again.
func (c *Core) takeOverPatience() time.Duration { return c.SilenceTimeout }

// noteDead remembers that a member other than the coordinator has ended: it
// matters when the coordinator ends as well. proof is kept by suspicion only while the lane is down.
func (c *Core) noteDead(id cluster.MemberID, proof bool) {
	if b := c.beats[id]; b != nil && proof {
		b.heard = min(b.heard, c.now-c.SilenceTimeout-1)
	}
}

// proven tells whether everybody before a member, and itself, has been found dead.
func (c *Core) proven(cluster.MemberID) bool { return c.firstAlive() == c.Self.ID }

// firstAlive is the oldest member that has not been found dead.
func (c *Core) firstAlive() cluster.MemberID {
	for i := range c.list.Members {
		id := c.list.Members[i].ID
		if id == c.Self.ID {
			return id
		}
		if b := c.beats[id]; b != nil && c.now-b.heard <= c.SilenceTimeout {
			return id
		}
	}
	return c.Self.ID
}

// succeed begins a take-over if this member is the oldest one left.
func (c *Core) succeed(id cluster.MemberID, why string, proof bool) {
	c.noteDead(id, proof)
	if proof {
		c.beats[id].heard = min(c.beats[id].heard, c.now-c.SilenceTimeout-1)
	}
	if c.firstAlive() != c.Self.ID {
		return
	}
	c.Logger.Warn("the coordinator is gone, taking over",
		slog.String("coordinator", c.list.Coordinator().Address.String()), slog.String("reason", why))
	t := &takeOver{since: c.now, proof: proof, best: state{c.list, c.table, c.document}}
	before := true
	for i := range c.list.Members {
		m := c.list.Members[i].ID
		switch {
		case m == c.Self.ID:
			before = false
		case before:
			t.dead = append(t.dead, m)
		default:
			t.waits = append(t.waits, m)
		}
	}
	c.take = t
	for _, m := range t.waits {
		c.inviteTo(t, m)
	}
	c.concludeTakeOver()
}

func (c *Core) inviteTo(t *takeOver, id cluster.MemberID) {
	if slices.Contains(t.waits, id) {
		b := cluster.AppendMark([]byte{kindTakeOver}, c.list.Mark)
		c.out.Send(id, packed.AppendBool(b, t.proof))
	}
}

// onTakeOver answers an older member that wants to take over.
func (c *Core) onTakeOver(from cluster.MemberID, r *packed.Reader) {
	mark, proof := cluster.ReadMark(r), r.Bool()
	if r.Err() != nil || c.list.Find(from) < 0 {
		return
	}
	_ = mark
	accepted := proof
	if first := c.list.Coordinator().ID; !accepted && first != from && first != c.Self.ID {
		accepted = c.now-c.beats[first].heard > c.SilenceTimeout
	}
	if c.isFirst() {
		accepted = false
	}
	if accepted && c.take != nil {
		c.take = nil // the older one goes first
	}
	b := packed.AppendBool([]byte{kindYield}, accepted)
	c.out.Send(from, appendState(b, state{c.list, c.table, c.document}))
}

func (c *Core) onYield(from cluster.MemberID, r *packed.Reader) {
	accepted, s := r.Bool(), readState(r)
	t := c.take
	if r.Err() != nil || t == nil || s.table == nil || s.document == nil || !slices.Contains(t.waits, from) {
		return
	}
	if !accepted {
		c.Logger.Warn("the take-over is refused: a member still hears the coordinator", slog.String("member", from.String()))
		c.take = nil
		for _, id := range c.order {
			c.beats[id].heard = c.now
		}
		return
	}
	if rel := s.list.Against(t.best.list.Mark); rel == cluster.Newer ||
		(rel == cluster.Same && (s.table.Version > t.best.table.Version || s.document.Version > t.best.document.Version)) {
		t.best = s
	}
	t.waits = slices.DeleteFunc(t.waits, func(id cluster.MemberID) bool { return id == from })
	c.concludeTakeOver()
}

func (c *Core) lostInTakeOver(id cluster.MemberID, why string) {
	t := c.take
	if i := slices.Index(t.waits, id); i >= 0 {
		c.Logger.Warn("a member is gone during the take-over", slog.String("uuid", id.String()), slog.String("reason", why))
		t.waits = slices.Delete(t.waits, i, i+1)
		t.dead = append(t.dead, id)
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
		c.gone()
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
	c.install(list, c.tables.Adjusted(s.table, list), s.document, cause)
	c.sendAll(state{c.list, c.table, c.document})
	c.resumeChanges()
}
