package imap

import (
	"bytes"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// Remove removes an entry and returns its value, or nil if there was none
// (MapRemove, MapDelete). It parks while another owner holds the key's lock.
func (s *Structure) Remove(tx *partition.Tx, name, key []byte, thread int64) (old []byte, err error) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return nil, nil
	}
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return nil, err
	}
	e, found := f.live(tx, hash, key)
	if !found {
		f.saw(tx, hash)
		f.count(removes)
		return nil, nil
	}
	return f.remove(tx, e, event.Removed), nil
}

// RemoveIfSame removes an entry if it has that value (MapRemoveIfSame). It
// parks while another owner holds the key's lock.
func (s *Structure) RemoveIfSame(tx *partition.Tx, name, key, value []byte, thread int64) (bool, error) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return false, nil
	}
	if err := f.wait(tx, hash, key, thread, s.options.Wait); err != nil {
		return false, err
	}
	e, found := f.live(tx, hash, key)
	if !found || !bytes.Equal(e.Value(), value) {
		f.saw(tx, hash)
		return false, nil
	}
	f.remove(tx, e, event.Removed)
	return true, nil
}

// TryRemove removes an entry and tells whether there was one; it gives up, with false, when the key stays
// locked by another owner for longer than timeout, in ms (MapTryRemove).
func (*Structure) TryRemove(tx *partition.Tx, name, key []byte, thread, timeout int64) (bool, error) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return false, nil
	}
	if free, err := f.tryWait(tx, hash, key, thread, timeout); !free {
		return false, err
	}
	e, found := f.live(tx, hash, key)
	if !found {
		f.saw(tx, hash)
		f.count(removes)
		return false, nil
	}
	f.remove(tx, e, event.Removed)
	return true, nil
}

// Evict removes an entry without telling a map store and tells whether there was one (MapEvict). Like Hazelcast's it
// waits for the lock of another owner, and says false when its time is over.
func (s *Structure) Evict(tx *partition.Tx, name, key []byte, thread int64) (bool, error) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return false, nil
	}
	if free, err := f.tryWait(tx, hash, key, thread, s.options.Wait); !free {
		return false, err
	}
	e, found := f.live(tx, hash, key)
	if !found {
		f.saw(tx, hash)
		return false, nil
	}
	f.remove(tx, e, event.Evicted)
	return true, nil
}

// remove removes an entry that a client wants to be removed and returns its value.
func (f *fragment) remove(tx *partition.Tx, e store.Entry, what event.Type) (old []byte) {
	hash, key, old := e.Hash(), e.Key(), e.Value()
	tx.Commit(appendRemove(f.begin(tx, hash), key))
	if wanted := f.wanted(tx); wanted != 0 {
		f.notify(tx, wanted, what, key, nil, old, tx.Client())
	}
	f.table.Remove(e)
	if what == event.Removed {
		f.count(removes)
	}
	f.account()
	return old
}
