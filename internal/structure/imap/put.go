package imap

import (
	"errors"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// Put sets a value and returns the old one, or nil (MapPut, MapPutWithMaxIdle). ttl and
// maxIdle are in milliseconds, Default or Infinite. It parks while another owner holds the key's lock.
func (s *Structure) Put(tx *partition.Tx, name, key, value []byte, thread, ttl, maxIdle int64) (old []byte, err error) {
	f, hash := open(tx, name), keyHash(tx, key)
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return nil, err
	}
	e, found := f.live(tx, hash, key)
	return f.write(tx, write{hash: hash, key: key, value: value, ttl: ttl, maxIdle: maxIdle, wantOld: true}, e, found)
}

// Set sets a value (MapSet, MapSetWithMaxIdle, MapPutTransient, MapPutTransientWithMaxIdle). It
// parks while another owner holds the key's lock.
func (s *Structure) Set(tx *partition.Tx, name, key, value []byte, thread, ttl, maxIdle int64) error {
	f, hash := open(tx, name), keyHash(tx, key)
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return err
	}
	e, found := f.live(tx, hash, key)
	_, err := f.write(tx, write{hash: hash, key: key, value: value, ttl: ttl, maxIdle: maxIdle}, e, found)
	return err
}

// TryPut is Set that gives up, with false, when the key stays locked by another owner for
// longer than timeout, in ms (MapTryPut).
func (*Structure) TryPut(tx *partition.Tx, name, key, value []byte, thread, timeout int64) (bool, error) {
	f, hash := open(tx, name), keyHash(tx, key)
	if free, err := f.tryWait(tx, hash, key, thread, timeout); !free {
		return false, err
	}
	e, found := f.live(tx, hash, key)
	_, err := f.write(tx, write{hash: hash, key: key, value: value, ttl: Default, maxIdle: Default}, e, found)
	return err == nil, err
}

// PutIfAbsent sets the value of a key that has none, and returns nil; otherwise
// it returns the value that is there (MapPutIfAbsent, MapPutIfAbsentWithMaxIdle). It parks while
// another owner holds the key's lock.
func (s *Structure) PutIfAbsent(
	tx *partition.Tx, name, key, value []byte, thread, ttl, maxIdle int64,
) (present []byte, err error) {
	f, hash := open(tx, name), keyHash(tx, key)
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return nil, err
	}
	e, found := f.live(tx, hash, key)
	if found {
		f.saw(tx, hash)
		f.touch(e, tx.Now)
		return e.Value(), nil
	}
	_, err = f.write(tx, write{hash: hash, key: key, value: value, ttl: ttl, maxIdle: maxIdle}, e, false)
	return nil, err
}

// PutAll sets one of the values of a MapPutAll. Like Hazelcast's it heeds no
// locks. blind is that of setAll (triggerMapLoader false): old values are not
// looked at, so listeners hear of every entry as added.
func (*Structure) PutAll(tx *partition.Tx, name, key, value []byte, blind bool) error {
	f, hash := open(tx, name), keyHash(tx, key)
	e, found := f.live(tx, hash, key)
	_, err := f.write(tx, write{hash: hash, key: key, value: value, ttl: Default, maxIdle: Default, blind: blind}, e, found)
	return err
}

// write is a value that shall replace what a key has.
type write struct {
	hash         uint32
	key, value   []byte
	ttl, maxIdle int64
	wantOld      bool
	// blind writes are told to listeners as if there had been nothing before.
	blind bool
	// meta, if not nil, is used instead of what the write would make of times and counters.
	meta *store.Meta
	// event, if not 0, is what listeners are told instead of added or updated.
	event event.Type
}

// affordTries is how often a write evicts to find room before it is refused.
const affordTries = 3

// write changes or makes the entry of a key: the way that every verb that stores a value takes.
// e is the entry that is there if found. Beyond the memory budget, it evicts where the map does, or is refused.
func (f *fragment) write(tx *partition.Tx, w write, e store.Entry, found bool) (old []byte, err error) {
	for try := 0; ; try++ {
		old, err = f.store(tx, &w, e, found)
		if !errors.Is(err, store.ErrBudget) {
			return old, err
		}
		if try == affordTries || !f.afford(tx, len(w.key)+len(w.value)+leastRecord) {
			return nil, f.overBudget()
		}
		if try > 0 {
			f.table.Squeeze() // none of the places that became free has fitted
		}
		e, found = f.table.Get(w.hash, w.key)
	}
}

// leastRecord is what a record has beside its key and value, about.
const leastRecord = 64

func (f *fragment) store(tx *partition.Tx, w *write, e store.Entry, found bool) (old []byte, err error) {
	var m store.Meta
	f.nextMeta(&m, tx.Now, e, found)
	f.setExpiry(&m, w.ttl, w.maxIdle, tx.Now)
	if w.meta != nil {
		due := m.Due
		m = *w.meta
		m.Due = due
	}
	wanted := f.wanted(tx)
	what := event.Added
	if w.event != 0 {
		what = w.event
	}
	if found {
		keep := false
		if !w.blind && w.event == 0 {
			what = event.Updated
		}
		if w.wantOld || wanted&what&(event.Updated|event.Merged) != 0 {
			old = e.Value()
			if keep = len(old) > scratchMax; !keep {
				old = tx.Keep(old)
			}
		}
		var was store.Entry
		was, e, err = f.table.Overwrite(e, w.value, &m, keep)
		if keep && err == nil {
			old = was.Value()
		}
	} else {
		// Room is made first: afterwards it would end the life of the views that the caller gets.
		f.makeRoom(tx)
		e, err = f.table.Insert(w.hash, w.key, w.value, &m)
	}
	if err != nil {
		return nil, err
	}
	effect := f.begin(tx, w.hash)
	if tx.Heard() {
		effect = appendPut(effect, w.key, w.value, &m)
	}
	tx.Commit(effect)
	f.noteNews(w.hash)
	f.schedule(e)
	if wanted != 0 {
		f.notify(tx, wanted, what, w.key, w.value, old, tx.Client())
	}
	f.count(puts)
	f.account()
	return old, nil
}

// nextMeta is what a write makes of an entry's counters: the first one creates it,
// each following one counts as an access too.
func (f *fragment) nextMeta(m *store.Meta, now int64, e store.Entry, found bool) {
	if !found {
		*m = store.Meta{Counters: f.counters, Created: now, Updated: now}
		return
	}
	e.LoadMeta(m)
	m.Version++
	if m.Counters {
		m.Updated, m.Accessed = now, now
		m.Hits = max(m.Hits, m.Hits+1) // stays where it can go no further
	}
}
