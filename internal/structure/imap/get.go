package imap

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// Get returns the value of a key, or nil (MapGet). The value is a view until the fragment's next change.
func (s *Structure) Get(tx *partition.Tx, name, key []byte) []byte {
	e, found := s.read(tx, name, key)
	if !found {
		return nil
	}
	return e.Value()
}

// ContainsKey tells whether a key has an entry (MapContainsKey); it counts as an access, as in Hazelcast.
func (s *Structure) ContainsKey(tx *partition.Tx, name, key []byte) bool {
	_, found := s.read(tx, name, key)
	return found
}

// read looks a key up and counts the access.
func (*Structure) read(tx *partition.Tx, name, key []byte) (store.Entry, bool) {
	hash := hashOf(key)
	f := known(tx, name, hash)
	if f == nil {
		return store.Entry{}, false
	}
	f.saw(tx, hash)
	f.count(gets)
	e, found := f.live(tx, hash, key)
	if found {
		f.count(hits)
	}
	if found && tx.Primary {
		f.touch(e, tx.Now)
	}
	return e, found
}

// Prefetch implements partition.Prefetching.
func (f *fragment) Prefetch(key []byte, step int) {
	if step == 0 {
		f.table.PrefetchIndex(hashOf(key))
		return
	}
	f.table.Prefetch(hashOf(key))
}

// Size returns the number of entries in the partition (MapSize); those whose time
// is over count until they are removed, as in Hazelcast.
func (*Structure) Size(tx *partition.Tx, name []byte) int {
	tx.SawAll()
	if f := find(tx, name); f != nil {
		return f.table.Len()
	}
	return 0
}
