package imap

import (
	"bytes"
	"math"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// scanStep is how many entries a scan looks at in one step under the lock: at 50 ns each, and 200 in a map of many millions, of which
// each is a wait for memory.
const scanStep = 1000

// Scan visits entries in the order of their keys' hashes, from cursor on (0 is the start), at most max of them (0: as
// many as one step may) but for those with the same hash, until visit returns false (MapKeySet, MapValues, MapEntrySet and their
// fetching kin). It returns where to go on, and whether all have been visited. An entry that stays is
// visited exactly once, however the map changes between the calls. A step may visit none.
// The slices are views that live as long as the call.
func (*Structure) Scan(
	tx *partition.Tx, name []byte, cursor uint64, limit int, visit func(hash uint32, key, value []byte) bool,
) (next uint64, done bool) {
	tx.SawAll()
	f := find(tx, name)
	if f == nil {
		return store.ScanEnd, true
	}
	if limit <= 0 || limit > scanStep {
		limit = scanStep
	}
	looked := 0
	return f.table.Scan(cursor, func(e store.Entry) bool {
		looked++
		if !f.dead(tx.Now, e) {
			limit--
			if !visit(e.Hash(), e.Key(), e.Value()) {
				return false
			}
		}
		return limit > 0 && looked < scanStep
	})
}

// ContainsValue tells whether an entry from cursor on has a value (MapContainsValue). If neither found
// nor done, it goes on at next.
func (s *Structure) ContainsValue(tx *partition.Tx, name, value []byte, cursor uint64) (found bool, next uint64, done bool) {
	next, done = s.Scan(tx, name, cursor, 0, func(_ uint32, _, v []byte) bool {
		found = found || bytes.Equal(v, value)
		return !found
	})
	return found, next, done
}

// Pointer is an iteration pointer of MapFetchKeys and MapFetchEntries: to clients it is opaque, but that they begin with
// (2147483647, -1) and end when the index of the last one is negative.
type Pointer struct{ Index, Size int32 }

// Cursor returns the cursor that a client's pointer stands for.
func (p Pointer) Cursor() uint64 {
	switch {
	case p.Index < 0:
		return store.ScanEnd
	case p.Index == math.MaxInt32 || p.Size < 0:
		return 0
	}
	return uint64(p.Index)<<2 | uint64(p.Size&3)
}

// PointerOf returns the pointer for a cursor, or the last one.
func PointerOf(cursor uint64, done bool) Pointer {
	if done || cursor >= store.ScanEnd {
		return Pointer{Index: -1, Size: 0}
	}
	return Pointer{Index: int32(cursor >> 2), Size: int32(cursor & 3)}
}
