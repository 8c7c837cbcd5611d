package gateway

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/wire"
)

// maxPeerBytes bounds what gathers for a peer whose lane is full or whose lease is in doubt: beyond it events are
// dropped and counted; answers get through. Beyond ladenPeer, reads are handed back instead: what is on the lane is enough.
const (
	maxPeerBytes = 64 << 20
	ladenPeer    = 8 << 20
)

// maxPeerKept is how large an output buffer is kept for the next answers.
const maxPeerKept = 1 << 20

// peer is another member's gateway. It is the Answerer of the requests that this one has sent here: their tokens are
// its call ids.
type peer struct {
	g  *Gateway
	id cluster.MemberID
	// request, tx and scratch are used by the lane's reader only.
	request partition.Request
	tx      partition.Tx
	scratch []byte
	// laden: what waits for the peer is as much as may.
	laden bool
	up    atomic.Bool // the lane is connected

	mu struct {
		sync.Mutex
		// out holds frames that were not given to the hub, each behind its length.
		out                []byte
		attended, flushing bool
		// heard are the listeners that the peer has here.
		heard []event.Registration
	}
	// run is flush for Options.Run.
	run func()
}

// begin starts a frame in the output; p.mu is held until end.
func (p *peer) begin(kind byte) []byte {
	p.mu.Lock()
	return append(p.mu.out, 0, 0, 0, 0, kind)
}

// end finishes a frame that was begun when the output had the length at. It wakes a worker unless the
// lane's reader is about to flush.
func (p *peer) end(at int, out []byte) {
	binary.LittleEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	p.mu.out = out
	wake := !p.mu.attended && !p.mu.flushing
	p.mu.Unlock()
	if wake {
		p.g.Run(p.run)
	}
}

// Answer implements partition.Answerer.
func (p *peer) Answer(q *partition.Request, body []byte) {
	if len(body) > p.g.maxForwarded {
		body = appendFault(nil, 0, fmt.Errorf("%w: answer of %d bytes, at most %d pass between members",
			fault.ErrMaxMessageSizeExceeded, len(body), p.g.maxForwarded))
	}
	out := p.begin(frameAnswer)
	at := len(out) - 5
	out = packed.AppendUvarint(out, q.Token)
	p.end(at, append(out, body...))
}

// Keep implements partition.Answerer: its requests have their tokens from the beginning.
func (*peer) Keep(*partition.Request) {}

// Reroute implements partition.Answerer: whoever is nearest to the client sends the request again.
func (p *peer) Reroute(q *partition.Request) {
	out := p.begin(frameElsewhere)
	at := len(out) - 5
	out = packed.AppendUvarint(out, q.Token)
	out = packed.AppendUint32(out, uint32(q.Table))
	p.end(at, packed.AppendVarint(out, q.Deadline))
}

// Deliver implements event.Sink for the listeners that the peer has here.
func (p *peer) Deliver(registration cluster.UUID, e *event.Event) {
	out := p.begin(frameEvent)
	if len(out) > maxPeerBytes || len(e.Key)+len(e.Value)+len(e.OldValue) > p.g.maxForwarded {
		p.mu.Unlock()
		p.g.counters.droppedEvents.Inc()
		return
	}
	p.end(len(out)-5, appendEvent(out, registration, e))
}

// tell sends a frame that needs no answer.
func (p *peer) tell(kind byte, body []byte) {
	out := p.begin(kind)
	p.end(len(out)-5, append(out, body...))
}

// flush gives the output to the hub, as far as that takes it and this member may answer. The lease is looked
// at after the operations ran whose answers are sent.
func (p *peer) flush() {
	p.mu.Lock()
	if p.mu.flushing || len(p.mu.out) == 0 {
		p.mu.Unlock()
		return
	}
	p.mu.flushing = true
	for {
		out := p.mu.out
		p.mu.out = nil
		p.mu.Unlock()
		var rest []byte
		if rest = out; p.g.Cluster.LeaseValid() {
			rest = p.send(out)
		}
		p.mu.Lock()
		if len(rest) > 0 {
			p.mu.out = append(rest, p.mu.out...)
			break
		}
		if len(p.mu.out) == 0 {
			if cap(out) <= maxPeerKept {
				p.mu.out = out[:0]
			}
			break
		}
	}
	p.mu.flushing = false
	p.mu.Unlock()
}

