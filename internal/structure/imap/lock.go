package imap

import (
	"errors"
	"fmt"
	"math"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// Lock locks a key for (the client, thread), also a key without entry (MapLock). lease is in ms, negative for
// ever; after it the lock is released. An owner may lock again and must unlock as often. A repetition of a recent
// call, by the same reference (0: none), changes nothing. Lock parks while another owner holds
// the key, without end.
func (*Structure) Lock(tx *partition.Tx, name, key []byte, thread, reference, lease int64) error {
	f, hash := open(tx, name), keyHash(tx, key)
	if _, repeated := f.locks.repeats.find(tx.Client(), reference); repeated {
		f.saw(tx, hash)
		return nil
	}
	if err := f.wait(tx, hash, key, thread, -1); err != nil {
		return err
	}
	return f.acquire(tx, hash, key, thread, reference, lease)
}

// TryLock is Lock that gives up, with false, after timeout ms (MapTryLock).
func (*Structure) TryLock(tx *partition.Tx, name, key []byte, thread, reference, lease, timeout int64) (bool, error) {
	f, hash := open(tx, name), keyHash(tx, key)
	if taken, repeated := f.locks.repeats.find(tx.Client(), reference); repeated {
		f.saw(tx, hash)
		return taken, nil
	}
	if free, err := f.tryWait(tx, hash, key, thread, timeout); !free {
		if err == nil {
			f.refuse(tx, hash, reference)
		}
		return false, err
	}
	err := f.acquire(tx, hash, key, thread, reference, lease)
	return err == nil, err
}

// Unlock releases a lock once (MapUnlock). It returns ErrNotLockOwner, with
// the owner in the text, if (the client, thread) does not hold it.
func (*Structure) Unlock(tx *partition.Tx, name, key []byte, thread, reference int64) error {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		if reference == 0 {
			return notOwner(nil)
		}
		f = open(tx, name) // which remembers that it was refused
	}
	f.saw(tx, hash)
	released, repeated := f.locks.repeats.find(tx.Client(), reference)
	if repeated && released {
		return nil
	}
	l, found := f.locks.get(tx.Now, hash, key)
	switch {
	case repeated && found:
		return notOwner(&l)
	case repeated:
		return notOwner(nil)
	case !found:
		f.refuse(tx, hash, reference)
		return notOwner(nil)
	case !l.heldBy(tx.Client(), thread):
		f.refuse(tx, hash, reference)
		return notOwner(&l)
	case reference != 0 && l.reference == reference:
		return nil
	case l.count > 1:
		l.count--
		l.reference = reference
		return f.setLock(tx, hash, key, &l)
	}
	f.unlock(tx, hash, key, reference)
	return nil
}

// notOwner is the error for who does not hold a lock; nil for one that nobody holds.
func notOwner(l *lock) error {
	if l == nil {
		return fmt.Errorf("%w -> <not-locked>", ErrNotLockOwner)
	}
	return fmt.Errorf("%w -> Owner: %s, thread ID: %d", ErrNotLockOwner, l.owner, l.thread)
}

// ForceUnlock releases a lock whoever holds it, however often (MapForceUnlock). A repetition of a recent call
// changes nothing: somebody else may hold the lock by then.
func (*Structure) ForceUnlock(tx *partition.Tx, name, key []byte, reference int64) {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		if reference == 0 {
			return
		}
		f = open(tx, name)
	}
	f.saw(tx, hash)
	if _, repeated := f.locks.repeats.find(tx.Client(), reference); repeated {
		return
	}
	if _, found := f.locks.table.Get(hash, key); !found {
		f.refuse(tx, hash, reference)
		return
	}
	f.unlock(tx, hash, key, reference)
}

// IsLocked tells whether anybody holds the lock of a key (MapIsLocked).
func (*Structure) IsLocked(tx *partition.Tx, name, key []byte) bool {
	hash := keyHash(tx, key)
	f := known(tx, name, hash)
	if f == nil {
		return false
	}
	f.saw(tx, hash)
	return f.locked(tx.Now, hash, key)
}

// locked tells whether anybody holds the lock of a key.
func (f *fragment) locked(now int64, hash uint32, key []byte) bool {
	_, found := f.locks.get(now, hash, key)
	return found
}

