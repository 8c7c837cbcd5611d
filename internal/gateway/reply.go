package gateway

import "time"

// reply is a request that is not answered by a partition alone. It is answered once.
type reply struct {
	s           *Session
	h           *handler
	correlation int64
	start       time.Duration
}

// send answers with the message that f appends.
func (r reply) send(f func(dst []byte, correlation int64) []byte) {
	r.h.latency.Observe(r.s.g.Clock() - r.start)
	deliver := r.s.deliver
	if r.h.plain {
		deliver = r.s.say
	}
	deliver(func(dst []byte) []byte { return f(dst, r.correlation) })
}

// fail answers with an error.
func (r reply) fail(err error) {
	r.h.errors.Inc()
	r.send(func(dst []byte, correlation int64) []byte { return appendFault(dst, correlation, err) })
}

// body answers with a whole message, whose correlation id is written here.
func (r reply) body(body []byte) {
	r.h.observe(r.s.g.Clock()-r.start, body)
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.append(body, r.correlation)
}

// expires is when a request that began at start is answered with a timeout by the member that took it.
func (h *handler) expires(start, timeout time.Duration) time.Duration {
	if h.waits {
		return never
	}
	return start + timeout
}
