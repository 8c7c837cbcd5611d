package partition

import (
	"slices"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// A transfer copies a whole partition to a backup: its fragments, as effects,
// in chunks over the bulk lane, while the effects made meanwhile go their usual way
// and wait at the receiver until the chunks are there. Effects carry whole states, so it
// does no harm that a chunk may already show what a later effect brings.
const (
	// chunkBytes is what one step under the lock takes: copying it is well under 200 µs.
	chunkBytes = 64 << 10
	// pendingBytes bounds the effects that wait at a receiver for the rest of one copy, pendingTotal for all copies; beyond it
	// the transfer starts again.
	pendingBytes = 64 << 20
	pendingTotal = 256 << 20
	// chunksAhead chunks are on their way at a time. All the partitions that move at a time (64, package migration) may do so
	// between two members, and a chunk that the lane does not take ends its transfer: with 2 they take half of the bulk lane's
	// 16 MiB, with 4 all of it. While 1 GB moved, a client's write stood still for 310 to 620 ms with 4, for 50 to 70 with 2.
	chunksAhead = 2
	// transferPatience is how long a receiver waits for a chunk, in ms, before it begins anew:
	// what it asked for may have been lost while the bulk lane was not up yet.
	transferPatience = 1000
	// roomAgain is how long a receiver without memory for a copy waits, in ms, before it asks again.
	roomAgain = 5000
)

// sending is a transfer at its primary.
type sending struct {
	id     uint64
	to     cluster.MemberID
	kind   Kind
	names  []string // of kind, that are still to come
	cursor uint64
	done   bool
	heard  int64 // when the receiver last asked for more, in ms of cluster time
}

// receiving is a transfer at the backup.
type receiving struct {
	id        uint64
	start     replica.Position
	fragments [Kinds]map[string]Fragment
	next      uint64 // the number of the next effect to keep
	pending   []byte
	overflow  bool
	heard     int64 // when something last came, in ms of cluster time
}

// copyAnew gives a backup the whole partition. It is not in sync from now on: the primary takes no acknowledgement until it
// has been copied, and the coordinator hears of it.
func (p *Partition) copyAnew(peer *replica.Peer) {
	if peer.InSync {
		p.report(FellBehind, peer.Member)
	}
	p.stopSending(peer.Member)
	p.startSending(peer)
}

func (p *Partition) startSending(peer *replica.Peer) {
	s := sending{id: p.grid.transferID.Add(1), to: peer.Member, heard: p.grid.now()}
	peer.Transfer, peer.Acked = s.id, 0
	if !peer.InSync {
		peer.Awaited = false
	}
	p.sending = append(p.sending, s)
	b := p.frame(frameTransfer, p.rep.Epoch)
	b = packed.AppendUint64(b, s.id)
	b = packed.AppendUint64(b, p.rep.Last.Seq)
	p.sendFrame(peer.Member, link.Effects, packed.AppendUint64(b, p.rep.Last.Epoch))
}

// onMore sends the next chunk.
func (p *Partition) onMore(to cluster.MemberID, id uint64) {
	i := slices.IndexFunc(p.sending, func(s sending) bool { return s.to == to && s.id == id })
	if i < 0 || p.sending[i].done {
		return
	}
	s := &p.sending[i]
	s.heard = p.grid.now()
	for len(s.names) == 0 && s.kind < Kinds-1 {
		s.kind++
		s.names = p.names(s.kind)
	}
	if len(s.names) == 0 {
		s.done = true
		p.sendBulk(to, packed.AppendUint64(p.frame(frameComplete, p.rep.Epoch), id))
		return
	}
	b := p.frame(frameChunk, p.rep.Epoch)
	b = packed.AppendUint64(b, id)
	b = append(b, byte(s.kind))
	b = packed.AppendString(b, s.names[0])
	done := true
	if f := p.fragments[s.kind][s.names[0]]; f != nil {
		emit := func(effect []byte) { b = packed.AppendBytes(b, effect) }
		s.cursor, done = f.Snapshot(s.cursor, chunkBytes, emit)
		if f, ok := f.(Recalling); ok && done {
			f.Recalled(emit)
		}
	}
	if done {
		s.names, s.cursor = s.names[1:], 0
	}
	p.sendBulk(to, b)
}

// endSilentTransfers gives up transfers whose receiver has not asked for more in time; it is
// asked for its position anew.
func (p *Partition) endSilentTransfers(now int64) {
	for i := range p.rep.Peers {
		peer := &p.rep.Peers[i]
		silent := func(s sending) bool { return s.to == peer.Member && now-s.heard > 3*transferPatience }
		if peer.Transfer != 0 && slices.ContainsFunc(p.sending, silent) {
			p.stopSending(peer.Member)
			peer.Streaming = false
		}
	}
}

// sendBulk sends a part of a transfer. One that the lane does not take ends the transfer: the backup is asked for its
// position anew.
func (p *Partition) sendBulk(to cluster.MemberID, b []byte) {
	if p.sendFrame(to, link.Bulk, b) {
		return
	}
	p.stopSending(to)
	if peer := p.rep.Peer(to); peer != nil {
		peer.Streaming = false
	}
}

// names returns the names of a kind's fragments, in order.
func (p *Partition) names(kind Kind) []string {
	if len(p.fragments[kind]) == 0 {
		return nil
	}
	if p.sorted[kind] == nil {
		p.sorted[kind] = sortedNames(p.fragments[kind])
	}
	return p.sorted[kind]
}

func (p *Partition) onTransfer(from cluster.MemberID, epoch, id uint64, start replica.Position) {
	if p.rep.Role != replica.Backup || from != p.rep.Source {
		return
	}
	if epoch < p.rep.Epoch {
		p.rep.Established = false // the primary believes that this replica is nothing yet: tell it again
		return
	}
	p.dropReceiving()
	if p.grid.memory != nil && !p.grid.memory() {
		p.asked = p.grid.now() + roomAgain
		return
	}
	p.asked = 0
	p.receiving = &receiving{id: id, start: start, next: start.Seq + 1, heard: p.grid.now()}
	// Only now are chunks asked for: one sent unasked could overtake this frame, which
	// came over another connection.
	for range chunksAhead {
		p.askMore(from, id)
	}
}

func (p *Partition) askMore(from cluster.MemberID, id uint64) {
	p.sendFrame(from, link.Bulk, packed.AppendUint64(p.frame(frameMore, p.rep.Epoch), id))
}

func (p *Partition) dropReceiving() {
	if p.receiving == nil {
		return
	}
	for kind := range p.receiving.fragments {
		for _, name := range sortedNames(p.receiving.fragments[kind]) {
			p.receiving.fragments[kind][name].Release()
		}
	}
	p.receiving.forget(&p.grid.pending)
	p.receiving = nil
}

func (p *Partition) onChunk(from cluster.MemberID, r *packed.Reader) error {
	id, kind, name := r.Uint64(), Kind(r.Byte()), r.String()
	in := p.receiving
	if r.Err() != nil || in == nil || in.id != id || from != p.rep.Source {
		return r.Err()
	}
	if kind == KindNone || kind >= Kinds || p.grid.structures[kind] == nil {
		return errUnknownKind
	}
	if p.grid.memory != nil && !p.grid.memory() {
		p.dropReceiving()
		p.asked = p.grid.now() + roomAgain
		return nil
	}
	f := in.fragments[kind][name]
	if f == nil {
		f = p.grid.structures[kind].NewFragment(p.id, name)
		if in.fragments[kind] == nil {
			in.fragments[kind] = map[string]Fragment{}
		}
		in.fragments[kind][name] = f
	}
	for r.Len() > 0 {
		effect := r.Bytes()
		if r.Err() != nil {
			return r.Err()
		}
		if err := f.Apply(effect); err != nil {
			return err
		}
	}
	in.heard = p.grid.now()
	p.askMore(from, id)
	return nil
}

// keep holds an effect back that was made during the transfer.
func (in *receiving) keep(at replica.Position, effect []byte, total *atomic.Int64) {
	if at.Seq != in.next || in.overflow {
		// Duplicates of the time before are of no use; a gap shows at the end.
		in.overflow = in.overflow || at.Seq > in.next
		return
	}
	in.next++
	before := len(in.pending)
	in.pending = packed.AppendUint64(in.pending, at.Epoch)
	in.pending = packed.AppendBytes(in.pending, effect)
	if total.Add(int64(len(in.pending)-before)) > pendingTotal || len(in.pending) > pendingBytes {
		in.overflow = true
		in.forget(total)
	}
}

// forget gives back the room of what was kept; total is that of all copies.
func (in *receiving) forget(total *atomic.Int64) {
	total.Add(-int64(len(in.pending)))
	in.pending = nil
}

// onComplete puts the copy in the place of what was there before.
func (p *Partition) onComplete(from cluster.MemberID, id uint64) error {
	in := p.receiving
	if in == nil || in.id != id || from != p.rep.Source {
		return nil
	}
	if in.overflow {
		p.dropReceiving()
		p.tellPosition()
		return nil
	}
	p.clear()
	p.fragments, p.receiving = in.fragments, nil
	clear(p.sorted[:])
	p.last.fragment = nil
	p.rep.Adopt(in.start)
	defer in.forget(&p.grid.pending)
	r := packed.NewReader(in.pending)
	for r.Len() > 0 {
		made, effect := r.Uint64(), r.Bytes()
		if err := p.apply(p.rep.Last.Seq+1, effect); err != nil {
			return err
		}
		p.rep.Applied(made, effect)
	}
	p.rep.Established = true
	p.asked = 0
	p.sendFrame(from, link.Effects, packed.AppendUint64(p.frame(frameCopied, p.rep.Epoch), id))
	p.ackDue = true
	return nil
}
