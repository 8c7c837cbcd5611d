package imap

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// sumCost is what an entry counts beside its key and value: to read it costs some cache misses.
const sumCost = 64

// Sum implements partition.Fragment. The time of the last access, the hits and the beginning of idleness are
// not part of it: backups learn of them late, or not at all.
func (f *fragment) Sum(cursor, end uint64, limit int) (s partition.Sum, next uint64, done bool) {
	if cursor < entriesCursor {
		next, done = sumTable(&s, &f.locks.table, cursor, end, limit)
		switch {
		case !done:
			return s, next, false
		case s.Bytes >= uint64(limit):
			return s, entriesCursor, false
		}
		cursor = entriesCursor
	}
	if end < entriesCursor {
		return s, end, false
	}
	next, done = sumTable(&s, &f.table, cursor-entriesCursor, end-entriesCursor, limit)
	return s, next + entriesCursor, done
}

// sumTable adds the entries of a table to s whose hashes are from cursor on and below end.
func sumTable(s *partition.Sum, t *store.Table, cursor, end uint64, limit int) (next uint64, done bool) {
	polynomial := crc32.MakeTable(crc32.Castagnoli)
	var meta []byte
	return t.Scan(cursor, func(e store.Entry) bool {
		hash := e.Hash()
		if uint64(hash) >= end {
			return false
		}
		key, value := e.Key(), e.Value()
		m := e.Meta()
		meta = appendSummed(meta[:0], len(key), &m)
		crc := crc32.Update(crc32.Update(crc32.Update(0, polynomial, meta), polynomial, key), polynomial, value)
		s.Entries++
		s.Bytes += uint64(len(key)+len(value)) + sumCost
		s.Hash += mix(uint64(hash)<<32 | uint64(crc))
		return s.Bytes < uint64(limit)
	})
}

// appendSummed appends what all replicas agree on of an entry's times.
func appendSummed(b []byte, key int, m *store.Meta) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(key)) // where the key ends and the value begins
	b = binary.LittleEndian.AppendUint32(b, m.Version)
	if m.Counters {
		b = binary.LittleEndian.AppendUint64(b, uint64(m.Created))
		b = binary.LittleEndian.AppendUint64(b, uint64(m.Updated))
	}
	if m.TTL != 0 || m.MaxIdle != 0 || m.Deadline != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(m.TTL))
		b = binary.LittleEndian.AppendUint64(b, uint64(m.MaxIdle))
		b = binary.LittleEndian.AppendUint64(b, uint64(m.Deadline))
	}
	return b
}

// mix spreads the bits of x over all of the result (the finalizer of MurmurHash3). Checksums alone must not be added up: they
// are linear, and two entries that have swapped their values would go unseen.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
