package membership

import (
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// beat is what is known of another member's life.
type beat struct {
	// heard is when something last came from it, by our clock; again is when that was for the first time after a silence that was
	// long enough to take it for the reason why nothing was answered.
	heard, again time.Duration
	// echoed is the latest stamp of ours that it has echoed.
	echoed time.Duration
	// answered is the latest stamp that it has echoed, and no earlier than when we met it, or when it became our
	// coordinator.
	answered time.Duration
	// As its coordinator: reached is the latest stamp of its own of which it has got our echo, by its word; owed is
	// when we first sent an echo since, 0 for none.
	reached, owed time.Duration
	// last is the latest stamp of its own that has come; doubted what that was when it was last doubted, at doubtedAt, whether it
	// hears this member.
	last, doubted, doubtedAt time.Duration
	// leased is when we last sent an echo that its lease counts, told when we last sent any.
	leased, told time.Duration
	// connected: the control lane is up. tried is when it was last asked whether it lives.
	connected bool
	tried     time.Duration
	// dead: its end is proven. have is the list that it has installed, document the version of that.
	dead     bool
	have     cluster.Mark
	document int32
	// speaks are the versions that it has said it speaks.
	speaks cluster.Spoken
}

func (c *Core) margin() time.Duration { return c.SilenceTimeout / 10 }

// followList adapts connections and heartbeats to a new list.
func (c *Core) followList() {
	shrunk := false
	for _, id := range slices.Clone(c.order) {
		if c.list.Find(id) < 0 {
			shrunk = true
			delete(c.beats, id)
			delete(c.suspect, id)
			c.order = slices.DeleteFunc(c.order, func(o cluster.MemberID) bool { return o == id })
		}
	}
	for i := range c.list.Members {
		id := c.list.Members[i].ID
		if id != c.Self.ID && c.beats[id] == nil {
			c.beats[id] = &beat{heard: c.now, echoed: c.leased(), answered: c.now, tried: c.now, leased: c.now}
			c.order = append(c.order, id)
		}
	}
	c.connect()
	c.nextBeat = c.now
	// A list does not prolong the lease, since it may be old when it is read: only echoes do.
	if coordinator := c.list.Coordinator().ID; coordinator != c.Self.ID {
		b := c.beats[coordinator]
		b.heard, b.dead = c.now, false
		// Its lease may rest on the echoes of members that have just gone: it ends a lease after the list, whatever this member gave.
		b.leased = c.now
		if coordinator != c.follows {
			b.answered = c.now
		}
	} else {
		if coordinator != c.follows { // what the last one has leased ends no later than what is leased now
			for _, id := range c.order {
				c.beats[id].leased, c.beats[id].owed = c.now, 0
			}
		}
		if !shrunk {
			c.renewOwnLease()
		} // otherwise at the end of this tick: it may have more members to remove, and all above must know of each list first
	}
	c.follows = c.list.Coordinator().ID
}

// leased is the stamp that the present lease counts from. A new member is taken to have echoed that one: its
// joining neither prolongs nor shortens the lease of a coordinator that may be cut off from the others.
func (c *Core) leased() time.Duration {
	return time.Duration(c.lease.Load()) - (c.SilenceTimeout - c.margin())
}

// sendBeats sends heartbeats to everybody: the coordinator's echoes prolong the
// lease, the others' tell who is there when it comes to a succession.
func (c *Core) sendBeats() {
	b := packed.AppendInt64([]byte{kindBeat}, int64(c.now))
	b = cluster.AppendMark(b, c.list.Mark)
	b = packed.AppendUint32(b, uint32(c.table.Version))
	b = packed.AppendUint32(b, uint32(c.document.Version))
	b = c.appendSpoken(packed.AppendInt64(b, int64(c.now-c.unanswered())))
	for _, id := range c.order {
		c.out.Send(id, b)
	}
}

// unanswered is how long ago this member sent the last heartbeat that its coordinator has answered.
func (c *Core) unanswered() time.Duration {
	if b := c.beats[c.list.Coordinator().ID]; b != nil {
		return c.now - b.answered
	}
	return 0
}

// isUnanswered tells whether the coordinator is heard and does not answer: it has got no echo for so long that its
// lease, as far as this member's echoes prolong it, has ended.
func (c *Core) isUnanswered() bool {
	b := c.beats[c.list.Coordinator().ID]
	return b != nil && c.unanswered() > c.SilenceTimeout/2 && c.now-b.leased > c.SilenceTimeout && c.isHeard(b)
}

// echo answers a heartbeat, which prolongs the lease of a member that this one coordinates, or that of its coordinator. A
// member that is heard, but that no echo reaches, gets none any more: once its lease must have run out, it can be
// removed. It gets them again when one of them turns out to have reached it. The same holds for a coordinator that
// does not answer.
//
// An echo says how long the lease may be at most that comes with it. A coordinator that has none itself gives none, and those that it
// gives end with its own, or a little later: it may be in the smaller part of its cluster, and the larger one goes on without it and
// without whoever is still with it. Members of before gave theirs always, as long as any, and say nothing of it.
func (c *Core) echo(to cluster.MemberID, b *beat, stamp, reached time.Duration) {
	switch {
	case c.isFirst():
		if reached > b.reached {
			b.reached, b.owed = reached, 0
		}
		if c.isDeaf(b) && !c.isMute() {
			return
		}
		if b.owed == 0 {
			b.owed = c.now
		}
		b.leased = c.now
	case to == c.list.Coordinator().ID:
		if c.unanswered() > c.SilenceTimeout/2 {
			return
		}
		b.leased = c.now
	}
	b.told = c.now
	answer := packed.AppendInt64(packed.AppendInt64([]byte{kindEcho}, int64(stamp)), c.ClusterTime())
	c.out.Send(to, packed.AppendInt64(answer, int64(c.longestLease())))
}

// overtimePart is the part of a silence timeout by which leases may outlast the coordinator's own: so much that they are not shortened as long
// as it gets its echoes.
const overtimePart = 4

// longestLease is how long a lease may be that this member gives now, 0 for none. The overtime is a tenth less than what is waited for, like all that
// a lease is made of.
func (c *Core) longestLease() time.Duration {
	if !c.isFirst() || !c.LeaseValid() {
		return 0
	}
	return time.Duration(c.lease.Load()) - c.now + (c.SilenceTimeout-c.margin())/overtimePart
}

// lastEcho is when this member last sent an echo to one that stands before another in the list: a coordinator's lease may rest on that. Where the
// other one is the first, whoever was before it may have had a lease until now.
func (c *Core) lastEcho(before cluster.MemberID) (last time.Duration) {
	if c.list.Coordinator().ID == before {
		return c.now
	}
	for i := range c.list.Members {
		id := c.list.Members[i].ID
		if id == before {
			break
		}
		if b := c.beats[id]; b != nil {
			last = max(last, b.told, b.leased)
		}
	}
	return last
}

// isFirst is true for the member that coordinates or is about to.
func (c *Core) isFirst() bool { return c.list.Coordinator().ID == c.Self.ID }

func (c *Core) onBeat(from cluster.MemberID, r *packed.Reader) {
	stamp := time.Duration(r.Int64())
	have, table, document := cluster.ReadMark(r), int32(r.Uint32()), int32(r.Uint32())
	reached, speaks := time.Duration(r.Int64()), cluster.ReadSpoken(r)
	b := c.beats[from]
	if r.Err() != nil || b == nil {
		return // whoever is not in the list (any more) must not count on this member
	}
	c.installed(b, have, document)
	b.speaks, b.last = speaks, max(b.last, stamp)
	c.answerJoins()
	c.checkChanges()
	if from != c.list.Coordinator().ID || (c.take == nil && !c.hasYielded()) {
		c.echo(from, b, stamp, reached)
	}
	if c.Coordinating() && (have != c.list.Mark || table != c.table.Version || document != c.document.Version) {
		c.sendState(from, state{c.list, c.table, c.document}) // something got lost with a connection
	}
}

// installed notes what list and document a member has by its own word. One that has got a list from this coordinator hears it: echoes that it has not
// confirmed may have been lost with a connection.
func (c *Core) installed(b *beat, have cluster.Mark, document int32) {
	if c.isFirst() && have != b.have && have == c.list.Mark {
		b.owed = 0
	}
	b.have, b.document = have, document
}

func (c *Core) onEcho(from cluster.MemberID, r *packed.Reader) {
	stamp, clusterTime := time.Duration(r.Int64()), r.Int64()
	b := c.beats[from]
	longest := c.SilenceTimeout
	if r.Len() > 0 {
		longest = time.Duration(r.Int64())
	}
	if r.Err() != nil || stamp > c.now || b == nil {
		return
	}
	b.echoed, b.answered = max(b.echoed, stamp), max(b.answered, stamp)
	if from == c.list.Coordinator().ID {
		c.extendLease(stamp, longest)
		c.out.SetClusterTime(clusterTime + (c.now-stamp).Milliseconds()/2)
	}
	c.renewOwnLease()
}

func (c *Core) extendLease(from, longest time.Duration) {
	c.lease.Store(max(c.lease.Load(), int64(from+min(c.SilenceTimeout-c.margin(), longest))))
}

// renewOwnLease counts the echoes of a majority, this member among them.
func (c *Core) renewOwnLease() {
	if c.phase != member || !c.isFirst() || c.take != nil {
		return
	}
	stamps := []time.Duration{c.now}
	for _, id := range c.order {
		stamps = append(stamps, c.beats[id].echoed)
	}
	slices.Sort(stamps)
	// The greatest stamp that a majority of all members has echoed or passed.
	c.extendLease(stamps[(len(stamps)-1)/2], c.SilenceTimeout)
}

// gone ends this member's part in the list: by its own wish, or since the cluster goes on without it by the list other.
func (c *Core) gone(other *cluster.List) {
	c.phase = ended
	c.lease.Store(0)
	c.dismissJoins()
	if c.leaving {
		c.out.Left()
		return
	}
	c.out.Removed(c.list, other)
}

// LaneUp and LaneDown tell of the control lane to a member.
func (c *Core) LaneUp(id cluster.MemberID) {
	c.step()
	if b := c.beats[id]; b != nil {
		b.connected, b.dead = true, false
		c.hears(b)
		c.nextBeat = c.now
		if c.Coordinating() {
			c.sendState(id, state{c.list, c.table, c.document})
		}
	}
	if t := c.take; t != nil {
		c.inviteTo(t, id)
	}
}

// LaneDown is the counterpart of LaneUp.
func (c *Core) LaneDown(id cluster.MemberID) {
	c.step()
	if b := c.beats[id]; b != nil && c.phase == member {
		b.connected = false
		if !c.suspect[id] {
			c.askAlive(id)
		}
	}
}
