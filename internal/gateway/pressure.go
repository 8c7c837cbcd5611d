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

// slow waits, for a while, before more is read from a client whose requests wait for other members.
func (h *shell) slow() {
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
