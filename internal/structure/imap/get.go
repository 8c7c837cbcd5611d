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
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return store.Entry{}, false
	}
	f.saw(tx, hash)
	f.count(gets)
	e, found := f.live(tx, hash, key)
	switch {
	case !found:
		f.count(misses)
	case tx.Primary:
		f.touch(e, tx.Now)
	}
	return e, found
}

// Prefetch implements partition.Fragment.
func (f *fragment) Prefetch(hash uint32, step int) {
	if step == 0 {
		f.table.PrefetchIndex(hash)
		return
	}
	f.table.Prefetch(hash)
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
