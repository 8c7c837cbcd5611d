package imap

import (
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/store"
)

// The kinds of effects, the first byte of each. Append only: the numbers and
// layouts are those of docs/formats/effects-map.md.
const (
	// effectPut is the whole new state of an entry.
	effectPut = 1
	// effectRemove says that a key has no entry any more.
	effectRemove = 2
	// effectClear says that only the keys it lists still have entries.
	effectClear = 3
	// effectLock is the whole new state of a lock.
	effectLock = 4
	// effectUnlock says that a key is not locked any more.
	effectUnlock = 5
	// effectAccess tells when entries were last read, by the hashes of their keys.
	effectAccess = 6
	// effectMeta is effectPut without the value.
	effectMeta = 7
	// effectNews ends a copy: which keys got their entries of late. Only members of a cluster that merges know it.
	effectNews = 8
	// effectCalls are calls of locks that have run, besides those that effects on locks tell of; none of them: all are forgotten.
	// Only members of a cluster whose replicas share them know it.
	effectCalls = 9
)

// The flags of an entry's state.
const (
	stateCounters = 1 << 0
	stateExpiry   = 1 << 1
)

func appendPut(dst, key, value []byte, m *store.Meta) []byte {
	dst = appendState(append(dst, effectPut), m)
	return packed.AppendBytes(packed.AppendBytes(dst, key), value)
}

func appendMeta(dst, key []byte, m *store.Meta) []byte {
	return packed.AppendBytes(appendState(append(dst, effectMeta), m), key)
}

func appendRemove(dst, key []byte) []byte {
	return packed.AppendBytes(append(dst, effectRemove), key)
}

func appendUnlock(dst, key []byte) []byte {
	return packed.AppendBytes(append(dst, effectUnlock), key)
}

func appendLock(dst, key []byte, l *lock) []byte {
	dst = packed.AppendBytes(append(dst, effectLock), key)
	return l.append(dst)
}

func appendState(dst []byte, m *store.Meta) []byte {
	var flags byte
	if m.Counters {
		flags |= stateCounters
	}
	expires := m.TTL != 0 || m.MaxIdle != 0 || m.Deadline != 0
	if expires {
		flags |= stateExpiry
	}
	dst = packed.AppendUvarint(append(dst, flags), uint64(m.Version))
	if m.Counters {
		dst = packed.AppendUvarint(dst, uint64(m.Created))
		dst = packed.AppendUvarint(dst, uint64(m.Updated))
		dst = packed.AppendUvarint(dst, uint64(m.Accessed))
		dst = packed.AppendUvarint(dst, uint64(m.Hits))
	}
	if expires {
		dst = packed.AppendUvarint(dst, uint64(m.TTL))
		dst = packed.AppendUvarint(dst, uint64(m.MaxIdle))
		dst = packed.AppendUvarint(dst, uint64(m.Deadline))
		dst = packed.AppendUvarint(dst, uint64(m.IdleSince))
	}
	return dst
}

func readState(r *packed.Reader) (m store.Meta) {
	flags := r.Byte()
	m.Version = uint32(r.Uvarint())
	if flags&stateCounters != 0 {
		m.Counters = true
		m.Created, m.Updated, m.Accessed = int64(r.Uvarint()), int64(r.Uvarint()), int64(r.Uvarint())
		m.Hits = uint32(r.Uvarint())
	}
	if flags&stateExpiry != 0 {
		m.TTL, m.MaxIdle = int64(r.Uvarint()), int64(r.Uvarint())
		m.Deadline, m.IdleSince = int64(r.Uvarint()), int64(r.Uvarint())
	}
	return m
}
