package chaos

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	// heldValue is the size of an entry that is moved, in bytes.
	heldValue = 10_000
	heldBatch = 100
	// handOverRounds is how often a member leaves and comes back.
	handOverRounds = 3
)

// TestHandOver moves much data while clients read and write, and measures how
// long requests to a partition stand still when it changes hands.
func TestHandOver(t *testing.T) {
	c := startCluster(t)
	c.leave(c.members[3:]...)
	c.settle()
	l := startLoad(t)
	held := named(t, l.checker, "held")
	value := strings.Repeat("x", heldValue)
	entries := int(*heldBytes / heldValue)
	for from := 0; from < entries; from += heldBatch {
		batch := make([]types.Entry, heldBatch)
		for i := range batch {
			batch[i] = types.Entry{Key: int64(from + i), Value: value}
		}
		ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
		err := held.PutAll(ctx, batch...)
		cancel()
		if err != nil {
			t.Fatalf("putAll: %v", err)
		}
	}
	l.unique.moving(t)
	l.unique.reset()
	seen := counters{}
	began := time.Now()
	for range handOverRounds {
		for _, comer := range c.members[3:] {
			comer.start()
			c.awaitShare(comer)
			c.settle()
			seen.note(t.Context(), c.members)
		}
		c.leave(c.members[3:]...)
		c.settle()
		seen.note(t.Context(), c.members)
	}
	took := time.Since(began)
	l.unique.moving(t)
	pause, _ := l.unique.pauses()
	l.stop()
	if size, err := held.Size(t.Context()); err != nil || size < entries {
		t.Errorf("%d entries (%v), want %d", size, err, entries)
	}
	missing, _ := l.unique.lost(t, named(t, l.checker, uniqueMapName), nil)
	if len(missing) > 0 {
		t.Errorf("%d acknowledged writes are missing", len(missing))
	}
	seen.check(t)
	number, p99 := seen.handOvers(99)
	_, longest := seen.handOvers(100)
	figure("handover_held", int64(entries)*heldValue, "bytes")
	figure("handover_number", number, "hand-overs")
	figure("handover_pause_p99_at_most", p99*1000, "ms")
	figure("handover_pause_longest_at_most", longest*1000, "ms")
	figure("handover_longest_pause_of_writes", milliseconds(pause), "ms")
	figure("handover_all_moves", milliseconds(took), "ms")
	if number == 0 {
		t.Error("nothing was handed over")
	}
}

// partitionCount is how many partitions a cluster has unless told otherwise.
const partitionCount = 271

// awaitShare waits until a member has as many partitions as the others: a
// cluster is whole, too, in the moment before it begins to move them.
func (c *cluster) awaitShare(m *member) {
	c.t.Helper()
	owned := 0.0
	if !c.await(patience, func() bool {
		running := 0
		for _, o := range c.members {
			if o.running() {
				running++
			}
		}
		owned = m.counts(c.t.Context())["filbert_partitions_owned"]
		return owned >= float64(partitionCount/running-1)
	}) {
		c.t.Fatalf("%s has %v partitions after %v", m.ip, owned, patience)
	}
}
