package partition

import (
	"errors"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// Frames between replicas. Each begins with its kind, the partition and the
// sender's epoch for it. Numbers are part of the member protocol: append only.
const (
	frameEffect   = 1  // Effects: number, epoch that made it, the effect
	frameAck      = 2  // Effects: number
	framePosition = 3  // Effects: number, epoch that made it
	frameStream   = 4  // Effects: the position is a prefix; what is missing follows [; the number up to which that is no write of late]
	frameRefuse   = 5  // Effects: the epoch that the backup has promised
	frameTransfer = 6  // Effects: transfer id, number and epoch it starts at
	frameChunk    = 7  // Bulk: transfer id, kind, name, effects
	frameComplete = 8  // Bulk: transfer id
	frameMore     = 9  // Bulk: transfer id: the receiver has room for the next chunk
	frameAsk      = 10 // Effects: the primary asks for the position
	frameCopied   = 11 // Effects: transfer id: the copy is in its place; acknowledgements follow
	frameCompare  = 12 // Effects: position, kind, name, range of cursors, the primary's sum of it at that position
)

var (
	errUnknownKind  = errors.New("partition: effect of an unknown kind")
	errUnknownFrame = errors.New("partition: unknown frame")
)

// roomReserve is what must be free in the link to every backup before an
// operation may run: more than one operation's effects usually take. A larger one
// still fits, since the link takes a frame whole when there is any room.
const roomReserve = 1 << 20

// room tells whether the links to all streaming backups have room, and this member has for answers that wait for acknowledgements.
func (p *Partition) room() bool {
	if p.grid.holding.Load() > holdTotal {
		return false
	}
	for i := range p.rep.Peers {
		peer := &p.rep.Peers[i]
		if peer.Streaming && p.grid.hub.Room(peer.Member, link.Effects) < roomReserve {
			// A broken lane has no room either, but there nothing can pile up.
			if p.grid.hub.Room(peer.Member, link.Effects) > 0 {
				return false
			}
		}
	}
	return true
}

// frame begins a frame in the partition's scratch buffer; sendFrame ends it.
func (p *Partition) frame(kind byte, epoch uint64) []byte {
	b := append(p.out[:0], kind)
	b = packed.AppendUvarint(b, uint64(p.id))
	return packed.AppendUint64(b, epoch)
}

func (p *Partition) sendFrame(to cluster.MemberID, lane link.Lane, b []byte) bool {
	p.out = b
	return p.grid.hub.Send(to, lane, b) // what is not sent is asked for by position
}

// send gives an effect to all streaming backups.
func (p *Partition) send(at replica.Position, effect []byte) {
	for i := range p.rep.Peers {
		if peer := &p.rep.Peers[i]; peer.Streaming {
			p.sendEffect(peer, at, effect)
		}
	}
}

func (p *Partition) sendEffect(peer *replica.Peer, at replica.Position, effect []byte) {
	b := p.frame(frameEffect, p.rep.Epoch)
	b = packed.AppendUint64(b, at.Seq)
	b = packed.AppendUint64(b, at.Epoch)
	b = append(b, effect...)
	p.sendFrame(peer.Member, link.Effects, b)
}

// handle takes a frame of another replica. The lock is held.
func (p *Partition) handle(from cluster.MemberID, kind byte, epoch uint64, r *packed.Reader) error {
	switch kind {
	case frameEffect:
		return p.onEffect(from, epoch, replica.Position{Seq: r.Uint64(), Epoch: r.Uint64()}, r)
	case frameAck:
		p.onAck(from, epoch, r.Uint64())
	case framePosition:
		p.onPosition(from, epoch, replica.Position{Seq: r.Uint64(), Epoch: r.Uint64()})
	case frameStream:
		p.onStream(from, epoch, r)
	case frameRefuse:
		p.onRefuse(from, r.Uint64())
	case frameTransfer:
		p.onTransfer(from, epoch, r.Uint64(), replica.Position{Seq: r.Uint64(), Epoch: r.Uint64()})
	case frameChunk:
		return p.onChunk(from, r)
	case frameComplete:
		return p.onComplete(from, r.Uint64())
	case frameCopied:
		p.onCopied(from, r.Uint64())
	case frameAsk:
		p.onAsk(from, epoch)
	case frameMore:
		p.onMore(from, r.Uint64())
	case frameCompare:
		return p.onCompare(from, replica.Position{Seq: r.Uint64(), Epoch: r.Uint64()}, r)
	default:
		return errUnknownFrame
	}
	return r.Err()
}

func (p *Partition) onEffect(from cluster.MemberID, epoch uint64, at replica.Position, r *packed.Reader) error {
	if r.Err() != nil {
		return r.Err()
	}
	if p.receiving != nil && from == p.rep.Source {
		p.receiving.keep(at, r.Rest(), &p.grid.pending)
		return nil
	}
	switch p.rep.Judge(from, epoch, at.Seq) {
	case replica.Apply:
		if err := p.apply(at.Seq, r.Rest()); err != nil {
			return err
		}
		p.rep.Applied(at.Epoch, r.Rest())
		p.ackDue = true
	case replica.Known:
		p.ackDue = true
	case replica.Gap:
		p.tellPosition()
	case replica.Stale:
		b := p.frame(frameRefuse, epoch)
		p.sendFrame(from, link.Effects, packed.AppendUint64(b, p.rep.Promised))
	case replica.Ignore:
	}
	return nil
}

// acknowledge sends the acknowledgement that is due.
func (p *Partition) acknowledge() {
	p.ackDue = false
	if p.rep.Role == replica.Backup && p.rep.Established {
		b := p.frame(frameAck, p.rep.Epoch)
		p.sendFrame(p.rep.Source, link.Effects, packed.AppendUint64(b, p.rep.Last.Seq))
	}
}

// onCopied ends a transfer.
func (p *Partition) onCopied(from cluster.MemberID, id uint64) {
	if peer := p.rep.Peer(from); peer != nil && peer.Transfer == id {
		peer.Transfer = 0
		p.stopSending(from)
	}
}

func (p *Partition) onAck(from cluster.MemberID, epoch, seq uint64) {
	peer := p.rep.Peer(from)
	if p.rep.Role != replica.Primary || peer == nil || !peer.Streaming || peer.Transfer != 0 || epoch < peer.Since {
		return
	}
	if p.rep.Ack(peer, seq) {
		p.report(CaughtUp, from)
	}
	p.release()
	p.tellLevel()
	if len(p.stalled.items) > 0 && !p.stalls && p.room() {
		p.unstall()
	}
}

// tellPosition asks the primary for what is missing.
func (p *Partition) tellPosition() {
	if p.rep.Role != replica.Backup || p.rep.Source.IsZero() {
		return
	}
	p.rep.Established = false
	p.asked = p.grid.now()
	at := p.rep.Position()
	b := p.frame(framePosition, p.rep.Epoch)
	b = packed.AppendUint64(b, at.Seq)
	p.sendFrame(p.rep.Source, link.Effects, packed.AppendUint64(b, at.Epoch))
}

// onPosition levels a backup: from the tail when that reaches back far
// enough, otherwise by a transfer. One that begins with nothing gets a transfer too: that tells what was written of late
// (Recalling), while old effects of the tail would count as that.
//
// A position of an earlier epoch may be that of a replica that is gone; it will be told anew.
func (p *Partition) onPosition(from cluster.MemberID, epoch uint64, at replica.Position) {
	peer := p.rep.Peer(from)
	if p.rep.Role != replica.Primary || peer == nil || epoch < p.rep.Epoch {
		return
	}
	p.stopSending(from)
	peer.Transfer, peer.Streaming, peer.Since, peer.Acked = 0, true, epoch, 0
	begins := at == replica.Position{} && !peer.InSync && p.rep.Last.Seq > 0
	if begins || !p.rep.Levels(at) {
		p.copyAnew(peer)
		return
	}
	p.sendFrame(from, link.Effects, packed.AppendUint64(p.frame(frameStream, p.rep.Epoch), p.old))
	for seq := at.Seq + 1; seq <= p.rep.Last.Seq; seq++ {
		made, effect := p.rep.Recent(seq)
		p.sendEffect(peer, replica.Position{Seq: seq, Epoch: made}, effect)
	}
	if p.rep.Ack(peer, at.Seq) {
		p.report(CaughtUp, from)
	}
	p.release()
}

// askPosition asks a backup whose position is unknown. It may believe that it is followed: it has not seen
// every assignment in between, or a connection broke on one side sooner than on the other.
func (p *Partition) askPosition(peer *replica.Peer) {
	p.sendFrame(peer.Member, link.Effects, p.frame(frameAsk, p.rep.Epoch))
}

func (p *Partition) onAsk(from cluster.MemberID, epoch uint64) {
	if p.rep.Role == replica.Backup && from == p.rep.Source && epoch >= p.rep.Epoch {
		p.dropReceiving()
		p.tellPosition()
	}
}

func (p *Partition) onStream(from cluster.MemberID, epoch uint64, r *packed.Reader) {
	old := uint64(0)
	if r.Len() > 0 {
		old = r.Uint64()
	}
	if r.Err() == nil && p.rep.Role == replica.Backup && from == p.rep.Source && epoch >= p.rep.Epoch {
		p.dropReceiving()
		p.rep.Established, p.asked, p.old = true, 0, old
		p.ackDue = true
	}
}

// onRefuse stops a primary that a backup knows to be superseded, until its own table says so, too.
func (p *Partition) onRefuse(_ cluster.MemberID, promised uint64) {
	if p.rep.Role == replica.Primary && promised > p.rep.Epoch {
		p.stalls = true
		p.report(Superseded, cluster.MemberID{})
	}
}

// laneDown forgets streams over a broken connection.
func (p *Partition) laneDown(peer cluster.MemberID, lane link.Lane) {
	if s := p.rep.Peer(peer); s != nil && (lane == link.Effects || s.Transfer != 0) {
		s.Streaming = false
	}
	if p.receiving != nil && peer == p.rep.Source {
		p.dropReceiving()
		p.tellPosition()
	}
	p.stopSending(peer)
}

// laneUp starts a stream over a new connection.
func (p *Partition) laneUp(peer cluster.MemberID, lane link.Lane) {
	if lane == link.Effects && p.rep.Role == replica.Backup && p.rep.Source == peer {
		p.dropReceiving()
		p.tellPosition()
	}
}

func (p *Partition) stopSending(to cluster.MemberID) {
	p.sending = slices.DeleteFunc(p.sending, func(s sending) bool { return s.to == to })
}
