package gateway

import "github.com/filbertgrid/filbert/internal/wire"

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

// Settle ends what Attend began and tells whether there is output to take.
func (s *Session) Settle() bool {
	s.done.observe(s.g.Clock() - s.now)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.attended = false
	if len(s.direct) > 0 && s.room() {
		if len(s.mu.buf) == 0 {
			s.mu.buf, s.direct = s.direct, s.mu.buf
		} else {
			s.mu.buf = append(s.mu.buf, s.direct...)
		}
	}
	s.direct = s.direct[:0]
	return len(s.mu.buf)+len(s.mu.plain) > 0 && !s.mu.closed
}

// Take returns the output gathered so far and takes spare for what comes; empty when there is none. While this member must not answer, what
// is about data stays. The lease is looked at after the operations ran.
func (s *Session) Take(spare []byte) []byte {
	out := s.take(spare[:0])
	s.g.counters.sent.Add(uint64(len(out)))
	return out
}

func (s *Session) take(spare []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.woken = false
	out := spare
	if len(s.mu.buf) > 0 && s.g.Cluster.LeaseValid() {
		out, s.mu.buf = s.mu.buf, spare
	}
	if len(s.mu.plain) > 0 {
		out = append(out, s.mu.plain...)
		s.mu.plain = s.mu.plain[:0]
	}
	return out
}

// append adds an answer to the output. s.mu is held.
func (s *Session) append(body []byte, correlation int64) {
	if !s.room() {
		return
	}
	at := len(s.mu.buf)
	s.mu.buf = append(s.mu.buf, body...)
	wire.Message(s.mu.buf[at:]).SetCorrelationID(correlation)
	s.wake()
}

// room tells whether something may be added to the output. A client that has let it grow over the limit is
// disconnected; one large answer alone is no reason. s.mu is held.
func (s *Session) room() bool {
	if !s.mu.closed && len(s.mu.buf)+len(s.mu.plain) > s.g.Limits.MaxOutputBytes {
		s.mu.closed = true
		s.mu.buf, s.mu.plain = nil, nil
		s.out.Close(errSlow)
	}
	return !s.mu.closed
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
	s.mu.buf = f(s.mu.buf)
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
