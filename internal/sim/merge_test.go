package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/link/memlink"
)

// mergeSeeds is how many splits TestSimSplitsMerge lets heal.
const mergeSeeds = 30

// mergeLimit is how long after the network's return two halves may stay two clusters.
const mergeLimit = 10 * time.Second

// TestSimSplitsMerge cuts a cluster in two, lets clients write on both sides, and lets it heal. Every write that was
// acknowledged must be there, or counted as dropped by the merge policy; what the greater side removed stays away.
func TestSimSplitsMerge(t *testing.T) {
	for seed := range uint64(mergeSeeds) {
		w := NewWorld(Options{Seed: seed, Keep: testing.Verbose()})
		splitAndHeal(w)
		if err := w.Err(); err != nil {
			t.Fatalf("%v\n%s", err, w.Trace())
		}
	}
}

// halves are clients of either side, and what was written there.
type halves struct {
	great, small   *client
	split          []*process
	alone, clashes map[string]int // by key, what the small side wrote
}

func splitAndHeal(w *World) {
	w.usual = 5 * time.Millisecond
	w.net.SetDelay(memlink.Uniform(least, w.usual))
	n := 3 + w.random.IntN(3)
	for i := range n {
		w.start(i)
	}
	w.settle()
	first := w.newClient(true)
	for i := range 60 {
		w.must(first, &operation{kind: opSet, key: fmt.Sprintf("old%d", i), value: 1000 + i})
	}
	first.leave()
	h := w.halve(1 + w.random.IntN((n-1)/2))
	h.write(w)
	w.note("healed")
	w.net.HealAll()
	if !w.until(mergeLimit, func() bool {
		for _, p := range w.living() {
			if !p.joined() || len(p.node.View().List.Members) != n {
				return false
			}
		}
		return true
	}) {
		w.fail("not one cluster after %v", mergeLimit)
	}
	w.settle()
	h.great.leave()
	h.small.leave()
	h.check(w)
}

// halve cuts some members off, waits until both sides go on, and gives each a client.
func (w *World) halve(size int) *halves {
	h := &halves{alone: map[string]int{}, clashes: map[string]int{}}
	up := w.living()
	w.random.Shuffle(len(up), func(i, j int) { up[i], up[j] = up[j], up[i] })
	small, great := up[:size], up[size:]
	h.split = small
	for _, p := range up {
		p.silenced, p.exiled = true, true // neither side need have every partition
	}
	w.block(small, great, bothWays)
	w.note("split: %s", names(small))
	alone := func(side []*process) bool {
		for _, p := range side {
			if !p.joined() || !p.node.LeaseValid() || len(p.node.View().List.Members) != len(side) {
				return false
			}
		}
		return true
	}
	if !w.until(time.Minute, func() bool { return alone(small) && alone(great) }) {
		w.fail("the sides do not go on:\n%s", w.picture())
	}
	w.Run(time.Second)
	for _, p := range up {
		p.silenced, p.exiled = false, false
	}
	client := func(others []*process) *client {
		for _, p := range others {
			p.exiled = true
		}
		c := w.newClient(true)
		w.Run(time.Second)
		for _, p := range others {
			p.exiled = false
		}
		return c
	}
	h.great, h.small = client(small), client(great)
	return h
}

// must asks an operation that has to be acknowledged.
func (w *World) must(c *client, o *operation) outcome {
	out := w.ask(c, o)
	if out.unknown {
		w.fail("%s: %v is not acknowledged", c.name, o)
	}
	return out
}

func (h *halves) write(w *World) {
	for i := range 20 {
		set := func(c *client, key string, value int) { w.must(c, &operation{kind: opSet, key: key, value: value}) }
		set(h.great, fmt.Sprintf("great%d", i), 2000+i)
		key := fmt.Sprintf("small%d", i)
		h.alone[key] = 3000 + i
		set(h.small, key, h.alone[key])
		key = fmt.Sprintf("clash%d", i)
		h.clashes[key] = 4000 + i
		set(h.great, key, 5000+i)
		set(h.small, key, h.clashes[key])
		w.must(h.great, &operation{kind: opDelete, key: fmt.Sprintf("old%d", i)})
	}
}

func (h *halves) check(w *World) {
	c := w.newClient(true)
	w.Run(time.Second)
	value := func(key string) int { return w.must(c, &operation{kind: opGet, key: key}).value }
	want := func(key string, values ...int) int {
		got := value(key)
		if !slices.Contains(values, got) {
			w.fail("%s is %d, not one of %v", key, got, values)
		}
		return got
	}
	dropped := 0
	for i := range 60 {
		switch {
		case i >= 20:
			want(fmt.Sprintf("old%d", i), 1000+i)
			continue
		case len(h.split) <= w.options.Backups: // else the greater side may have lost the partition, and removed nothing
			want(fmt.Sprintf("old%d", i), 0)
		}
		want(fmt.Sprintf("great%d", i), 2000+i)
		want(fmt.Sprintf("small%d", i), 3000+i)
		if want(fmt.Sprintf("clash%d", i), 4000+i, 5000+i) != 4000+i {
			dropped++
		}
	}
	counted := int64(0)
	for _, p := range w.processes {
		for _, m := range p.stash.MergeCounts() {
			counted += m.Dropped
		}
	}
	if counted != int64(dropped) || dropped == 0 {
		w.fail("%d writes are dropped, and %d are counted", dropped, counted)
	}
}
