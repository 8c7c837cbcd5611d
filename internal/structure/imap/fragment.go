package imap

import (
	"math"
	"math/rand/v2"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/invariant"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// fragment is one map in one partition, on a primary or a backup. A member with a thousand small maps has a quarter of a million of them: what
// most do not have is behind a pointer, and what is the map's is not here.
type fragment struct {
	s      *Structure
	shared *shared
	config *Config
	part   partition.ID
	salt   uint32

	table store.Table
	// locks is the structure's noLocks until there is one.
	locks *lockTable

	primary bool
	// counters is of the configuration: entries keep counters.
	counters bool
	expiry   expiryQueue
	// idleFloor is when this member became primary: idle clocks count from then at the earliest.
	idleFloor int64
	// extra is nil for maps that neither evict nor tell backups of accesses.
	extra *extra
	// sequence is the number of the last near-cache invalidation.
	sequence int64
	news     news
	stats    figures
}

// extra is what some maps' fragments have besides.
type extra struct {
	// touched are hashes of entries read since flushed, of maps whose access times travel.
	access  bool
	touched []uint32
	flushed int64
	// random chooses what is evicted.
	random *rand.Rand
}

// scratchMax is the longest value that is copied to keep it while it is overwritten; longer ones are
// written to another place instead.
const scratchMax = 1 << 10

var _ partition.Fragment = (*fragment)(nil)

// Name implements partition.Fragment.
func (f *fragment) Name() string { return f.shared.name }

// SetPrimary implements partition.Fragment.
func (f *fragment) SetPrimary(primary bool, now int64) {
	f.primary = primary
	f.limit()
	f.expiry.reset()
	if f.extra != nil {
		f.extra.touched, f.extra.flushed = nil, now
	}
	if f.hasLocks() {
		f.locks.repeats.last = now
	}
	if primary {
		f.idleFloor = now
		f.expiry.rescan()
	}
	f.account()
}

// limit lets the memory budget count for primaries only. A backup has to follow: what it refused would be acknowledged by nobody. Members of
// one size have about as much to hold, so a primary's budget bounds its backups' too; what they differ is for the headroom
// that the budget leaves.
func (f *fragment) limit() {
	f.table.Limit(f.primary)
	if f.hasLocks() {
		f.locks.table.Limit(f.primary)
	}
}

// Empty implements partition.Fragment. A fragment that counts invalidations stays: clients remember the count.
func (f *fragment) Empty() bool {
	return f.table.Len() == 0 && f.locks.len() == 0 && f.sequence == 0 && len(f.locks.repeats.calls) == 0
}

// Usage implements partition.Fragment.
func (f *fragment) Usage(u *partition.Usage) {
	u.Entries += int64(f.table.Len())
	u.Bytes += f.bytes()
	u.Locks += int64(f.locks.len())
}

// Release implements partition.Fragment.
func (f *fragment) Release() {
	f.s.release(f)
	f.table.Reset()
	if f.hasLocks() {
		f.locks.table.Reset()
	}
}

// ClientGone implements partition.Fragment: it releases the locks of a client.
func (f *fragment) ClientGone(tx *partition.Tx, client cluster.UUID) {
	f.releaseLocks(tx, func(l *lock) bool { return l.owner == client })
}

// Tick implements partition.Fragment.
func (f *fragment) Tick(tx *partition.Tx) {
	if f.locks.nextLease <= tx.Now {
		f.endLeases(tx)
	}
	f.expire(tx)
	f.shrink(tx)
	f.tellAccess(tx)
	f.table.Tidy()
	f.forgetCalls(tx)
	f.account()
}

// live returns the entry of a key, if there is one whose time is not over. The primary removes one whose time is.
func (f *fragment) live(tx *partition.Tx, hash uint32, key []byte) (store.Entry, bool) {
	e, found := f.table.Get(hash, key)
	if !found || !e.Expires() {
		return e, found
	}
	m := e.Meta()
	if f.expiresAt(&m) > tx.Now || f.locked(tx.Now, hash, key) {
		return e, true
	}
	if tx.Primary {
		f.drop(tx, e, event.Expired)
	}
	return store.Entry{}, false
}

// expiresAt is when an entry ends. Only a primary knows how long it has been idle.
func (f *fragment) expiresAt(m *store.Meta) int64 {
	switch {
	case f.primary:
		return m.ExpiresAt(f.idleFloor)
	case m.Deadline != 0:
		return m.Deadline
	}
	return math.MaxInt64
}

// dead tells whether the time of an entry is over, for scans, which remove nothing.
func (f *fragment) dead(now int64, e store.Entry) bool {
	if !e.Expires() {
		return false
	}
	m := e.Meta()
	return f.expiresAt(&m) <= now && !f.locked(now, e.Hash(), e.Key())
}

// drop removes an entry that nobody asked to remove: it is expired or evicted.
func (f *fragment) drop(tx *partition.Tx, e store.Entry, why event.Type) {
	invariant.Check(tx.Primary, "only a primary removes entries")
	hash, key := e.Hash(), e.Key()
	tx.Commit(appendRemove(f.begin(tx, hash), key))
	if wanted := f.wanted(tx); wanted != 0 {
		f.notify(tx, wanted, why, key, nil, e.Value(), cluster.UUID{})
	}
	f.table.Remove(e)
	if why == event.Expired {
		f.count(expirations)
	} else {
		f.count(evictions)
	}
	f.account()
}

// begin starts an effect on a key.
func (f *fragment) begin(tx *partition.Tx, hash uint32) []byte {
	return tx.BeginKey(partition.KindMap, f.shared.key, hash^f.salt, f.config.Backups)
}

// saw says that the answer shows the state of a key.
func (f *fragment) saw(tx *partition.Tx, hash uint32) {
	if tx.Primary {
		tx.Saw(hash ^ f.salt)
	}
}

// touch counts a read of an entry.
func (f *fragment) touch(e store.Entry, now int64) {
	if a := f.extra; a != nil && a.access && f.primary && len(a.touched) < touchedMax && lastAccess(e) <= a.flushed {
		a.touched = append(a.touched, e.Hash())
	}
	e.Touch(now)
}
