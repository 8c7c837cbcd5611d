package partition_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
)

// A request that finds room does not overtake those that have stalled without.
func TestStalledRequestsAreNotOvertaken(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.full = true
	n.ask("put a 1")
	n.full = false
	n.ask("put a 2")
	w.pass(200)
	n.answers = nil
	n.ask("get a")
	w.pump()
	if got := n.last(); got != "a=2" {
		t.Errorf("get a: %q, want the later put", got)
	}
}

// Only what has waited too long for a silent backup ends; what came later goes on waiting.
func TestLaterWritesOutliveEarlierOnes(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	w.drop = func(f frame) bool { return f.to == 2 }
	n.ask("put a 1")
	w.pass(20_000)
	n.ask("put b 2")
	w.pass(11_000)
	if len(n.answers) != 1 || !strings.Contains(n.answers[0], "outcome of the operation is unknown") {
		t.Fatalf("answers after half a minute: %v", n.answers)
	}
	n.answers = nil
	w.drop = nil
	w.pass(1000)
	if got := n.last(); got != "ok" {
		t.Errorf("the later put: %q", got)
	}
}

// A size shows all keys, so it waits for whatever is unacknowledged.
func TestSizesWaitForEverything(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.ask("put a 1")
	n.ask("size m")
	if len(n.answers) > 0 {
		t.Fatalf("answered before the backup has it: %v", n.answers)
	}
	w.pump()
	if got := n.last(); got != "size=1" {
		t.Errorf("size: %q", got)
	}
}

// What nobody waits for must be at the heir, too, before a primary hands over.
func TestHandOverWaitsForAsyncWrites(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.ask("put0 a 1")
	if got := n.last(); got != "ok" {
		t.Fatalf("a write that waits for no backup: %q", got)
	}
	n.grid.HandOver(0, w.table.Partitions[0].Epoch, id(2))
	if w.reported(partition.HandedOver, 2) {
		t.Fatal("handed over before the backup has everything")
	}
	w.pump()
	if !w.reported(partition.HandedOver, 2) {
		t.Error("not handed over")
	}
}

// Of many fragments, each tick is for some; each of them has its turn, also when others come and go.
func TestManyFragmentsHaveTheirTurn(t *testing.T) {
	w := newWorld(t, 1)
	w.assign([]int{1})
	const many = 300
	for i := range many {
		w.nodes[1].ask(fmt.Sprintf("putin k v m%d", i))
	}
	if len(w.nodes[1].maps) != many {
		t.Fatalf("%d maps, want %d", len(w.nodes[1].maps), many)
	}
	w.pass(100)
	ticks := 0
	for _, f := range w.nodes[1].maps {
		ticks += f.ticks
	}
	if ticks == 0 || ticks > 100 {
		t.Errorf("a tick was for %d of %d fragments", ticks, many)
	}
	w.pass(1000)
	for name, f := range w.nodes[1].maps {
		if f.ticks < 2 || f.ticks > 4 {
			t.Errorf("%s had %d ticks", name, f.ticks)
		}
	}
}
