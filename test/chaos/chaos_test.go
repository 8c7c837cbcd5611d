package chaos

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

// calm is the time without a fault between two of them.
const calm = 500 * time.Millisecond

// TestChaos injects faults for the given time and checks what clients saw.
func TestChaos(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64N(1 << 32)
	}
	t.Logf("seed %d, %v, %d sync backups, protection %v, partitions %v", *seed, *duration, *backups, *protection, *partitions)
	r := &run{t: t, c: startCluster(t), tally: newTally()}
	r.l = startLoad(t)
	r.storm = &storm{t: t, c: r.c, l: r.l, plan: newSchedule(t, *seed)}
	r.unique = named(t, r.l.checker, uniqueMapName)
	r.still = named(t, r.l.checker, ballastMapName)
	fillBallast(t, r.still, *ballast)
	whole := false
	defer func() {
		r.l.stop()
		if !whole {
			// What was seen so far is checked even when the cluster did not recover.
			r.tally.print(t, r.storm, r.l.registers.check(t))
		}
	}()
	for n := 1; time.Since(r.l.began) < *duration; n++ {
		r.round(n)
	}
	r.l.stop()
	r.c.settle()
	missing, _ := r.l.unique.lost(t, r.unique, nil)
	r.tally.missing(t, missing)
	r.tally.missing(t, missingBallast(t, r.still, *ballast))
	r.l.rereadRegisters()
	whole = true
	r.tally.print(t, r.storm, r.l.registers.check(t))
}

// run is one storm with what it meets.
type run struct {
	t             *testing.T
	c             *cluster
	l             *load
	storm         *storm
	tally         *tally
	unique, still *hazelcast.Map
	reached       []int // how far the unique keys have been read back
}

// round injects one fault, waits until the cluster is whole and every writer
// got an answer, and reads back what was acknowledged meanwhile.
func (r *run) round(n int) {
	r.t.Helper()
	kind := r.storm.plan.next()
	r.l.registers.next()
	r.l.unique.moving(r.t)
	r.l.unique.reset()
	r.storm.detail = ""
	began := time.Now()
	defer func() {
		if r.t.Failed() {
			r.t.Logf("%s %3d %-12s %s", began.Format(clockLayout), n, kind.name, r.storm.detail)
		}
	}()
	kind.inject(r.storm)
	injected := time.Since(began)
	r.c.settle()
	recovered := time.Since(began)
	r.l.unique.moving(r.t)
	smart, unisocket := r.l.unique.pauses()
	r.tally.add(kind.name, smart, unisocket, recovered-injected)
	r.t.Logf("%s %3d %-12s %s: whole again after %v, writes stood still for %v (unisocket %v)",
		began.Format(clockLayout), n, kind.name, r.storm.detail, recovered.Round(time.Millisecond),
		smart.Round(time.Millisecond), unisocket.Round(time.Millisecond))
	var missing []string
	missing, r.reached = r.l.unique.lost(r.t, r.unique, r.reached)
	r.tally.missing(r.t, missing)
	r.tally.counters.note(r.t.Context(), r.c.members)
	r.tally.counters.check(r.t)
	r.storm.wait(calm)
}

// clockLayout is the time of day as the members' logs have it.
const clockLayout = "15:04:05.000"

// tally counts what a run did and found.
type tally struct {
	faults    map[string]int
	pauses    map[string]time.Duration // longest by kind of fault
	heals     map[string]time.Duration // longest from the end of the cause to a whole cluster
	lost      map[string]bool          // keys of acknowledged writes
	unisocket time.Duration            // longest pause of the client with one connection, whatever the fault
	counters  counters
}

func newTally() *tally {
	return &tally{
		faults: map[string]int{}, pauses: map[string]time.Duration{},
		heals: map[string]time.Duration{}, lost: map[string]bool{}, counters: counters{},
	}
}

func (f *tally) add(kind string, pause, unisocket, heal time.Duration) {
	f.faults[kind]++
	f.unisocket = max(f.unisocket, unisocket)
	f.pauses[kind] = max(f.pauses[kind], pause)
	f.heals[kind] = max(f.heals[kind], heal)
}

