package store

import (
	"encoding/binary"

	"github.com/filbertgrid/filbert/internal/invariant"
)

// tableCost is the memory of a Table itself.
const tableCost = 144

// Table is a hash table in an arena. It needs the lock of its owner for every call, and Reset when it is not used any more.
type Table struct {
	hash  func(key []byte) uint32
	index index
	log   log
}

// MakeTable returns an empty table. It takes no memory of the arena before the first entry.
//
// The hash of a key must be spread evenly over all 32 bits and be the same for the same key on every member, because
// cursors travel.
func MakeTable(a *Arena, hash func(key []byte) uint32) Table {
	return Table{hash: hash, index: index{arena: a}, log: log{arena: a}}
}

// Limit says whether the budget of the arena counts for this table: whether Insert, and Overwrite with more than there is room for,
// are refused beyond it. A table begins without.
func (t *Table) Limit(limited bool) { t.log.limited = limited }

// Len is the number of entries.
func (t *Table) Len() int { return int(t.index.count) }

// Bytes is all memory that the table owns, in bytes.
func (t *Table) Bytes() int64 { return tableCost + t.log.bytes() + t.index.bytes() }

// Get returns the entry of a key, and whether there is one. hash is the key's.
func (t *Table) Get(hash uint32, key []byte) (Entry, bool) {
	if t.index.count == 0 {
		return Entry{}, false
	}
	words, i := t.index.place(hash)
	for ; i < len(words) && uint32(words[i]>>32) == hash; i++ {
		if e := t.entry(words[i]); e.hasKey(key) {
			return e, true
		}
	}
	return Entry{}, false
}

// entry returns the entry of a word of the index.
func (t *Table) entry(word uint64) Entry {
	ref := uint32(word)
	return Entry{rec: t.log.at(ref), hash: uint32(word >> 32), ref: ref}
}

// Insert adds an entry whose key is not in the table. Neither slice may be a view on the table.
func (t *Table) Insert(hash uint32, key, value []byte, m *Meta) (Entry, error) {
	if invariant.Enabled {
		_, found := t.Get(hash, key)
		invariant.Check(!found, "an inserted key is not in the table")
		invariant.Check(t.hash(key) == hash, "a key is inserted with its hash")
	}
	t.Tidy()
	if err := t.index.room(hash); err != nil {
		return Entry{}, t.undo(err)
	}
	e, err := t.make(hash, len(key), len(value), m, t.log.limited)
	if err != nil {
		return Entry{}, t.undo(err)
	}
	copy(e.Key(), key)
	copy(e.Value(), value)
	t.index.insert(hash, e.ref)
	return e, nil
}

// undo leaves nothing behind in an empty table to which nothing could be added.
func (t *Table) undo(err error) error {
	if t.index.count == 0 {
		t.Reset()
	}
	return err
}

// Overwrite gives an entry another value and other times, and returns it. The value must not
// be a view on the table. With keep set the old record stays where it is, and was shows it until the next change;
// else was must not be used. After an error the entry is as it was, but must be looked up anew.
func (t *Table) Overwrite(e Entry, value []byte, m *Meta, keep bool) (was, is Entry, err error) {
	flags := m.flags()
	size := recordSize(flags, len(e.Key()), len(value))
	if !keep && flags == e.rec[offFlags] && size <= len(e.rec) && fits(size, len(e.rec)) {
		t.log.settle()
		binary.LittleEndian.PutUint32(e.rec[offValueLen:], uint32(len(value)))
		e.rec[offSlack] = byte((len(e.rec) - size) / unit)
		e.writeMeta(m)
		copy(e.Value(), value)
		return e, e, nil
	}
	return t.relocate(t.tidy(e), value, m, false, t.log.limited && size > len(e.rec))
}

// SetMeta gives an entry other times and counters, and returns it.
func (t *Table) SetMeta(e Entry, m *Meta) (Entry, error) {
	if m.flags() == e.rec[offFlags] {
		e.writeMeta(m)
		return e, nil
	}
	_, e, err := t.relocate(t.tidy(e), nil, m, true, false)
	return e, err
}

// Remove takes an entry away. What it showed stays readable until the next change.
func (t *Table) Remove(e Entry) {
	t.log.settle()
	t.index.remove(e.hash, e.ref)
	t.log.drop(e.ref, e.rec)
}

