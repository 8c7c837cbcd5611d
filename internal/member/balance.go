package member

import (
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/filbertgrid/filbert/internal/store"
)

// Entries are not the garbage collector's, so two share the memory of the process: entries, and what the collector looks after, which is
// connections, buffers, tables and recent effects. Neither may take what the other has. What the collector has is kept from the
// entries' budget, so when clients or members that read slowly make this one buffer much, writes are refused instead of the kernel ending the
// process. What entries have is kept from the collector's limit, so it collects more often when there is little; and its
// percentage is set so that it collects seldom when it has little to look after.
const (
	// garbage is how much may gather between two collections, in bytes, as far as the bounds of the percentage allow.
	garbage      = 24 << 20
	leastPercent = 15
	mostPercent  = 400
	// leastHeap is the least limit of the collector: with less it would do nothing but collect.
	leastHeap     = 32 << 20
	balancePeriod = 100 * time.Millisecond
)

// spare is what neither gets: a tenth, for the kernel's buffers of connections, and for what both take before they are balanced again.
func spare(memory int64) int64 { return memory / 10 }

// balance shares the memory of the process.
type balance struct {
	arena *store.Arena
	// memory is what the process may use, 0 if that is not known; budget what entries may take of it at most, by the configuration.
	memory, budget int64
	// fixed says that nothing is kept from the budget; tune that the collector is set.
	fixed, tune bool
	samples     []metrics.Sample
	// percent and limit are what the collector was told last.
	percent int
	limit   int64
	next    time.Duration
}

func newBalance(arena *store.Arena, memory, budget int64, fixed, tune bool) *balance {
	return &balance{arena: arena, memory: memory, budget: budget, fixed: fixed || memory == 0, tune: tune, samples: []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}}
}

// tick balances anew, if it is time.
func (b *balance) tick(now time.Duration) {
	if now < b.next || (b.fixed && !b.tune) {
		return
	}
	b.next = now + balancePeriod
	metrics.Read(b.samples)
	for i := range b.samples {
		if b.samples[i].Value.Kind() != metrics.KindUint64 {
			return // a Go that does not know them
		}
	}
	live, total, released := b.samples[0].Value.Uint64(), b.samples[1].Value.Uint64(), b.samples[2].Value.Uint64()
	if !b.fixed {
		b.arena.SetBudget(entriesShare(b.memory, b.budget, int64(total-released)))
	}
	if b.tune {
		b.tell(collectorPercent(int64(live)))
	}
}

// tell gives the collector its figures where they have changed by an eighth: each time the world stops for a moment.
func (b *balance) tell(percent int) {
	if differs(int64(b.percent), int64(percent)) {
		b.percent = percent
		debug.SetGCPercent(percent)
	}
	if b.memory == 0 {
		return
	}
	if limit := collectorShare(b.memory, b.arena.Stats().Resident); differs(b.limit, limit) {
		b.limit = limit
		debug.SetMemoryLimit(limit)
	}
}

// differs tells whether a figure is an eighth or more away from what it was.
func differs(was, is int64) bool { return max(was, is)-min(was, is) > was/8 }

// entriesShare is what entries may take while the collector has so much: an eighth of the memory at least.
func entriesShare(memory, budget, heap int64) int64 {
	return max(min(budget, memory-spare(memory)-heap), min(budget, memory/8))
}

// collectorShare is what the collector may let the heap grow to while entries have so much.
func collectorShare(memory, resident int64) int64 {
	return max(memory-spare(memory)-resident, leastHeap)
}

// collectorPercent is the collector's percentage for what was alive after the last collection.
func collectorPercent(live int64) int {
	return int(min(max(garbage*100/max(live, 1), leastPercent), mostPercent))
}
