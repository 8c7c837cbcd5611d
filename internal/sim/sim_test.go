package sim

import (
	"flag"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "run this seed only, and print its trace")
	seedsFlag = flag.Int("seeds", 12, "how many seeds to run")
	firstFlag = flag.Int("first", 1, "the first of them")
)

func TestSim(t *testing.T) {
	if *seedFlag != 0 {
		w := RunSeed(Options{Seed: *seedFlag, Keep: true})
		t.Log("\n" + w.Trace())
		if err := w.Err(); err != nil {
			t.Fatal(err)
		}
		return
	}
	sum := Figures{Faults: map[string]int{}}
	began := time.Now()
	failed := 0
	for w := range runAll(uint64(max(*firstFlag, 1)), uint64(*seedsFlag)) {
		sum.add(&w.Figures)
		if err := w.Err(); err != nil {
			failed++
			t.Errorf("%v\nthe end of its trace:\n%s\nreplay: make sim SEED=%d", err, w.Trace(), w.options.Seed)
		}
	}
	faults := 0
	for _, n := range sum.Faults {
		faults += n
	}
	t.Logf("%d seeds, %d failed, %.2f virtual hours in %.1f s, %d faults, %d operations and %d of unknown outcome, %d checked in the histories of %d keys",
		*seedsFlag, failed, sum.Virtual.Hours(), time.Since(began).Seconds(), faults, sum.Operations, sum.Unknown, sum.Checked, sum.Keys)
	t.Logf("%d pieces of backups compared with their primaries", sum.Compared)
	if sum.Compared == 0 {
		t.Error("no backup was ever compared with its primary")
	}
	for _, kind := range slices.Sorted(maps.Keys(sum.Faults)) {
		t.Logf("%8d × %s", sum.Faults[kind], kind)
	}
}

// runAll runs seeds, one on each core at a time, and sends their worlds as they end.
func runAll(first, count uint64) <-chan *World {
	seeds, worlds := make(chan uint64), make(chan *World)
	var running sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for seed := range seeds {
				worlds <- RunSeed(Options{Seed: seed})
			}
		})
	}
	go func() {
		for seed := first; seed < first+count; seed++ {
			seeds <- seed
		}
		close(seeds)
		running.Wait()
		close(worlds)
	}()
	return worlds
}

func (f *Figures) add(g *Figures) {
	f.Virtual += g.Virtual
	f.Operations += g.Operations
	f.Unknown += g.Unknown
	f.Keys += g.Keys
	f.Compared += g.Compared
	f.Checked += g.Checked
	for kind, n := range g.Faults {
		f.Faults[kind] += n
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400) // worlds are small and short-lived: a fifth of the time less
	os.Exit(m.Run())
}
