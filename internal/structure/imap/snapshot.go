package imap

import "github.com/filbertgrid/filbert/internal/store"

// entriesCursor is where the cursors of entries begin: below are those of locks. Locks go first.
const entriesCursor = store.ScanEnd + 1

// Snapshot implements partition.Fragment.
func (f *fragment) Snapshot(cursor uint64, limit int, emit func(effect []byte)) (next uint64, done bool) {
	var effect []byte
	if cursor < entriesCursor {
		next, done = f.locks.table.Scan(cursor, func(e store.Entry) bool {
			l := lockOf(e)
			effect = appendLock(effect[:0], e.Key(), &l)
			emit(effect)
			limit -= len(effect)
			return limit > 0
		})
		if !done {
			return next, false
		}
		cursor = entriesCursor
		if limit <= 0 {
			return cursor, false
		}
	}
	next, done = f.table.Scan(cursor-entriesCursor, func(e store.Entry) bool {
		m := e.Meta()
		effect = appendPut(effect[:0], e.Key(), e.Value(), &m)
		emit(effect)
		limit -= len(effect)
		return limit > 0
	})
	return next + entriesCursor, done
}
