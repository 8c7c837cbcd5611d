package store

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Meta is what an entry has beside its key and value. Times are in
// milliseconds of cluster time, 0 for "not set".
type Meta struct {
	Version uint32
	// Counters says that Created, Updated, Accessed and Hits are kept; else
	// they cost no memory and read as 0.
	Counters                   bool
	Created, Updated, Accessed int64
	Hits                       uint32
	// TTL and MaxIdle are in milliseconds, 0 for none.
	TTL, MaxIdle int64
	// Deadline is when TTL ends, IdleSince when MaxIdle began; 0 without them.
	Deadline, IdleSince int64
	// Due is a note of the table's owner: for when it has planned to look at the entry again, 0 for not at all.
	// It is kept only with a TTL or a MaxIdle.
	Due int64
}

func (m *Meta) flags() byte {
	var f byte
	if m.Counters {
		f |= flagCounters
	}
	if m.TTL != 0 || m.MaxIdle != 0 || m.Deadline != 0 {
		f |= flagExpiry
	}
	return f
}

// ExpiresAt is when the entry ends if nobody touches it before, math.MaxInt64
// for never. idleFloor is the earliest moment from which idleness counts.
func (m *Meta) ExpiresAt(idleFloor int64) int64 {
	at := int64(math.MaxInt64)
	if m.Deadline != 0 {
		at = m.Deadline
	}
	if m.MaxIdle != 0 {
		at = min(at, idleFrom(max(m.IdleSince, idleFloor), m.MaxIdle)+m.MaxIdle)
	}
	return at
}

// idleFrom is when idleness begins: at the full second of the last access, as
// Hazelcast keeps it (its clients' suites poll an entry five times a second and
// expect it to expire). Less than a second is counted exactly.
func idleFrom(accessed, maxIdle int64) int64 {
	if maxIdle < 1000 {
		return accessed
	}
	return accessed - accessed%1000
}

// Entry is a view on one entry of a table; see the package's contract for how
// long it lives. The zero Entry is no entry.
type Entry struct {
	rec       []byte
	hash, ref uint32
}

func (e Entry) u32(at int) uint32 { return binary.LittleEndian.Uint32(e.rec[at:]) }

// Hash is the hash that the entry was inserted with.
func (e Entry) Hash() uint32 { return e.hash }

// Key is a view on the key.
func (e Entry) Key() []byte {
	at, end := keyOf(e.rec)
	return e.rec[at:end:end]
}

// Value is a view on the value.
func (e Entry) Value() []byte {
	_, at := keyOf(e.rec)
	end := at + int(e.u32(offValueLen))
	return e.rec[at:end:end]
}

// Size is the memory that the record takes, in bytes, without its place in the index.
func (e Entry) Size() int { return len(e.rec) }

// Version is Meta.Version.
func (e Entry) Version() uint32 { return e.u32(offVersion) }

// Expires tells whether the entry has a TTL or a max-idle time.
func (e Entry) Expires() bool { return e.rec[offFlags]&flagExpiry != 0 }

// Accessed is Meta.Accessed.
func (e Entry) Accessed() int64 {
	if e.rec[offFlags]&flagCounters == 0 {
		return 0
	}
	return get48(e.rec[offAccessed:])
}

// Hits is Meta.Hits.
func (e Entry) Hits() uint32 {
	if e.rec[offFlags]&flagCounters == 0 {
		return 0
	}
	return e.u32(offHits)
}

// Meta returns all of the entry but key and value.
func (e Entry) Meta() (m Meta) {
	e.LoadMeta(&m)
	return m
}

// LoadMeta is Meta into m.
func (e Entry) LoadMeta(m *Meta) {
	*m = Meta{Version: e.u32(offVersion)}
	flags := e.rec[offFlags]
	if flags&flagCounters != 0 {
		m.Counters = true
		m.Created = get48(e.rec[offCreated:])
		m.Updated = get48(e.rec[offUpdated:])
		m.Accessed = get48(e.rec[offAccessed:])
		m.Hits = e.u32(offHits)
	}
	if flags&flagExpiry != 0 {
		x := e.rec[expiryAt(flags):]
		m.TTL, m.MaxIdle = get48(x[relTTL:]), get48(x[relMaxIdle:])
		m.Deadline, m.IdleSince = get48(x[relDeadline:]), get48(x[relIdleSince:])
		m.Due = get48(x[relDue:])
	}
}

// Touch counts a read at now: it sets Accessed and raises Hits where
// counters are kept, and restarts the idle clock where there is one.
func (e Entry) Touch(now int64) {
	if e.rec[offFlags]&flagCounters != 0 {
		put48(e.rec[offAccessed:], now)
		if hits := e.u32(offHits); hits != math.MaxUint32 {
			binary.LittleEndian.PutUint32(e.rec[offHits:], hits+1)
		}
	}
	e.SetIdleSince(now)
}

// SetAccess sets the time of the last access and the hits, where counters are kept.
func (e Entry) SetAccess(accessed int64, hits uint32) {
	if e.rec[offFlags]&flagCounters != 0 {
		put48(e.rec[offAccessed:], accessed)
		binary.LittleEndian.PutUint32(e.rec[offHits:], hits)
	}
}

// SetIdleSince restarts the idle clock where there is one.
func (e Entry) SetIdleSince(at int64) {
	if e.rec[offFlags]&flagExpiry == 0 {
		return
	}
	x := e.rec[expiryAt(e.rec[offFlags]):]
	if get48(x[relMaxIdle:]) != 0 {
		put48(x[relIdleSince:], at)
	}
}

// SetDue sets Meta.Due where the entry has a TTL or max-idle time.
func (e Entry) SetDue(at int64) {
	if e.rec[offFlags]&flagExpiry != 0 {
		put48(e.rec[expiryAt(e.rec[offFlags])+relDue:], at)
	}
}

func (e Entry) hasKey(key []byte) bool { return bytes.Equal(e.Key(), key) }

// writeMeta writes all of the header but lengths and slack. The flags of m must be those the record is laid out for.
func (e Entry) writeMeta(m *Meta) {
	binary.LittleEndian.PutUint32(e.rec[offVersion:], m.Version)
	flags := m.flags()
	e.rec[offFlags] = flags
	if flags&flagCounters != 0 {
		put48(e.rec[offCreated:], m.Created)
		put48(e.rec[offUpdated:], m.Updated)
		put48(e.rec[offAccessed:], m.Accessed)
		binary.LittleEndian.PutUint32(e.rec[offHits:], m.Hits)
	}
	if flags&flagExpiry != 0 {
		x := e.rec[expiryAt(flags):]
		put48(x[relTTL:], m.TTL)
		put48(x[relMaxIdle:], m.MaxIdle)
		put48(x[relDeadline:], m.Deadline)
		put48(x[relIdleSince:], m.IdleSince)
		put48(x[relDue:], m.Due)
	}
}

// expiryAt is where the expiry block begins.
func expiryAt(flags byte) int {
	if flags&flagCounters != 0 {
		return headerSize + countersSize
	}
	return headerSize
}
