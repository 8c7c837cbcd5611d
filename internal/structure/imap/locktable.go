package imap

import (
	"encoding/binary"
	"math"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/store"
)

// maxLocks is the most locks of a map in one partition: some 100 MB.
const maxLocks = 1 << 20

// lock is the lock of one key. There may be one without an entry.
type lock struct {
	owner  cluster.UUID
	thread int64
	// reference is the number of the owner's last call that changed the lock, 0 if it gave none.
	reference int64
	// count is how often the owner holds it, at least once.
	count uint32
	// deadline is when its lease ends, in ms of cluster time, math.MaxInt64 for never.
	deadline int64
}

// lockSize is what append appends.
const lockSize = 16 + 8 + 8 + 4 + 8

func (l *lock) append(dst []byte) []byte {
	dst = append(dst, l.owner[:]...)
	dst = packed.AppendInt64(dst, l.thread)
	dst = packed.AppendInt64(dst, l.reference)
	dst = packed.AppendUint32(dst, l.count)
	return packed.AppendInt64(dst, l.deadline)
}

func readLock(r *packed.Reader) (l lock) {
	copy(l.owner[:], r.Take(len(l.owner)))
	l.thread, l.reference, l.count, l.deadline = r.Int64(), r.Int64(), r.Uint32(), r.Int64()
	return l
}

// lockOf reads a lock from its entry in the table.
func lockOf(e store.Entry) (l lock) {
	b := e.Value()
	copy(l.owner[:], b)
	l.thread = int64(binary.LittleEndian.Uint64(b[16:]))
	l.reference = int64(binary.LittleEndian.Uint64(b[24:]))
	l.count = binary.LittleEndian.Uint32(b[32:])
	l.deadline = int64(binary.LittleEndian.Uint64(b[36:]))
	return l
}

func (l *lock) heldBy(owner cluster.UUID, thread int64) bool {
	return l.owner == owner && l.thread == thread
}

// lockTable is the locks of a fragment.
type lockTable struct {
	table store.Table
	// nextLease is no later than the first end of a lease; without locks it says nothing.
	nextLease int64
	// repeats are recent calls of locks.
	repeats repeats
}

// hasLocks tells whether the fragment has a lock table of its own.
func (f *fragment) hasLocks() bool { return f.locks != f.s.noLocks }

// ownLocks is the lock table for what changes it.
func (f *fragment) ownLocks() *lockTable {
	if !f.hasLocks() {
		f.locks = &lockTable{table: f.s.newTable()}
		f.limit()
	}
	return f.locks
}

func (t *lockTable) len() int { return t.table.Len() }

// get returns the lock of a key, if it has one whose lease has not ended.
func (t *lockTable) get(now int64, hash uint32, key []byte) (l lock, found bool) {
	if t.table.Len() == 0 {
		return l, false
	}
	e, found := t.table.Get(hash, key)
	if !found {
		return l, false
	}
	l = lockOf(e)
	return l, l.deadline > now
}

// put sets the lock of a key.
func (t *lockTable) put(hash uint32, key []byte, l *lock) error {
	var value [lockSize]byte
	l.append(value[:0])
	if t.table.Len() == 0 {
		t.nextLease = math.MaxInt64
	}
	t.nextLease = min(t.nextLease, l.deadline)
	var err error
	if e, found := t.table.Get(hash, key); found {
		_, _, err = t.table.Overwrite(e, value[:], &store.Meta{}, false)
	} else {
		_, err = t.table.Insert(hash, key, value[:], &store.Meta{})
	}
	return err
}

// remove takes the lock of a key away, and tells whether there was one.
func (t *lockTable) remove(hash uint32, key []byte) bool {
	e, found := t.table.Get(hash, key)
	if found {
		t.table.Remove(e)
		t.table.Tidy()
	}
	return found
}
