package gateway

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Requests that arrive together are looked at together before the first runs: over a large map each would wait for its own memory, and
// there is nothing in one that another's wait depends on.
const (
	// aheadMost is how many are looked at together: about as many lines as a processor waits for at once, times two.
	aheadMost = 32
	// aheadLeast is from how many on it pays: it costs each a tenth of a microsecond.
	aheadLeast = 4
)

// aheadKey is what one of them will look up.
type aheadKey struct {
	partition partition.ID
	name, key []byte
}

// Prepare brings near what messages need that are about to be handled, one after the other.
func (s *Session) Prepare(messages []wire.Message) {
	if len(messages) < aheadLeast || !s.authenticated.Load() {
		return
	}
	keys := s.ahead[:0]
	for _, m := range messages {
		if h := s.g.find(m.Type()); h == nil || !h.keyed {
			continue
		}
		id := m.PartitionID()
		frames := m.Frames()
		frames.Next() // the head
		name, _ := frames.Next()
		key, ok := frames.Next()
		if !ok || len(name.Payload) > s.g.Limits.MaxNameBytes {
			continue // its handler knows what to say
		}
		keys = append(keys, aheadKey{partition.ID(id), name.Payload, key.Payload})
	}
	s.ahead = keys
	for step := range partition.PrefetchSteps {
		for i := range keys {
			k := &keys[i]
			s.g.Grid.Prefetch(k.partition, partition.KindMap, k.name, k.key, step)
		}
	}
}
