package store

import (
	"encoding/binary"
	"math"

	"github.com/filbertgrid/filbert/internal/invariant"
)

// tableCost is the memory of a Table itself.
const tableCost = 192

// Table is the hash table. The zero Table is empty and ready. It needs the lock of its owner for every call.
//
// The hash of a key is the caller's; it must be spread evenly over all 32 bits and be the
// same for the same key on every member, because cursors travel.
type Table struct {
	index index
	log   log
}

// Len is the number of entries.
func (t *Table) Len() int { return t.index.count }

// Bytes is all memory that the table owns, in bytes.
func (t *Table) Bytes() int64 { return tableCost + t.log.bytes() + t.index.bytes }

// Get returns the entry of a key, and whether there is one.
func (t *Table) Get(hash uint32, key []byte) (Entry, bool) {
	if t.index.count == 0 {
		return Entry{}, false
	}
	leaf := t.index.leaves[t.index.leaf(hash)]
	for i := seek(leaf, hash); i < len(leaf) && uint32(leaf[i]>>32) == hash; i++ {
		ref := uint32(leaf[i])
		if e := (Entry{rec: t.log.at(ref), ref: ref}); e.hasKey(key) {
			return e, true
		}
	}
	return Entry{}, false
}

// Insert adds an entry whose key is not in the table. Neither slice may be a view on the table.
func (t *Table) Insert(hash uint32, key, value []byte, m *Meta) (Entry, error) {
	if invariant.Enabled {
		_, found := t.Get(hash, key)
		invariant.Check(!found, "an inserted key is not in the table")
	}
	t.Tidy()
	e, err := t.append(hash, key, value, m)
	if err != nil {
		return Entry{}, err
	}
	t.index.insert(hash, e.ref)
	return e, nil
}

// Overwrite gives an entry another value and other times, and returns it. The value must not
// be a view on the table. With keep set the old record stays where it is, and was shows it until the next change;
// else was must not be used.
func (t *Table) Overwrite(e Entry, value []byte, m *Meta, keep bool) (was, is Entry, err error) {
	flags := m.flags()
	size := recordSize(flags, len(e.Key()), len(value))
	// In place if it fits and does not waste too much.
	if slack := (len(e.rec) - size) / unit; !keep && flags == e.rec[offFlags] && size <= len(e.rec) &&
		slack <= math.MaxUint8 && len(e.rec)-size <= len(e.rec)/4 {
		t.log.settle()
		binary.LittleEndian.PutUint32(e.rec[offValueLen:], uint32(len(value)))
		e.rec[offSlack] = byte(slack)
		e.writeMeta(m)
		copy(e.Value(), value)
		return e, e, nil
	}
	e = t.tidy(e)
	is, err = t.relocate(e, value, m)
	return e, is, err
}

// SetMeta gives an entry other times and counters, and returns it.
func (t *Table) SetMeta(e Entry, m *Meta) (Entry, error) {
	if m.flags() == e.rec[offFlags] {
		e.writeMeta(m)
		return e, nil
	}
	e = t.tidy(e)
	return t.relocate(e, e.Value(), m)
}

// Remove takes an entry away. What it showed stays readable until the next change.
func (t *Table) Remove(e Entry) {
	t.log.settle()
	t.index.remove(e.Hash(), e.ref)
	t.log.drop(e)
}

// Tidy gives memory back that is not needed: it moves the records of at most one chunk
// together. Changes that add a record do it first, so only a table from which entries are removed
// wants it from time to time.
func (t *Table) Tidy() { t.tidy(Entry{}) }

// tidy is Tidy for a caller that holds an entry, which it returns from where it is afterwards.
func (t *Table) tidy(held Entry) Entry {
	t.log.settle()
	if t.index.count == 0 {
		if len(t.log.chunks) > 0 || t.log.spare != nil {
			t.Reset()
		}
		return held
	}
	if waste := t.log.waste(); waste < wasteMin || waste <= t.log.small/4 {
		return held
	}
	if id, found := t.log.emptiest(); found {
		held = t.compact(id, held)
	}
	return held
}

// Reset removes all entries and gives all memory back.
func (t *Table) Reset() { *t = Table{} }

// append writes a record at the end of the log.
func (t *Table) append(hash uint32, key, value []byte, m *Meta) (Entry, error) {
	flags := m.flags()
	e, err := t.log.alloc(recordSize(flags, len(key), len(value)))
	if err != nil {
		return Entry{}, err
	}
	binary.LittleEndian.PutUint32(e.rec, hash)
	binary.LittleEndian.PutUint32(e.rec[offKeyLen:], uint32(len(key)))
	binary.LittleEndian.PutUint32(e.rec[offValueLen:], uint32(len(value)))
	e.rec[offSlack] = 0
	e.writeMeta(m)
	copy(e.Key(), key)
	copy(e.Value(), value)
	return e, nil
}

// relocate writes an entry anew at the end of the log and drops its old record.
func (t *Table) relocate(e Entry, value []byte, m *Meta) (Entry, error) {
	hash := e.Hash()
	moved, err := t.append(hash, e.Key(), value, m)
	if err != nil {
		return Entry{}, err
	}
	t.index.move(hash, e.ref, moved.ref)
	t.log.drop(e)
	return moved, nil
}

// compact moves the live records of a chunk to the end of the log and frees the chunk.
func (t *Table) compact(id uint32, held Entry) Entry {
	if t.log.tail == id+1 {
		t.log.tail = 0
	}
	c := t.log.chunks[id]
	for at := uint32(0); at < c.used; {
		rec, dead, end := c.next(at)
		if !dead {
			moved, err := t.log.alloc(len(rec) - int(rec[offSlack])*unit)
			if err != nil {
				return held // No number for another chunk: the rest stays where it is.
			}
			copy(moved.rec, rec)
			moved.rec[offSlack] = 0
			ref := id<<unitBits | at/unit
			t.index.move(recordHash(rec), ref, moved.ref)
			if held.rec != nil && held.ref == ref {
				held = moved
			}
			rec[offFlags] |= flagDead
			t.log.chunks[id].live -= uint32(len(rec))
			t.log.live -= int64(len(rec))
		}
		at = end
	}
	t.log.recycle(id)
	return held
}
