package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/wire"
)

// The output of a session: what is appended to it, from any goroutine, and when it is taken.

// Attend says that the caller has heard from the client, is about to call Handle, and will call Settle: until then nobody needs
// to be woken for output.
func (s *Session) Attend() {
	s.now, s.millis = s.g.Clock(), s.g.Grid.Now()
	s.heard.Store(int64(s.now))
	s.mu.Lock()
	s.mu.attended = true
	s.mu.Unlock()
}

// Hear says that the client may have said something that was not read yet.
func (s *Session) Hear() { s.heard.Store(int64(s.g.Clock())) }

// Settle ends what Attend began and tells whether there is output to take.
func (s *Session) Settle() bool {
	s.done.observe(s.g.Clock() - s.now)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.attended = false
	if len(s.direct) > 0 && s.room() {
		if tail := s.tail(); len(*tail) == 0 {
			*tail, s.direct = s.direct, *tail
		} else {
			*tail = append(*tail, s.direct...)
		}
	}
	s.direct = s.direct[:0]
	return len(s.mu.buf)+len(s.mu.plain) > 0 && !s.mu.closed
}

// Take returns the output gathered so far and takes spare for what comes; empty when there is none. While this member must not answer, what
// is about data stays. The lease is looked at after the operations ran.
//
// Whoever takes output writes it, and takes again until there is none: that says that what was taken is written.
func (s *Session) Take(spare []byte) []byte {
	out, then := s.take(spare[:0])
	s.g.counters.sent.Add(uint64(len(out)))
	if then != nil {
		s.g.Run(then)
	}
	return out
}

// take returns what can be done now that what was taken before is written, too; or nil.
func (s *Session) take(spare []byte) (out []byte, then func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.woken = false
	s.mu.takes++
	out = spare
	if list := s.mu.lists.wroteBuf(s.mu.lists.taken); list != nil {
		then = list.run
	}
	if len(s.mu.buf) > 0 && s.g.Cluster.LeaseValid() {
		out, s.mu.buf = s.mu.buf, spare
		s.tookBuf()
	}
	if len(s.mu.plain) > 0 && !s.mu.lists.middle {
		out = append(out, s.mu.plain...)
		s.mu.plain = s.mu.plain[:0]
	}
	if s.mu.writing = len(out); then == nil && s.roomAgain() {
		then = s.g.forward.again
	}
	return out, then
}

// append adds an answer to the output. s.mu is held.
func (s *Session) append(body []byte, correlation int64) {
	if !s.room() {
		return
	}
	tail := s.tail()
	at := len(*tail)
	*tail = append(*tail, body...)
	wire.Message((*tail)[at:]).SetCorrelationID(correlation)
	s.wake()
}

// room tells whether something may be added to the output. A client that has let it grow over the limit is
// disconnected; one large answer alone is no reason, nor is one that is given piece by piece. s.mu is held.
func (s *Session) room() bool {
	st := &s.mu.lists
	if !s.mu.closed && len(s.mu.buf)-st.gathered+len(s.mu.plain)+len(st.behind) > s.g.Limits.MaxOutputBytes {
		s.mu.closed = true
		s.mu.buf, s.mu.plain, st.behind = nil, nil, nil
		s.out.Close(fmt.Errorf("%w: more than %d bytes wait (filbert.limit.session.buffer.bytes)", errSlow, s.g.Limits.MaxOutputBytes))
	}
	return !s.mu.closed
}

// stuck tells whether there is output that the client has not taken, and whether it has taken nothing of that for as long as it may
// be silent. It is called by the tick.
func (s *Session) stuck(now time.Duration, lease bool) (waits, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits = s.unread() > 0
	if !lease || !waits || s.mu.takes != s.mu.seen {
		s.mu.seen, s.mu.moved = s.mu.takes, now
		return waits, false
	}
	return waits, now-s.mu.moved > s.g.Limits.HeartbeatTimeout
}

// unread is how much output the client has not taken. s.mu is held.
func (s *Session) unread() int {
	return len(s.mu.buf) + len(s.mu.plain) + len(s.mu.lists.behind) + s.mu.writing
}

// limitOutput disconnects the clients with the most output, as long as that of all together is over its limit.
func (g *Gateway) limitOutput(sessions []*Session) {
	type unread struct {
		s *Session
		n int
	}
	var list []unread
	total := 0
	for _, s := range sessions {
		s.mu.Lock()
		n := s.unread()
		s.mu.Unlock()
		if total += n; n > 0 {
			list = append(list, unread{s, n})
		}
	}
	if total <= g.Limits.MaxOutputTotal {
		return
	}
	slices.SortStableFunc(list, func(a, b unread) int { return cmp.Compare(b.n, a.n) })
	for i := 0; total > g.Limits.MaxOutputTotal; i++ {
		total -= list[i].n
		list[i].s.Close(fmt.Errorf("%w: %d bytes wait, and more than %d for all clients (filbert.limit.sessions.buffer.bytes)",
			errSlow, list[i].n, g.Limits.MaxOutputTotal))
	}
}

// Wrote says that the client has taken n bytes of what Take has returned; to say it of all of that is not necessary.
func (s *Session) Wrote(n int) {
	s.mu.Lock()
	list := s.mu.lists.wroteBuf(n)
	s.mu.writing -= n
	s.mu.takes++
	s.mu.Unlock()
	if list != nil {
		s.g.Run(list.run)
	}
}

// wake sees to it that the output is taken. s.mu is held.
func (s *Session) wake() {
	if !s.mu.attended && !s.mu.woken {
		s.mu.woken = true
		s.out.Wake()
	}
}

// deliver appends an event made by f to the output.
func (s *Session) deliver(f func(dst []byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.room() {
		return
	}
	tail := s.tail()
	*tail = f(*tail)
	s.wake()
}

// say appends what says nothing about data to the output.
func (s *Session) say(f func(dst []byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.room() {
		return
	}
	s.mu.plain = f(s.mu.plain)
	s.wake()
}

// fail answers with an error a message that has no handler.
func (s *Session) fail(correlation int64, err error) {
	s.say(func(dst []byte) []byte { return appendFault(dst, correlation, err) })
}
