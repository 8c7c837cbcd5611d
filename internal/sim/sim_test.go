package sim

import (
	"flag"
	"maps"
	"os"
	"slices"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "run this seed only, and print its trace")
	seedsFlag = flag.Int("seeds", 12, "how many seeds to run")
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
	for seed := uint64(1); seed <= uint64(*seedsFlag); seed++ {
		w := RunSeed(Options{Seed: seed})
		sum.add(&w.Figures)
		if err := w.Err(); err != nil {
			failed++
			t.Errorf("%v\nthe end of its trace:\n%s\nreplay: make sim SEED=%d", err, w.Trace(), seed)
		}
	}
	t.Logf("%d seeds, %d failed, %.2f virtual hours in %.1f s, %d operations, %d of unknown outcome, %d keys checked",
		*seedsFlag, failed, sum.Virtual.Hours(), time.Since(began).Seconds(), sum.Operations, sum.Unknown, sum.Keys)
	for _, kind := range slices.Sorted(maps.Keys(sum.Faults)) {
		t.Logf("%8d × %s", sum.Faults[kind], kind)
	}
}

func (f *Figures) add(g *Figures) {
	f.Virtual += g.Virtual
	f.Operations += g.Operations
	f.Unknown += g.Unknown
	f.Keys += g.Keys
	for kind, n := range g.Faults {
		f.Faults[kind] += n
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}
