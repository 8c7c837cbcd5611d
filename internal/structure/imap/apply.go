package imap

import (
	"fmt"

	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/store"
)

// Apply implements partition.Fragment.
func (f *fragment) Apply(effect []byte) error {
	r := packed.NewReader(effect)
	var err error
	switch kind := r.Byte(); kind {
	case effectPut:
		err = f.applyPut(&r)
	case effectRemove:
		if key := r.Bytes(); r.Err() == nil {
			if e, found := f.table.Get(Hash(key), key); found {
				f.table.Remove(e)
				f.table.Tidy()
			}
		}
	case effectClear:
		err = f.applyClear(&r)
	case effectLock:
		key, l := r.Bytes(), readLock(&r)
		if r.Err() == nil {
			err = f.ownLocks().put(Hash(key), key, &l)
			f.applyCall(&r)
		}
	case effectUnlock:
		if key := r.Bytes(); r.Err() == nil {
			f.locks.remove(Hash(key), key) // of noLocks, too: there is nothing to change
			f.applyCall(&r)
		}
	case effectAccess:
		f.applyAccess(&r)
	case effectMeta:
		err = f.applyMeta(&r)
	case effectNews:
		f.applyNews(&r)
	case effectCalls:
		f.applyCalls(&r)
	default:
		return fmt.Errorf("%w: kind %d", ErrBadEffect, kind)
	}
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadEffect, err)
	}
	f.account()
	return nil
}

func (f *fragment) applyPut(r *packed.Reader) error {
	m := readState(r)
	key, value := r.Bytes(), r.Bytes()
	if r.Err() != nil {
		return r.Err()
	}
	hash := Hash(key)
	e, found := f.table.Get(hash, key)
	var err error
	if found {
		_, _, err = f.table.Overwrite(e, value, &m, false)
	} else {
		_, err = f.table.Insert(hash, key, value, &m)
	}
	f.noteNews(hash)
	return err
}

// applyMeta changes nothing if there is no such entry: a receiver of a copy gets the entry with its newer state.
func (f *fragment) applyMeta(r *packed.Reader) error {
	m := readState(r)
	key := r.Bytes()
	if r.Err() != nil {
		return r.Err()
	}
	e, found := f.table.Get(Hash(key), key)
	if !found {
		return nil
	}
	_, err := f.table.SetMeta(e, &m)
	return err
}

func (f *fragment) applyClear(r *packed.Reader) error {
	kept := f.s.newTable()
	var err error
	for n := r.Count(1); n > 0 && r.Err() == nil && err == nil; n-- {
		err = f.keep(&kept, r.Bytes())
	}
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		kept.Reset()
		return err
	}
	f.replace(kept)
	return nil
}

// replace removes all entries but those that have been kept.
func (f *fragment) replace(kept store.Table) {
	f.table.Reset()
	f.table = kept
	f.limit()
}

// keep copies the entry of a key, if there is one, to a table that will replace the fragment's.
func (f *fragment) keep(kept *store.Table, key []byte) error {
	hash := Hash(key)
	e, found := f.table.Get(hash, key)
	if _, twice := kept.Get(hash, key); !found || twice {
		return nil
	}
	m := e.Meta()
	_, err := kept.Insert(hash, key, e.Value(), &m)
	return err
}

func (f *fragment) applyAccess(r *packed.Reader) {
	for n := r.Count(6); n > 0 && r.Err() == nil; n-- {
		hash, at, hits := r.Uint32(), int64(r.Uvarint()), uint32(r.Uvarint())
		f.table.Same(hash, func(e store.Entry) {
			e.SetAccess(at, hits)
			e.SetIdleSince(at)
		})
	}
}
