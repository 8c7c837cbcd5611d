package imap

import (
	"slices"
	"strings"
	"sync/atomic"
)

// counted is an operation that is counted.
type counted uint8

const (
	gets   counted = iota
	misses         // gets that found nothing: they are fewer than hits
	puts
	removes
	evictions
	expirations
	countedKinds
)

// stripes is how many counters of each operation a map has: partitions that run at the same time seldom count in the same line of the
// cache, and a fragment needs none of its own.
const stripes = 16

// counts are counters in a line of the cache.
type counts struct {
	n [countedKinds]atomic.Int64
	_ [64 - 8*countedKinds]byte
}

// count counts an operation, if the map wants that.
func (f *fragment) count(what counted) {
	if f.config.Statistics {
		f.shared.counts[f.part%stripes].n[what].Add(1)
	}
}

// figures are what a fragment holds. They are written under its partition's lock only, and read by anybody.
type figures struct {
	bytes   atomic.Int64
	entries atomic.Uint32
	// locks has the flag isPrimary besides.
	locks atomic.Uint32
}

const isPrimary = 1 << 31

// Stats are the figures of a map on this member (LocalMapStats). Operations are counted
// from the member's start, or from when it got a partition of the map.
type Stats struct {
	Name                                              string
	Gets, Hits, Puts, Removes, Evictions, Expirations int64
	// OwnedEntries and OwnedBytes are those of primaries, BackupEntries and BackupBytes those of backups.
	OwnedEntries, BackupEntries, OwnedBytes, BackupBytes, Locks int64
}

// bytes is the memory of the fragment's tables.
func (f *fragment) bytes() int64 {
	if !f.hasLocks() {
		return f.table.Bytes()
	}
	return f.table.Bytes() + f.locks.table.Bytes()
}

// account brings the figures up to date after a change. Most operations change none of them.
func (f *fragment) account() {
	if n := uint32(f.table.Len()); f.stats.entries.Load() != n {
		f.stats.entries.Store(n)
	}
	n := uint32(f.locks.len())
	if f.primary {
		n |= isPrimary
	}
	if f.stats.locks.Load() != n {
		f.stats.locks.Store(n)
	}
	bytes := f.bytes()
	if before := f.stats.bytes.Load(); before != bytes {
		f.stats.bytes.Store(bytes)
		f.shared.bytes.Add(bytes - before)
	}
}

// Stats returns the figures of all maps that have or had something on this member, in the order of their names. It takes no
// partition's lock.
func (s *Structure) Stats() []Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Stats, 0, len(s.byName))
	//nolint:maprange // sorted below
	for name, m := range s.byName {
		sum := Stats{Name: name}
		for _, f := range m.fragments {
			c := &f.stats
			if locks := c.locks.Load(); locks&isPrimary != 0 {
				sum.OwnedEntries += int64(c.entries.Load())
				sum.OwnedBytes += c.bytes.Load()
				sum.Locks += int64(locks &^ isPrimary)
			} else {
				sum.BackupEntries += int64(c.entries.Load())
				sum.BackupBytes += c.bytes.Load()
			}
		}
		for i := range m.counts {
			c := &m.counts[i].n
			missed := c[misses].Load() // first: a get is counted before it misses
			asked := c[gets].Load()
			sum.Gets += asked
			sum.Hits += asked - missed
			sum.Puts += c[puts].Load()
			sum.Removes += c[removes].Load()
			sum.Evictions += c[evictions].Load()
			sum.Expirations += c[expirations].Load()
		}
		all = append(all, sum)
	}
	slices.SortFunc(all, func(a, b Stats) int { return strings.Compare(a.Name, b.Name) })
	return all
}
