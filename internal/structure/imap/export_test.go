package imap

import (
	"fmt"
	"math"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// NewArena returns an arena for a test's entries.
func NewArena(t testing.TB) *store.Arena {
	t.Helper()
	a, err := store.NewArena()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Describe returns the state of all fragments, but for when entries were read.
func (s *Structure) Describe() (lines []string) {
	for _, stats := range s.Stats() {
		for _, f := range s.byName[stats.Name].fragments {
			f.locks.table.Scan(0, func(e store.Entry) bool {
				lines = append(lines, fmt.Sprintf("lock %q %+v", e.Key(), lockOf(e)))
				return true
			})
			f.locks.repeats.each(func(c *answeredCall) { lines = append(lines, fmt.Sprintf("call %+v", *c)) })
			f.table.Scan(0, func(e store.Entry) bool {
				m := e.Meta()
				m.Accessed, m.Hits, m.IdleSince, m.Due = 0, 0, 0, 0
				lines = append(lines, fmt.Sprintf("entry %q %q %+v", e.Key(), e.Value(), m))
				return true
			})
		}
	}
	return lines
}

// Planned is the number of items in all plans of expiry.
func (s *Structure) Planned() (n int) {
	for _, stats := range s.Stats() {
		for _, f := range s.byName[stats.Name].fragments {
			n += len(f.expiry.heap)
		}
	}
	return n
}

// FragmentCount is the number of fragments.
func (s *Structure) FragmentCount() (n int) {
	for _, stats := range s.Stats() {
		n += len(s.byName[stats.Name].fragments)
	}
	return n
}

// SumOf sums up the only fragment in steps of about limit bytes, and each step's range once more as a backup does; false if the two differ.
func (s *Structure) SumOf(limit int) (all partition.Sum, same bool) {
	f := s.byName[s.Stats()[0].Name].fragments[0]
	same = true
	for cursor, done := uint64(0), false; !done; {
		var step partition.Sum
		from := cursor
		step, cursor, done = f.Sum(cursor, math.MaxUint64, limit)
		end := cursor
		if done {
			end = math.MaxUint64
		}
		again, _, _ := f.Sum(from, end, int(step.Bytes)+1)
		same = same && step == again
		all.Entries += step.Entries
		all.Bytes += step.Bytes
		all.Hash += step.Hash
	}
	return all, same
}

// Damage changes an entry or a lock of the only fragment behind its back.
func (s *Structure) Damage(key string, locks bool, change func(value []byte, m *store.Meta)) {
	f := s.byName[s.Stats()[0].Name].fragments[0]
	t := &f.table
	if locks {
		t = &f.locks.table
	}
	e, found := t.Get(Hash([]byte(key)), []byte(key))
	if !found {
		panic("no entry " + key)
	}
	m := e.Meta()
	change(e.Value(), &m)
	if _, err := t.SetMeta(e, &m); err != nil {
		panic(err)
	}
}

// IsNews tells which of those keys the only fragment of the map m would merge into a cluster with which it shares the list of
// version ancestor, after members went by that of version last.
func (s *Structure) IsNews(ancestor, last int32, keys ...string) (news []string) {
	isNew, all := s.byName["m"].fragments[0].News(ancestor, last)
	for _, key := range keys {
		if all || isNew(appendPut(nil, []byte(key), nil, &store.Meta{})) {
			news = append(news, key)
		}
	}
	return news
}

// SumOnce sums up the only fragment in one step.
func (s *Structure) SumOnce() (partition.Sum, bool) {
	f := s.byName["m"].fragments[0]
	sum, _, done := f.Sum(0, math.MaxUint64, math.MaxInt)
	return sum, done
}
