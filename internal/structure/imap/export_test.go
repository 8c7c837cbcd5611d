package imap

import (
	"fmt"

	"github.com/filbertgrid/filbert/internal/store"
)

// Describe returns the state of all fragments, but for when entries were read.
func (s *Structure) Describe() (lines []string) {
	for _, stats := range s.Stats() {
		for _, f := range s.byName[stats.Name].fragments {
			f.locks.table.Scan(0, func(e store.Entry) bool {
				lines = append(lines, fmt.Sprintf("lock %q %+v", e.Key(), lockOf(e)))
				return true
			})
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