// wait returns nil if (the client, thread) may change the key. Otherwise it parks, for at
// most timeout ms (negative: without end), and returns ErrParked; or
// ErrLockTimeout if that time is over.
func (f *fragment) wait(tx *partition.Tx, hash uint32, key []byte, thread, timeout int64) error {
	if f.locks.len() == 0 {
		return nil
	}
	l, found := f.locks.get(tx.Now, hash, key)
	if !found || l.heldBy(tx.Client(), thread) {
		return nil
	}
	if tx.Expired || timeout == 0 {
		f.saw(tx, hash)
		return ErrLockTimeout
	}
	tx.Park(hash^f.salt, timeout, l.deadline) // a tick of the fragment may come later
	return ErrParked
}

// tryWait is wait for verbs that answer false when the time is over.
func (f *fragment) tryWait(tx *partition.Tx, hash uint32, key []byte, thread, timeout int64) (free bool, err error) {
	err = f.wait(tx, hash, key, thread, max(timeout, 0))
	if errors.Is(err, ErrLockTimeout) {
		return false, nil
	}
	return err == nil, err
}

// acquire takes the lock of a key that is free or the caller's.
func (f *fragment) acquire(tx *partition.Tx, hash uint32, key []byte, thread, reference, lease int64) error {
	l, found := f.locks.get(tx.Now, hash, key)
	switch {
	case found && reference != 0 && l.reference == reference:
		f.saw(tx, hash)
		return nil
	case found:
		l.count++
	case f.locks.len() >= maxLocks:
		return ErrTooManyLocks
	default:
		l = lock{owner: tx.Client(), thread: thread, count: 1}
	}
	l.reference = reference
	l.deadline = math.MaxInt64
	if lease >= 0 && lease < math.MaxInt64-tx.Now {
		l.deadline = tx.Now + lease
	}
	return f.setLock(tx, hash, key, &l)
}

// setLock sets the lock of a key as the caller's call has made it, by the lock's reference.
func (f *fragment) setLock(tx *partition.Tx, hash uint32, key []byte, l *lock) error {
	if err := f.ownLocks().put(hash, key, l); err != nil {
		if errors.Is(err, store.ErrBudget) {
			err = f.overBudget()
		}
		return err
	}
	c := answeredCall{tx.Client(), l.reference, true}
	tx.Commit(f.tellCall(appendLock(f.begin(tx, hash), key, l), c))
	f.noteCall(tx.Now, c)
	return nil
}

// unlock takes a lock away and wakes those that wait for it. reference is that of the call, 0 if time does it.
func (f *fragment) unlock(tx *partition.Tx, hash uint32, key []byte, reference int64) {
	c := answeredCall{tx.Client(), reference, true}
	tx.Commit(f.tellCall(appendUnlock(f.begin(tx, hash), key), c))
	f.noteCall(tx.Now, c)
	f.locks.remove(hash, key)
	tx.Wake(hash ^ f.salt)
}

// endLeases releases the locks whose lease is over.
func (f *fragment) endLeases(tx *partition.Tx) {
	if f.locks.len() == 0 {
		return
	}
	f.releaseLocks(tx, func(l *lock) bool { return l.deadline <= tx.Now })
	next := int64(math.MaxInt64)
	f.locks.table.Scan(0, func(e store.Entry) bool {
		l := lockOf(e)
		next = min(next, l.deadline)
		return true
	})
	f.locks.nextLease = next
}

// releaseLocks releases all locks that are to go.
func (f *fragment) releaseLocks(tx *partition.Tx, goes func(l *lock) bool) {
	var cursor uint64
	for {
		var victim store.Entry
		found := false
		_, done := f.locks.table.Scan(cursor, func(e store.Entry) bool {
			l := lockOf(e)
			if !found && goes(&l) {
				victim, found = e, true
			}
			return !found
		})
		if !found {
			return
		}
		// Others of the same hash are still to be seen.
		cursor = uint64(victim.Hash())
		key := append([]byte(nil), victim.Key()...)
		f.unlock(tx, victim.Hash(), key, 0)
		if done && f.locks.len() == 0 {
			return
		}
	}
}
