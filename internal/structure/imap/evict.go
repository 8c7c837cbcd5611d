package imap

import (
	"math/rand/v2"

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

	megabyte = 1 << 20
)

// makeRoom evicts entries if there are as many as there may be before another is inserted.
func (f *fragment) makeRoom(tx *partition.Tx) {
	if f.config.Eviction.Policy == EvictNone {
		return
	}
	for range evictStep {
		if !f.over(1) || !f.evictOne(tx) {
			return
		}
	}
}

// shrink evicts entries if there are more than there may be.
func (f *fragment) shrink(tx *partition.Tx) {
	if f.config.Eviction.Policy == EvictNone {
		return
	}
	for range shrinkStep {
		if !f.over(0) || !f.evictOne(tx) {
			return
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

func (f *fragment) memory() (limit, used int64) {
	if f.s.options.Memory == nil {
		return 0, 0
	}
	return f.s.options.Memory()
}

// evictOne removes the entry that the policy can best spare of a sample, and tells whether it found one that is not locked.
func (f *fragment) evictOne(tx *partition.Tx) bool {
	if f.random == nil {
		f.random = rand.New(rand.NewPCG(f.s.options.Seed^uint64(f.salt), uint64(f.part)))
	}
	var victim store.Entry
	best, found := int64(0), false
	f.table.Sample(sampleSize, f.random, func(e store.Entry) {
		score := f.worth(e)
		if (found && score >= best) || f.locked(tx.Now, e.Hash(), e.Key()) {
			return
		}
		victim, best, found = e, score, true
	})
	if found {
		f.drop(tx, victim, event.Evicted)
	}
	return found
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
