package gateway

import (
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
	out, list := s.take(spare[:0])
	s.g.counters.sent.Add(uint64(len(out)))
	if list != nil {
		s.g.Run(list.run)
	}
	return out
}

func (s *Session) take(spare []byte) (out []byte, list *listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.woken = false
	s.mu.takes++
	out, list = spare, s.mu.lists.wroteBuf(s.mu.lists.taken)
	if len(s.mu.buf) > 0 && s.g.Cluster.LeaseValid() {
		out, s.mu.buf = s.mu.buf, spare
		s.mu.lists.tookBuf()
	}
	if len(s.mu.plain) > 0 && !s.mu.lists.middle {
		out = append(out, s.mu.plain...)
		s.mu.plain = s.mu.plain[:0]
	}
	return out, list
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
		s.out.Close(errSlow)
	}
	return !s.mu.closed
}

// stuck tells whether there is output of which the client has taken nothing for as long as it may be silent. It is called by the tick.
func (s *Session) stuck(now time.Duration, lease bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mu.lists
	pending := len(s.mu.buf) + len(s.mu.plain) + len(st.behind) + st.taken
	if !lease || pending == 0 || s.mu.takes != s.mu.seen {
		s.mu.seen, s.mu.moved = s.mu.takes, now
		return false
	}
	return now-s.mu.moved > s.g.Limits.HeartbeatTimeout
}

// Wrote says that the client has taken n bytes of what Take has returned; to say it of all of that is not necessary.
func (s *Session) Wrote(n int) {
	s.mu.Lock()
	list := s.mu.lists.wroteBuf(n)
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
