package gateway

import (
	"fmt"
	"time"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// What becomes of the answers to a listing's steps, and how it ends.

// Answer implements partition.Answerer.
func (l *listing) Answer(q *partition.Request, body []byte) {
	l.take(int(q.Token), body)
	l.g.Run(l.run)
}

// take takes the answer to a step.
func (l *listing) take(i int, body wire.Message) {
	l.mu.Lock()
	p := &l.mu.parts[i]
	l.mu.under--
	l.mu.asked -= p.room
	switch items, err := itemsOf(body); {
	case l.mu.state == over:
	case isFault(body), err != nil:
		l.fail(i, body, err)
	default:
		p.failing = 0
		if next := body.CorrelationID(); next == 0 {
			l.mu.left--
			p.message = nil
		} else {
			p.cursor, p.room = next, l.roomAfter(p.room, len(items))
			l.mu.todo = append(l.mu.todo, i)
		}
		l.put(items)
	}
	ended := l.ended()
	l.mu.Unlock()
	if ended {
		l.end()
	}
}

// roomAfter is what the step after one may bring that had so much room and has brought so much.
func (l *listing) roomAfter(room, brought int) int {
	switch {
	case brought > 0 || room == alone:
		return l.step
	case room < l.step:
		return l.step
	}
	return alone // the next entry is larger than a step
}

// put passes items on. l.mu is held.
func (l *listing) put(items []byte) {
	s, last := l.reply.s, l.mu.left == 0
	if l.mu.state != streaming {
		l.mu.items = append(l.mu.items, items...)
	}
	switch {
	case l.mu.state == streaming:
		if !s.stream(items) {
			l.finish()
		} else if last {
			s.endStream()
			l.reply.h.latency.Observe(l.g.Clock() - l.reply.start)
			l.finish()
		}
	case l.mu.state == gathering && last:
		list := l.mu.items
		l.reply.send(func(dst []byte, correlation int64) []byte {
			return appendListEnd(append(appendListHead(dst, l.reply.h, correlation), list...))
		})
		l.finish()
	case l.mu.state == gathering && len(l.mu.items) > l.window/2:
		l.mu.state = liningUp
		l.granted()
	}
}

// granted begins the answer if no other is being given; else the session calls lineUp when that is over. l.mu is held.
func (l *listing) granted() {
	if !l.reply.s.beginStream(l) {
		return
	}
	items := l.mu.items
	l.mu.state, l.mu.items = streaming, nil
	l.put(items)
}

// lineUp is called by the session when the stream before this one has ended.
func (l *listing) lineUp() {
	l.mu.Lock()
	waits := l.mu.state == liningUp
	if waits {
		l.granted()
	}
	l.mu.Unlock()
	if !waits {
		l.reply.s.nextStream()
		return
	}
	l.settle()
	l.pump()
}

// fail deals with a step that failed. l.mu is held.
func (l *listing) fail(i int, body wire.Message, err error) {
	p := &l.mu.parts[i]
	if l.mu.state != streaming {
		if err != nil {
			l.reply.fail(err)
		} else {
			l.reply.body(body)
		}
		l.finish()
		return
	}
	now := l.g.Clock()
	if p.failing == 0 {
		p.failing = p.asked
	}
	if now-p.failing < l.g.Limits.CallTimeout && !l.reply.s.gone() {
		l.mu.later = append(l.mu.later, i)
		return
	}
	l.reply.h.errors.Inc()
	l.reply.s.Close(fmt.Errorf("%w: %s, partition %d: %s", errCut, l.reply.h.info.Name, p.id, faultText(body, err)))
	l.finish()
}

// finish is the end of the answer; steps may still be under way. l.mu is held.
func (l *listing) finish() {
	l.mu.state = over
	l.mu.items, l.mu.todo, l.mu.later = nil, nil, nil
	for i := range l.mu.parts {
		l.mu.parts[i].message = nil
	}
}

// abandon is called by the session when it has ended: nobody wants the answer any more.
func (l *listing) abandon() {
	l.mu.Lock()
	if l.mu.state != over {
		l.finish()
	}
	l.mu.Unlock()
	l.settle()
}

// settle ends a listing that is over and waits for nothing.
func (l *listing) settle() {
	l.mu.Lock()
	ended := l.ended()
	l.mu.Unlock()
	if ended {
		l.end()
	}
}

// ended tells, once, that the listing is over and waits for nothing. l.mu is held.
func (l *listing) ended() bool {
	ended := l.mu.state == over && l.mu.under == 0 && !l.mu.ended
	l.mu.ended = l.mu.ended || ended
	return ended
}

// end gives back what the listing has taken.
func (l *listing) end() {
	l.g.forward.fans.leave(l.bytes)
	l.reply.s.fanned.Add(-int64(l.bytes))
	l.reply.s.endList(l)
}

// again asks parts again that have failed.
func (l *listing) again() {
	l.mu.Lock()
	l.mu.todo = append(l.mu.todo, l.mu.later...)
	l.mu.later = nil
	l.mu.Unlock()
	l.pump()
}

// Keep implements partition.Answerer: its requests have their tokens from the beginning.
func (*listing) Keep(*partition.Request) {}

// Reroute implements partition.Answerer.
func (l *listing) Reroute(q *partition.Request) { l.g.forward.reroute(q) }

// expires implements expirer. Each step has its own time: a client may take longer to read it all.
func (l *listing) expires(token uint64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.parts[token].asked + l.g.Limits.CallTimeout
}

func (l *listing) gone() bool { return l.reply.s.gone() }

func (l *listing) handlerOf(uint64) *handler { return l.reply.h }

// itemsOf returns the frames in the list that is all of an answer.
func itemsOf(m wire.Message) ([]byte, error) {
	frames := m.Frames()
	_, head := frames.Next()
	begin, ok := frames.Next()
	items := frames.Rest()
	if !head || !ok || !begin.IsBegin() || len(items) < wire.FrameHeaderSize {
		return nil, fmt.Errorf("%w: part of a list", wire.ErrMalformed)
	}
	return items[:len(items)-wire.FrameHeaderSize], nil // without the end of the list
}

func appendListHead(dst []byte, h *handler, correlation int64) []byte {
	return wire.AppendBegin(wire.AppendResponseHead(dst, h.info.Type+1, correlation, 0))
}

func appendListEnd(dst []byte) []byte { return wire.FinishEmpty(wire.AppendEnd(dst)) }

// faultText is what an answer that is an error says.
func faultText(body wire.Message, err error) string {
	if err != nil {
		return err.Error()
	}
	holders, err := protocol.DecodeError(body, nil)
	if err != nil || len(holders) == 0 {
		return "unknown"
	}
	return holders[0].Message.Value
}
