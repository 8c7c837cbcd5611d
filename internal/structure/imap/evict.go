package imap

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

const (
	// sampleSize is how many entries one eviction chooses from, as in Hazelcast.
	sampleSize = 15
	// evictStep is how many entries go before one is inserted: more than come, so that a lowered limit is reached.
	evictStep = 2
	// shrinkStep is how many entries one Tick evicts, at some 2 µs each.
	shrinkStep = 50

	// excess is the share of the budget by which it must be exceeded before entries go that nobody's write wants to replace: what they
	// leave becomes free memory only when whole chunks have been emptied.
	excess = 32

	megabyte = 1 << 20
)

// makeRoom evicts entries if there are as many as there may be before another is inserted.
func (f *fragment) makeRoom(tx *partition.Tx) {
	if f.config.Eviction.Policy == EvictNone {
		return
	}
	for range evictStep {
		if !f.over(1) {
			return
		}
		if _, found := f.evictOne(tx); !found {
			return
		}
	}
}

// shrink evicts entries if there are more than there may be, or if the member is beyond its budget: by what it backs up, or by a copy that
// it has got.
func (f *fragment) shrink(tx *partition.Tx) {
	if f.config.Eviction.Policy == EvictNone {
		return
	}
	for range shrinkStep {
		over := f.over(0)
		if !over && !f.excessive() {
			return
		}
		if _, found := f.evictOne(tx); !found {
			return
		}
		if !over {
			f.s.evicted.Inc()
		}
	}
}

// over tells whether the fragment has too many entries, with more of them on their way.
func (f *fragment) over(more int) bool {
	size := f.config.Eviction.Size
	if size <= 0 || f.table.Len() == 0 {
		return false
	}
	switch f.config.Eviction.MaxSize {
	case PerNode:
		// Each partition has the same share of what all members together may hold (manual: "Map Eviction"); at
		// least one entry, or a map smaller than the partition count could hold nothing.
		share := float64(size) * float64(f.s.options.Members()) / float64(f.s.options.Partitions)
		return float64(f.table.Len()+more) > max(share, 1)
	case PerPartition:
		return int64(f.table.Len()+more) > size
	case UsedHeapSize:
		return f.shared.bytes.Load() > size*megabyte
	case UsedHeapPercentage:
		limit, _ := f.memory()
		return limit > 0 && f.shared.bytes.Load() > limit/100*size
	case FreeHeapSize:
		limit, used := f.memory()
		return limit > 0 && limit-used < size*megabyte
	case FreeHeapPercentage:
		limit, used := f.memory()
		return limit > 0 && limit-used < limit/100*size
	}
	return false
}

// memory is the member's budget, 0 if there is none, and what all maps take of it.
func (f *fragment) memory() (limit, used int64) {
	return f.s.options.Arena.Budget(), f.s.options.Arena.Used()
}

// afford evicts entries, if the map does, until another one of size bytes finds room: twice as much as it needs, since not every place
// fits it. It tells whether anything has become free.
func (f *fragment) afford(tx *partition.Tx, size int) bool {
	if f.config.Eviction.Policy == EvictNone {
		return false
	}
	freed := 0
	for step := 0; step < shrinkStep && freed < 2*size; step++ {
		size, found := f.evictOne(tx)
		if !found {
			break
		}
		freed += size
		f.s.evicted.Inc()
	}
	return freed > 0
}

// overBudget is the error of a write that finds no room.
func (f *fragment) overBudget() error {
	f.s.refused.Inc()
	limit, used := f.memory()
	return fmt.Errorf("%w: entries take %d of %d bytes; remove some, let map %s evict (eviction-policy), add members, "+
		"or raise filbert.memory.budget.percent", ErrBudget, used, limit, strconv.Quote(f.shared.name))
}

// excessive tells whether the member is so far beyond its budget that entries shall go.
func (f *fragment) excessive() bool {
	limit, used := f.memory()
	return limit > 0 && used > limit+limit/excess
}

// evictOne removes the entry that the policy can best spare of a sample, and returns its size; found tells whether there was one that
// is not locked.
func (f *fragment) evictOne(tx *partition.Tx) (size int, found bool) {
	if f.extra.random == nil {
		f.extra.random = rand.New(rand.NewPCG(f.s.options.Seed^uint64(f.salt), uint64(f.part)))
	}
	var victim store.Entry
	best := int64(0)
	f.table.Sample(sampleSize, f.extra.random, func(e store.Entry) {
		score := f.worth(e)
		if (found && score >= best) || f.locked(tx.Now, e.Hash(), e.Key()) {
			return
		}
		victim, best, found = e, score, true
	})
	if found {
		size = victim.Size()
		f.drop(tx, victim, event.Evicted)
	}
	return size, found
}

// worth is how much the policy wants to keep an entry.
func (f *fragment) worth(e store.Entry) int64 {
	switch f.config.Eviction.Policy {
	case EvictLRU:
		m := e.Meta()
		return max(m.Accessed, m.Created)
	case EvictLFU:
		return int64(e.Hits())
	case EvictNone, EvictRandom:
	}
	return 0
}
