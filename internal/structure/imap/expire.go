package imap

import (
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

const (
	// expireStep is how many entries one Tick removes or looks at: at some 300 ns each well within 200 µs,
	// and 5,000 a second for each of 271 partitions.
	expireStep = 500
	// rescanStep is how many entries one Tick plans anew after a promotion, at some 50 ns each.
	rescanStep = 2000
	// lockedAgain is when an expired entry that was found locked is looked at again, in ms.
	lockedAgain = 500
	// touchedMax bounds the accesses that are told at once: an effect of some 15 KiB.
	touchedMax = 1024
	// accessPeriod is how often accesses are told to backups, in ms. A promoted backup restarts idle clocks anyway,
	// so all that depends on it is how well a promoted backup evicts.
	accessPeriod = 5000
)

// SetTTL gives an entry another time to live, from now on, in ms, and the
// map's max-idle time; it tells whether there is an entry (MapSetTtl). It
// parks while another owner holds the key's lock.
func (s *Structure) SetTTL(tx *partition.Tx, name, key []byte, thread, ttl int64) (bool, error) {
	hash := Hash(key)
	f := known(tx, name, hash)
	if f == nil {
		return false, nil
	}
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return false, err
	}
	e, found := f.live(tx, hash, key)
	if !found {
		f.saw(tx, hash)
		return false, nil
	}
	var m store.Meta
	f.nextMeta(&m, tx.Now, e, true)
	f.setExpiry(&m, ttl, Default, tx.Now)
	e, err := f.table.SetMeta(e, &m)
	if err != nil {
		return false, err
	}
	tx.Commit(appendMeta(f.begin(tx, hash), key, &m))
	f.schedule(e)
	f.invalidate(tx, f.wanted(tx), key, tx.Client())
	f.account()
	return true, nil
}

// setExpiry starts the clocks of an entry that is written at now. Negative
// times mean the map's, 0 none.
func (f *fragment) setExpiry(m *store.Meta, ttl, maxIdle, now int64) {
	if ttl < 0 {
		ttl = f.config.TTL
	}
	if maxIdle < 0 {
		maxIdle = f.config.MaxIdle
	}
	m.TTL, m.Deadline, m.MaxIdle, m.IdleSince = 0, 0, 0, 0
	if finite(ttl) {
		m.TTL, m.Deadline = ttl, now+ttl
	}
	if finite(maxIdle) {
		m.MaxIdle, m.IdleSince = maxIdle, now
	}
}

// forever is where a time counts as infinite: beyond 4,000 years, and half of what the store can hold.
const forever = 1 << 47

func finite(ms int64) bool { return ms > 0 && ms < forever }

// schedule plans when the primary looks at an entry that can expire, unless it will look at it early enough.
func (f *fragment) schedule(e store.Entry) {
	if !e.Expires() {
		return
	}
	m := e.Meta()
	at := m.ExpiresAt(f.idleFloor)
	if m.Due == 0 || m.Due > at {
		f.plan(e, at)
	}
}

func (f *fragment) plan(e store.Entry, at int64) {
	e.SetDue(at)
	f.expiry.push(at, e.Hash())
}

// expire removes entries whose time is over.
func (f *fragment) expire(tx *partition.Tx) {
	f.rescan()
	for step := 0; step < expireStep; {
		hash, due := f.expiry.pop(tx.Now)
		if !due {
			return
		}
		step += max(f.expireHash(tx, hash), 1)
	}
}

// expireHash removes the entries of a hash whose time is over, plans those
// whose is not, and returns how many it removed.
func (f *fragment) expireHash(tx *partition.Tx, hash uint32) (removed int) {
	for {
		var victim store.Entry
		found := false
		f.table.Same(hash, func(e store.Entry) {
			if !e.Expires() {
				return
			}
			m := e.Meta()
			at := m.ExpiresAt(f.idleFloor)
			switch {
			case at > tx.Now:
				if m.Due <= tx.Now {
					f.plan(e, at)
				}
			case f.locked(tx.Now, hash, e.Key()):
				if m.Due <= tx.Now {
					f.plan(e, tx.Now+lockedAgain)
				}
			default:
				victim, found = e, true
			}
		})
		if !found {
			return removed
		}
		f.drop(tx, victim, event.Expired)
		removed++
	}
}

// rescan goes on planning all entries anew, after a promotion or when the queue
// is full of what is no longer true.
func (f *fragment) rescan() {
	if len(f.expiry.heap) > 2*f.table.Len()+64 && f.expiry.scanned() {
		f.expiry.reset()
		f.expiry.rescan()
	}
	if f.expiry.scanned() {
		return
	}
	n := 0
	next, done := f.table.Scan(f.expiry.cursor, func(e store.Entry) bool {
		if e.Expires() {
			m := e.Meta()
			f.plan(e, m.ExpiresAt(f.idleFloor))
		}
		n++
		return n < rescanStep
	})
	f.expiry.cursor = next
	if done {
		f.expiry.cursor = planScanned
	}
}

// lastAccess is when an entry was last accessed, as far as it knows.
func lastAccess(e store.Entry) int64 {
	m := e.Meta()
	return max(m.Accessed, m.IdleSince)
}

// tellAccess tells backups what was read since it last did; nobody waits for that.
func (f *fragment) tellAccess(tx *partition.Tx) {
	a := f.extra
	if a == nil || len(a.touched) == 0 || tx.Now-a.flushed < accessPeriod {
		return
	}
	all := partition.Backups{Async: f.config.Backups.Sync + f.config.Backups.Async}
	dst := append(tx.Begin(partition.KindMap, f.shared.key, all), effectAccess)
	n := 0
	for _, hash := range a.touched {
		f.table.Same(hash, func(store.Entry) { n++ })
	}
	dst = packed.AppendUvarint(dst, uint64(n))
	for _, hash := range a.touched {
		f.table.Same(hash, func(e store.Entry) {
			dst = packed.AppendUint32(dst, hash)
			dst = packed.AppendUvarint(dst, uint64(lastAccess(e)))
			dst = packed.AppendUvarint(dst, uint64(e.Hits()))
		})
	}
	tx.Commit(dst)
	a.touched, a.flushed = a.touched[:0], tx.Now
}