func (f *tally) missing(t *testing.T, keys []string) {
	t.Helper()
	fresh := 0
	for _, key := range keys {
		if !f.lost[key] {
			fresh++
		}
		f.lost[key] = true
	}
	switch {
	case fresh > 0 && twoTruths(): // the merge must have counted them, which is looked at in the end
		t.Logf("%d acknowledged writes are missing: %v", fresh, keys[:min(len(keys), 10)])
	case fresh > 0:
		t.Errorf("%d acknowledged writes are missing: %v", fresh, keys[:min(len(keys), 10)])
	}
}

// print ends the run: figures, and what makes it fail.
func (f *tally) print(t *testing.T, s *storm, v verdict) {
	t.Helper()
	acked, failed := s.l.unique.totals()
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(f.faults)) {
		total += f.faults[kind]
		figure("chaos_faults_"+kind, f.faults[kind], "times")
		figure("chaos_longest_pause_of_writes_"+kind, milliseconds(f.pauses[kind]), "ms")
		figure("chaos_longest_recovery_"+kind, milliseconds(f.heals[kind]), "ms")
	}
	figure("chaos_longest_pause_of_writes_unisocket", milliseconds(f.unisocket), "ms")
	figure("chaos_seed", *seed, "")
	figure("chaos_faults", total, "times")
	if len(s.replaced) > 0 {
		slices.Sort(s.replaced)
		figure("chaos_killed_process_replaced_p50", milliseconds(quantile(s.replaced, 50)), "ms")
		figure("chaos_killed_process_replaced_p99", milliseconds(quantile(s.replaced, 99)), "ms")
	}
	unsure := 0
	for _, text := range slices.Sorted(maps.Keys(failed)) {
		unsure += failed[text]
		t.Logf("writes of unknown outcome: %d of %s", failed[text], text)
	}
	for _, text := range slices.Sorted(maps.Keys(s.l.registers.unknown)) {
		t.Logf("register calls of unknown outcome: %d of %s", s.l.registers.unknown[text], text)
	}
	for _, text := range s.l.watch.slow {
		t.Log("slow: ", text)
	}
	for _, series := range never() {
		figure("chaos_"+series, f.counters.sum(series), "times")
	}
	handOvers, pause := f.counters.handOvers(99)
	figure("chaos_hand_overs", handOvers, "times")
	figure("chaos_hand_over_pause_p99_at_most", pause*1000, "ms")
	figure("chaos_calls_forgotten_by_the_client", s.l.watch.forgotten, "calls")
	figure("chaos_register_calls", s.l.registers.calls, "calls")
	figure("chaos_register_calls_checked", v.calls, "calls")
	figure("chaos_register_calls_unknown", v.unknown, "calls")
	figure("chaos_registers_checked", v.keys, "keys")
	figure("chaos_linearizability_violations", len(v.illegal), "keys")
	figure("chaos_writes_acknowledged", acked, "writes")
	figure("chaos_writes_unknown", unsure, "writes")
	figure("chaos_acknowledged_writes_lost", len(f.lost), "writes")
	for _, name := range []string{uniqueMapName, registerMapName} {
		figure("chaos_entries_merged_"+name, f.counters.sum(fmt.Sprintf("filbert_map_merged_entries_total{map=%q}", name)), "entries")
		figure("chaos_entries_dropped_"+name, f.counters.sum(dropped(name)), "entries")
	}
	if counted := f.counters.sum(dropped(uniqueMapName)); twoTruths() && float64(len(f.lost)) > counted {
		t.Errorf("%d acknowledged writes are missing, and merging has counted %v as dropped", len(f.lost), counted)
	}
	if len(v.illegal) > 0 && !twoTruths() {
		t.Errorf("histories that no map could have: %v", v.illegal)
	}
	if len(v.undecided) > 0 {
		t.Errorf("histories that take too long to check: %v", v.undecided)
	}
	if acked == 0 || v.calls == 0 {
		t.Error("the clients did nothing")
	}
}

// dropped is the counter of what a map's merge policy has refused.
func dropped(name string) string {
	return fmt.Sprintf("filbert_map_merge_dropped_entries_total{map=%q}", name)
}

// twoTruths says that both sides of a split may have answered: one history of
// both is then none that one map could have.
func twoTruths() bool { return *partitions && !*protection }

// figure prints one measurement in the form that docs/figures.md is made of.
func figure(name string, value any, unit string) {
	fmt.Printf("figure: %s %v %s\n", name, value, unit)
}

// milliseconds is a duration as figures show it.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000)
}

// quantile of sorted times: the smallest that percent of them do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}
