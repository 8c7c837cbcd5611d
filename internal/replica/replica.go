package replica

import (
	"math"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// Role of this member for the partition.
type Role uint8

// The roles.
const (
	// None: this member has no replica.
	None Role = iota
	// Backup follows a primary.
	Backup
	// Primary numbers the effects.
	Primary
)

// Position is how far a replica is: the number of its last effect and the epoch that made it.
type Position struct{ Seq, Epoch uint64 }

// nowhere is the number in the position of a replica in doubt, whose state is no prefix of any history. With epoch 0 it is less
// than the position of whoever has an effect.
const nowhere = math.MaxUint64

// Less orders positions by how advanced they are: a later epoch wins.
func (p Position) Less(q Position) bool {
	return p.Epoch < q.Epoch || (p.Epoch == q.Epoch && p.Seq < q.Seq)
}

// Peer is a backup as its primary sees it.
type Peer struct {
	Member cluster.MemberID
	// InSync is what the table says; Awaited whether answers may wait for it: every
	// peer in sync, and those catching up that have caught up.
	InSync, Awaited bool
	// Streaming: it gets every effect. Acked is the last number it acknowledged.
	Streaming bool
	Acked     uint64
	// Since is the epoch in which it told the position that its stream began with. What it said in an earlier one
	// is void: it may have lost its replica and got a new one in between.
	Since uint64
	// Noted is what Acked was at the last look of Lagging.
	Noted uint64
	// Transfer is the id of the transfer under way to it, 0 when there is none.
	Transfer uint64
	// Reached is the last number it has acknowledged in all, and Stuck for how long, in ms, it has acknowledged nothing beyond
	// although something is owed: see Waits.
	Reached uint64
	Stuck   int64
}

// buckets is how finely reads tell unacknowledged keys apart: a read waits
// only when a key of its bucket (1 in 128) has an unacknowledged effect.
const buckets = 128

// Need is what an answer waits for: the acknowledgement of number Seq by the first so many backups, as many as the
// structure asks for.
type Need struct {
	Seq     uint64
	Backups uint8
}

// Join makes n wait for m, too.
func (n *Need) Join(m Need) {
	n.Seq, n.Backups = max(n.Seq, m.Seq), max(n.Backups, m.Backups)
}

// Replica is this member's replica of one partition. The zero Replica has no role.
type Replica struct {
	Role Role
	// Epoch is that of the installed assignment; messages of epochs below Promised are refused.
	Epoch, Promised uint64
	// Last is the position of the last effect applied.
	Last Position
	// Peers are the backups, by replica index less one. Only on a primary.
	Peers []Peer
	// Source is the primary that a backup follows; Established once that primary has
	// confirmed our position by Stream.
	Source      cluster.MemberID
	Established bool
	// Doubtful: a backup that was found to differ from its primary, until a transfer has replaced it.
	Doubtful bool

	all Need
	// alone is what effects want that were made without peers. Nobody can have it but who gets all of it first, so their keys are not told
	// apart.
	alone Need
	tail  tail
	// begun is the number of the last effect before the installed assignment. Only on a primary.
	begun uint64
	marks [buckets]Need
}

// Install takes a newer assignment and returns what became of the role. A
// primary keeps what it knows of peers that stay.
func (r *Replica) Install(self cluster.MemberID, a *cluster.Assignment) (before Role) {
	before = r.Role
	next := a.Epoch == r.Epoch+1
	r.Epoch = a.Epoch
	r.Promised = max(r.Promised, a.Epoch)
	index := a.Find(self)
	switch {
	case index < 0:
		*r = Replica{Epoch: r.Epoch, Promised: r.Promised, tail: r.tail}
		r.tail.reset(0, 0)
	case index == 0:
		r.lead(before, next, a)
	default:
		if before != Backup || r.Source != a.Primary() {
			r.Established = false
		}
		r.Role, r.Source, r.Peers = Backup, a.Primary(), r.Peers[:0]
	}
	if before == None && index >= 0 {
		r.tail.reset(0, 0)
	}
	return before
}

func (r *Replica) lead(before Role, next bool, a *cluster.Assignment) {
	r.Doubtful = false // its state is the partition's now
	var old []Peer
	if before == Primary && next { // else a peer may have lost its replica and got a new one in between
		old = r.Peers
	}
	r.Role, r.Established, r.begun = Primary, false, r.Last.Seq
	r.Peers = make([]Peer, 0, len(a.Replicas)-1)
	for _, replica := range a.Replicas[1:] {
		peer := Peer{Member: replica.Member}
		for i := range old {
			if old[i].Member == replica.Member {
				peer = old[i]
			}
		}
		was := peer.InSync
		peer.InSync = replica.State == cluster.InSync
		// One that was taken from those in sync has to catch up anew, as far as it has fallen behind.
		peer.Awaited = peer.InSync || (peer.Awaited && !was && peer.Transfer == 0)
		r.Peers = append(r.Peers, peer)
	}
	if len(r.Peers) == 0 {
		r.tail = tail{first: r.Last.Seq + 1, baseEpoch: r.Last.Epoch}
	}
	if before != Primary {
		// What came from the last primary may not be on the other backups yet, and how many of them it wanted is not known.
		everything := Need{Seq: r.Last.Seq, Backups: cluster.MaxBackups}
		for i := range r.marks {
			r.marks[i] = everything
		}
		r.all = everything
	}
}

// Append numbers an effect on the primary. hashed effects concern one key.
func (r *Replica) Append(effect []byte, sync uint8, hash uint32, hashed bool) Need {
	r.Last = Position{Seq: r.Last.Seq + 1, Epoch: r.Epoch}
	need := Need{Seq: r.Last.Seq, Backups: sync}
	if len(r.Peers) == 0 { // nobody will be levelled from the tail: a backup that comes has nothing, and is copied
		r.tail.reset(r.Last.Seq, r.Epoch)
		r.mark(&r.alone, need)
		r.mark(&r.all, need)
		return need
	}
	r.tail.append(r.Epoch, effect)
	if hashed {
		r.mark(&r.marks[hash%buckets], need)
	} else {
		for i := range r.marks {
			r.mark(&r.marks[i], need)
		}
	}
	r.mark(&r.all, need)
	return need
}

// mark replaces what a bucket waits for; what is confirmed already does not count any more. Where structures with different
// counts meet in a bucket, reads wait for the larger one.
func (r *Replica) mark(m *Need, need Need) {
	switch {
	case need.Backups == 0: // nobody waits for it
	case r.Confirmed(*m):
		*m = need
	default:
		m.Join(need)
	}
}

// SawKey is what a read of a key waits for, SawAll a read of more. When all effects are confirmed it waits for nothing: that
// is known without a look at the buckets, which are two kilobytes a partition.
func (r *Replica) SawKey(hash uint32) Need {
	if r.Confirmed(r.all) {
		return Need{}
	}
	need := r.marks[hash%buckets]
	if !r.Confirmed(r.alone) {
		need.Join(r.alone)
	}
	return need
}

// SawAll is what a read of more than single keys waits for.
func (r *Replica) SawAll() Need { return r.all }

// Confirmed tells whether as many backups as a need asks for, the first in sync by index, have acknowledged it. Only where the
// table has fewer in sync, those count that have caught up and are not in sync by the table yet.
func (r *Replica) Confirmed(n Need) bool {
	left := n.Backups
	for i := 0; left > 0 && i < len(r.Peers); i++ {
		if p := &r.Peers[i]; p.InSync {
			if p.Acked < n.Seq {
				return false
			}
			left--
		}
	}
	for i := 0; left > 0 && i < len(r.Peers); i++ {
		if p := &r.Peers[i]; p.Awaited && !p.InSync {
			if p.Acked < n.Seq {
				return false
			}
			left--
		}
	}
	return true
}

// Level tells whether every backup in sync has everything from before the installed assignment: what was confirmed by backups
// that were first until then is on all of them.
func (r *Replica) Level() bool {
	for i := range r.Peers {
		if p := &r.Peers[i]; p.InSync && p.Acked < r.begun {
			return false
		}
	}
	return r.Role == Primary
}

// Peer returns the peer with that id, or nil.
func (r *Replica) Peer(id cluster.MemberID) *Peer {
	for i := range r.Peers {
		if r.Peers[i].Member == id {
			return &r.Peers[i]
		}
	}
	return nil
}

// Ack notes an acknowledgement, and tells whether that peer has caught up by it.
func (r *Replica) Ack(p *Peer, seq uint64) (caughtUp bool) {
	p.Acked = max(p.Acked, min(seq, r.Last.Seq))
	if !p.Awaited && p.Streaming && p.Transfer == 0 && p.Acked == r.Last.Seq {
		p.Awaited = true
		return !p.InSync
	}
	return false
}

// Waits notes that some time has passed, in ms, and returns for how long a peer has got no further although something is owed. What
// it says does not count, only what it has: a backup that hears nothing may be heard.
func (r *Replica) Waits(p *Peer, passed int64) int64 {
	owes := !p.Streaming || (p.Transfer == 0 && p.Acked < r.Last.Seq) // a transfer that is not asked for more ends, see package partition
	if p.Stuck += passed; !owes || p.Acked > p.Reached {
		p.Reached, p.Stuck = max(p.Reached, p.Acked), 0
	}
	return p.Stuck
}

// Lagging tells whether a streaming peer has acknowledged nothing since the
// last call although something is owed: a frame to it may have been dropped.
func (r *Replica) Lagging(p *Peer) bool {
	stands := p.Streaming && p.Transfer == 0 && p.Acked < r.Last.Seq && p.Acked == p.Noted
	p.Noted = p.Acked
	return stands && len(r.tail.entries) > 0
}

// Levels tells whether a peer at that position can be levelled from the tail; one in doubt cannot.
func (r *Replica) Levels(at Position) bool {
	return at.Seq != nowhere && r.tail.reaches(at.Seq, at.Epoch)
}

// Position is what a replica says when it is asked how far it is.
func (r *Replica) Position() Position {
	if r.Doubtful {
		return Position{Seq: nowhere}
	}
	return r.Last
}

// Recent returns an effect of the tail, between a position that Levels accepted and Last.
func (r *Replica) Recent(seq uint64) (epoch uint64, effect []byte) { return r.tail.at(seq) }

// Verdict is what a backup does with an effect.
type Verdict uint8

// The verdicts.
const (
	// Apply it; it is the next one.
	Apply Verdict = iota
	// Known already: acknowledge again.
	Known
	// Gap: something is missing before it.
	Gap
	// Stale: its epoch has been superseded; refuse it.
	Stale
	// Ignore: it is not from the primary that this backup follows, or that has not
	// confirmed our position yet.
	Ignore
)

// Judge says what to do with effect seq sent by a primary in an epoch.
func (r *Replica) Judge(from cluster.MemberID, epoch, seq uint64) Verdict {
	// The primary of the installed assignment may not have installed it yet, and
	// speak in an older epoch; it is superseded only once a promotion is under way.
	superseded := epoch < r.Promised && (from != r.Source || r.Promised > r.Epoch)
	switch {
	case superseded && r.Role != None:
		return Stale
	case r.Role != Backup || from != r.Source || !r.Established:
		return Ignore
	case seq <= r.Last.Seq:
		return Known
	case seq > r.Last.Seq+1:
		return Gap
	default:
		return Apply
	}
}

// Applied notes that a backup has applied the next effect.
func (r *Replica) Applied(made uint64, effect []byte) {
	r.Last = Position{Seq: r.Last.Seq + 1, Epoch: made}
	r.tail.append(made, effect)
}

// Adopt sets the position that a transfer has brought.
func (r *Replica) Adopt(at Position) {
	r.Last, r.Doubtful = at, false
	r.tail.reset(at.Seq, at.Epoch)
}
