package gateway

import "time"

// Back-pressure. A backup that reads slowly makes requests stall at their primary (package partition), and requests to a
// member that does not answer wait here (forwarder). Clients that send without waiting for answers would fill memory with
// them: so the sessions of those who wait are read from slowly, TCP does the rest, and their writes are slow instead of refused.
//
// Only sessions with unanswered requests are slowed: who asks nothing of the slow member is answered, and goes on. A
// session is never stopped: behind requests that wait for a lock may be the one that releases it, and heartbeats.
const (
	// backlogMost is how many bytes may wait before sessions are slowed: a quarter of what is refused beyond.
	backlogMost = 64 << 20
	// slowest is how long one is not read from, slowLook how often it is looked whether that is over. At the size of a
	// reader's buffer a second, a hundred sessions bring less in a silent member's life than is refused beyond.
	slowest  = time.Second
	slowLook = 5 * time.Millisecond
)

// congested tells whether much waits for other members.
func (g *Gateway) congested() bool { return g.Grid.Backlog()+g.forward.bytes.Load() > backlogMost }

// unanswered tells whether the client waits for something.
func (s *Session) unanswered() bool { return s.pending.Load() > 0 }

// fannedMost is how many bytes of messages about many partitions a session may have under way before it is read from again.
const fannedMost = 64 << 20

// full tells whether the client has asked for as much as can be under way for one: then it waits until something of that is over. Nothing
// that comes later can be what it waits for, since operations on many keys wait for no locks.
func (s *Session) full() bool { return s.fanned.Load() > fannedMost || s.crowded() }

// wait waits while the client has too much under way.
func (h *shell) wait() {
	if !h.s.full() {
		return
	}
	look := time.NewTicker(slowLook)
	defer look.Stop()
	for h.s.full() {
		select {
		case <-look.C:
			h.s.Hear() // what it says waits for this member, not for it
		case <-h.done:
			return
		}
	}
}

// slow waits, for a while, before more is read from a client whose requests wait for other members.
func (h *shell) slow() {
	h.wait()
	if !h.s.g.congested() || !h.s.unanswered() {
		return
	}
	look := time.NewTicker(slowLook)
	defer look.Stop()
	for range slowest / slowLook {
		select {
		case <-look.C:
		case <-h.done:
			return
		}
		if !h.s.g.congested() || !h.s.unanswered() {
			return
		}
	}
}
