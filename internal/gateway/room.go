package gateway

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
)

// Room for answers. What a client asks for and this member answers at once, it answers at the client's pace: the reader writes before it
// reads on. But a client may have asked for gigabytes before the first answer comes from elsewhere: from another member, or from whoever
// held a partition's lock. It reads as fast as it can, and is not to be disconnected for that. So an answer to a read that comes when half of
// the output's limit is taken is thrown away, and the read is done again when there is room, which is then kept for it: what is promised.

// mayPutOff tells whether a request may be done again in place of giving this answer. s.mu is held.
func (s *Session) mayPutOff(q *partition.Request, h *handler, body []byte) bool {
	return h.access == protection.Reads && h.mayRepeat() && len(q.Message) > 0 && !isFault(body) && !s.mu.closed
}

// fits tells whether there is room for an answer of n bytes: for any, when there is nothing else. s.mu is held.
func (s *Session) fits(n int) bool {
	waits := s.unread() + s.mu.promised
	return waits == 0 || waits+n <= s.g.Limits.MaxOutputBytes/2
}

// reserve keeps room for the answer to a request that was put off, if there is.
func (s *Session) reserve(token uint64, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := &s.mu.slots[token]
	if note.promised > 0 {
		return true // and it was handed back meanwhile
	}
	if !s.fits(n) {
		return false
	}
	s.settle(note)
	note.promised = n
	s.mu.promised += n
	return true
}

// settle ends what a request has of being late. s.mu is held.
func (s *Session) settle(note *slot) {
	if note.late {
		s.mu.late--
	}
	s.mu.promised -= note.promised
	note.late, note.promised = false, 0
}

// roomAgain tells whether what was put off should be tried now, not by the next tick. s.mu is held.
func (s *Session) roomAgain() bool { return s.mu.late > 0 && s.mu.promised == 0 && s.unread() == 0 }

// putOff keeps a request of a session that has no room for its answer of size bytes. It may be called under a partition's lock.
func (f *forwarder) putOff(s *Session, q *partition.Request, size int) {
	c := &call{request: *q, expires: s.expires(q.Token), handler: s.handlerOf(q.Token), late: s, size: size}
	c.request.Message = slices.Clone(q.Message)
	c.request.OnBackup = false
	f.keep(c, &f.mu.waiting)
}