// send gives frames to the hub and returns those that it did not take.
func (p *peer) send(out []byte) []byte {
	for len(out) > 0 {
		end := 4 + int(binary.LittleEndian.Uint32(out))
		if !p.g.Hub.Send(p.id, lane, out[4:end]) {
			return out
		}
		out = out[end:]
	}
	return nil
}

// reset forgets everything about a connection that is gone: its calls come again, and so do its listeners.
func (p *peer) reset() {
	p.mu.Lock()
	p.mu.out, p.mu.attended = nil, false
	heard := p.mu.heard
	p.mu.heard = nil
	p.mu.Unlock()
	for i := range heard {
		p.g.Events.Remove(heard[i].Service, heard[i].Name, heard[i].ID)
	}
}

// idle is called when the lane's input has run dry.
func (p *peer) idle() {
	p.mu.Lock()
	p.mu.attended = false
	p.mu.Unlock()
	p.flush()
}

// attend says that idle will be called. A batch of requests whose answers are large does not gather them until then, and when
// the peer does not take them, those that can be done later are.
func (p *peer) attend() {
	p.mu.Lock()
	p.mu.attended = true
	waits := len(p.mu.out)
	p.mu.Unlock()
	if waits > maxPeerKept {
		p.flush()
		p.mu.Lock()
		waits = len(p.mu.out)
		p.mu.Unlock()
	}
	p.laden = waits > ladenPeer
}

// frame takes one frame.
func (p *peer) frame(frame []byte) error {
	p.attend()
	r := packed.NewReader(frame)
	switch kind := r.Byte(); kind {
	case frameCall:
		return p.onCall(&r)
	case frameCalls:
		return p.onCalls(&r)
	case frameAnswer:
		if id := r.Uvarint(); r.Err() == nil {
			p.g.forward.answered(p.id, id, r.Rest())
		}
	case frameElsewhere:
		if id, table, deadline := r.Uvarint(), int32(r.Uint32()), r.Varint(); r.Err() == nil {
			p.g.forward.elsewhere(p.id, id, table, deadline)
		}
	case frameAsk:
		return p.onAsk(&r)
	case frameEvent:
		if id, e := readEvent(&r); r.Err() == nil {
			p.g.listeners.deliver(id, &e)
		}
	case framePresent:
		return p.g.presence.present(p.id, &r)
	case frameAbsent:
		var client cluster.UUID
		if copy(client[:], r.Take(len(client))); r.Err() == nil {
			p.g.presence.absent(p.id, client)
		}
	case frameLost:
		return p.g.onLost(&r)
	case frameMigration:
		return p.g.onMigration(&r)
	default:
		return fmt.Errorf("%w: kind %d", errFrame, kind)
	}
	return r.Err()
}

// onCall runs a request of the peer's clients.
func (p *peer) onCall(r *packed.Reader) error {
	q := &p.request
	*q = partition.Request{Answerer: p, Runner: p.g.runner}
	if err := readCall(r, q); err != nil {
		return err
	}
	if h := p.g.find(wire.Message(q.Message).Type()); p.laden && h != nil && h.access == protection.Reads {
		p.Reroute(q) // it comes again
		return nil
	}
	p.scratch = p.make(&p.tx, q, p.scratch)
	return nil
}

// make runs a request, with room for its answer: without, every partition that was asked would keep such room.
func (p *peer) make(tx *partition.Tx, q *partition.Request, room []byte) []byte {
	answer, answered := p.g.Grid.Run(tx, q, room[:0])
	if answered {
		p.Answer(q, answer)
	}
	if cap(answer) > maxPeerKept {
		return nil
	}
	return answer
}

// onCalls runs a request on many partitions, on a worker.
func (p *peer) onCalls(r *packed.Reader) error {
	q := partition.Request{Answerer: p, Runner: p.g.runner}
	ids, err := readCalls(r, &q)
	if err != nil {
		return err
	}
	q.Message = slices.Clone(q.Message)
	p.g.Run(func() {
		var room []byte
		var tx partition.Tx
		for i, id := range ids {
			each := q
			each.Partition, each.Token = id, q.Token+uint64(i)
			room = p.make(&tx, &each, room)
		}
	})
	return nil
}
