package imap

import (
	"slices"
	"strings"
	"sync/atomic"
)

// count is written under its partition's lock only, and read by anybody.
type count struct{ atomic.Int64 }

// inc needs no atomic addition: there is one writer at a time.
func (c *count) inc() { c.Store(c.Load() + 1) }

// counts are the figures of a fragment.
type counts struct {
	gets, hits, puts, removes, evictions, expirations count
	entries, bytes, locks                             count
	primary                                           atomic.Bool
}

// Stats are the figures of a map on this member (LocalMapStats). Operations are counted
// from the member's start, or from when it got a partition of the map.
type Stats struct {
	Name                                              string
	Gets, Hits, Puts, Removes, Evictions, Expirations int64
	// OwnedEntries and OwnedBytes are those of primaries, BackupEntries and BackupBytes those of backups.
	OwnedEntries, BackupEntries, OwnedBytes, BackupBytes, Locks int64
}

// account brings the figures up to date after a change.
func (f *fragment) account() {
	f.stats.entries.Store(int64(f.table.Len()))
	f.stats.locks.Store(int64(f.locks.len()))
	f.stats.primary.Store(f.primary)
	bytes := f.table.Bytes() + f.locks.table.Bytes()
	if before := f.stats.bytes.Load(); before != bytes {
		f.stats.bytes.Store(bytes)
		f.shared.bytes.Add(bytes - before)
	}
}

// addOperations adds what the fragment has counted, if its map wants that.
func (f *fragment) addOperations(sum *Stats) {
	if !f.config.Statistics {
		return
	}
	c := &f.stats
	sum.Gets += c.gets.Load()
	sum.Hits += c.hits.Load()
	sum.Puts += c.puts.Load()
	sum.Removes += c.removes.Load()
	sum.Evictions += c.evictions.Load()
	sum.Expirations += c.expirations.Load()
}

// Stats returns the figures of all maps that have or had something on this member, in the order of their names. It takes no
// partition's lock.
func (s *Structure) Stats() []Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Stats, 0, len(s.byName))
	//nolint:maprange // sorted below
	for name, m := range s.byName {
		sum := m.past
		sum.Name = name
		for _, f := range m.fragments {
			c := &f.stats
			if c.primary.Load() {
				sum.OwnedEntries += c.entries.Load()
				sum.OwnedBytes += c.bytes.Load()
				sum.Locks += c.locks.Load()
			} else {
				sum.BackupEntries += c.entries.Load()
				sum.BackupBytes += c.bytes.Load()
			}
			f.addOperations(&sum)
		}
		all = append(all, sum)
	}
	slices.SortFunc(all, func(a, b Stats) int { return strings.Compare(a.Name, b.Name) })
	return all
}