// Tidy gives memory back that is not needed: it moves the records of at most one chunk
// together. Changes that add a record do it first, so only a table from which entries are removed
// wants it from time to time.
func (t *Table) Tidy() { t.tidy(Entry{}) }

// Squeeze moves the records of the emptiest chunk together, however little that gives back. It takes some 50 µs.
func (t *Table) Squeeze() {
	t.log.settle()
	if id, found := t.log.emptiest(false); found && t.index.count > 0 {
		t.compact(id, Entry{})
	}
}

// tidy is Tidy for a caller that holds an entry, which it returns from where it is afterwards.
func (t *Table) tidy(held Entry) Entry {
	t.log.settle()
	if t.index.count == 0 {
		t.Reset()
		return held
	}
	share := int64(8)
	if t.log.arena.Tight() {
		share = 16
	}
	if waste := t.log.waste(); waste < wasteMin || waste <= t.log.small/share {
		return held
	}
	if id, found := t.log.emptiest(false); found {
		held = t.compact(id, held)
	}
	return held
}

// Reset removes all entries and gives all memory back. However many they are, it takes no longer than to remove a few: see garbage.go.
func (t *Table) Reset() {
	if x, l := &t.index, &t.log; len(x.leaves)+len(l.chunks) > freedAtOnce {
		x.arena.discard(remains{x.leaves, l.chunks}, int64(x.words)*8+l.small+int64(l.big)*pageSize)
		*x, *l = index{arena: x.arena}, log{arena: l.arena, limited: l.limited}
		return
	}
	t.index.reset()
	t.log.reset()
}

// make makes room for a record and writes its header.
func (t *Table) make(hash uint32, key, value int, m *Meta, limited bool) (Entry, error) {
	flags := m.flags()
	rec, ref, err := t.log.alloc(recordSize(flags, key, value), limited)
	if err != nil {
		return Entry{}, err
	}
	slack := rec[offSlack]
	rec[offFlags] = flags
	writeLengths(rec, key, value)
	rec[offSlack] = slack
	e := Entry{rec: rec, hash: hash, ref: ref}
	e.writeMeta(m)
	return e, nil
}

// relocate writes an entry anew, with another value or its own, and drops its old record.
func (t *Table) relocate(e Entry, value []byte, m *Meta, own, limited bool) (was, is Entry, err error) {
	size := len(value)
	if own {
		size = len(e.Value())
	}
	is, err = t.make(e.hash, len(e.Key()), size, m, limited)
	if err != nil {
		return Entry{}, Entry{}, err
	}
	e.rec = t.log.at(e.ref) // it may have moved
	if own {
		value = e.Value()
	}
	copy(is.Key(), e.Key())
	copy(is.Value(), value)
	t.index.move(e.hash, e.ref, is.ref)
	t.log.drop(e.ref, e.rec)
	return e, is, nil
}

// compact moves the live records of a chunk to the end of the log and frees the chunk.
func (t *Table) compact(id uint32, held Entry) Entry {
	l := &t.log
	if l.tail == id+1 {
		l.tail = 0
	}
	l.refill = 0
	c := l.chunks[id]
	l.chunks[id].hole = 0
	if l.arena.Tight() && l.tailRoom() < int(c.live) && l.open(int(c.size), false) != nil {
		return held // where memory is short, what replaces a chunk is not larger
	}
	b := l.bytesOf(&c)
	for at := 0; at < len(b); {
		rec, dead, end := next(b, at)
		if !dead {
			moved, to, err := l.alloc(len(rec)-int(rec[offSlack])*unit, false)
			if err != nil {
				return held // No room: the rest stays where it is.
			}
			slack := moved[offSlack]
			copy(moved, rec)
			moved[offSlack] = slack
			from := id<<unitBits | uint32(at/unit)
			e := Entry{rec: moved, ref: to}
			e.hash = t.hash(e.Key())
			t.index.move(e.hash, from, to)
			if held.rec != nil && held.ref == from {
				held = e
			}
			rec[offFlags] |= flagDead
			l.chunks[id].live -= uint32(len(rec))
			l.live -= int64(len(rec))
		}
		at = end
	}
	l.recycle(id)
	return held
}
