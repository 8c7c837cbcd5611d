package gateway

import (
	"time"

	"github.com/filbertgrid/filbert/internal/invariant"
	"github.com/filbertgrid/filbert/internal/partition"
)

// The requests of a session that are not answered at once: each has a note, a slot.

// slot is the note on a request that is not answered; its index is the request's token.
type slot struct {
	handler     *handler
	correlation int64
	start       time.Duration
	// late: it was put off, for want of room for its answer; promised is the room that is kept for that (room.go).
	late     bool
	promised int
}

// Keep implements partition.Answerer: it makes a note on the request at hand, which Handle found room for.
func (s *Session) Keep(q *partition.Request) {
	s.pending.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	token := len(s.mu.slots)
	if n := len(s.mu.free); n > 0 {
		token = int(s.mu.free[n-1])
		s.mu.free = s.mu.free[:n-1]
		s.mu.slots[token] = s.asked
	} else {
		s.mu.slots = append(s.mu.slots, s.asked)
	}
	q.Token = uint64(token)
}

// Answer implements partition.Answerer: body is a whole message, whose correlation id is
// written here.
func (s *Session) Answer(q *partition.Request, body []byte) {
	if !s.answer(q, body) {
		s.g.forward.putOff(s, q, len(body))
	}
}

// answer is false when the answer has to wait for room: then nothing has happened.
func (s *Session) answer(q *partition.Request, body []byte) bool {
	now := s.g.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	note := s.mu.slots[q.Token]
	invariant.Check(note.handler != nil, "a request is answered once")
	if note.handler == nil {
		return true
	}
	s.settle(&s.mu.slots[q.Token])
	if s.mayPutOff(q, note.handler, body) && !s.fits(len(body)) {
		s.mu.slots[q.Token].late = true
		s.mu.late++
		return false
	}
	s.pending.Add(-1)
	s.mu.slots[q.Token] = slot{}
	s.mu.free = append(s.mu.free, uint32(q.Token))
	note.handler.observe(now-note.start, body)
	s.append(body, note.correlation)
	return true
}

func (h *handler) observe(took time.Duration, body []byte) {
	h.latency.Observe(took)
	if isFault(body) {
		h.errors.Inc()
	}
}

// Reroute implements partition.Answerer.
func (s *Session) Reroute(q *partition.Request) { s.g.forward.reroute(q) }

// expires implements expirer.
func (s *Session) expires(token uint64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := &s.mu.slots[token]
	return note.handler.expires(note.start, s.g.Limits.CallTimeout)
}

// gone implements expirer.
func (s *Session) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.closed
}

// handlerOf implements expirer.
func (s *Session) handlerOf(token uint64) *handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.slots[token].handler
}
