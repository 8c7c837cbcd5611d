package gateway

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Requests that arrive together are looked at together before the first runs: over a large map each would wait for its own memory, and
// there is nothing in one that another's wait depends on.
const (
	// aheadMost is how many are looked at together: about as many lines as a processor waits for at once, times two.
	aheadMost = 32
	// aheadLeast is from how many on it pays: it costs each a twentieth of a microsecond.
	aheadLeast = 4
	// aheadLooks is how many look-ups are between their steps at the same time, each with a partition's lock: as many as are begun while
	// one line comes from memory.
	aheadLooks = 4
)

// ahead is what is known of a message before it runs. hashed says that hash is its key's.
type ahead struct {
	look   partition.Look
	hash   uint32
	hashed bool
}

// Prepare brings near what messages need that are about to be handled, one after the other, and returns what it knows of each.
func (s *Session) Prepare(messages []wire.Message) []ahead {
	s.ahead = slices.Grow(s.ahead[:0], len(messages))[:len(messages)]
	known := s.ahead
	clear(known)
	if len(messages) < aheadLeast || !s.authenticated.Load() {
		return known
	}
	for i := range len(messages) + aheadLooks {
		if i >= aheadLooks {
			known[i-aheadLooks].arrive()
		}
		if i < len(messages) {
			s.lookAhead(messages[i], &known[i])
		}
	}
	return known
}

// lookAhead begins the look-up of a message's key, if it has one.
func (s *Session) lookAhead(m wire.Message, a *ahead) {
	if h := s.g.find(m.Type()); h == nil || !h.keyed {
		return
	}
	frames := m.Frames()
	frames.Next() // the head
	name, _ := frames.Next()
	key, ok := frames.Next()
	if !ok || len(name.Payload) > s.g.Limits.MaxNameBytes {
		return // its handler knows what to say
	}
	a.hash, a.hashed = imap.Hash(key.Payload), true
	a.look = s.g.Grid.Look(partition.ID(m.PartitionID()), partition.KindMap, name.Payload, a.hash)
}

func (a *ahead) arrive() { a.look.Arrive(a.hash) }
