package partition_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/partition"
)

// A write is answered once its backup has it, and a read of it no sooner.
func TestAnswersWaitForTheBackup(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.ask("put a 1")
	n.ask("get a")
	n.ask("get b")
	if got := strings.Join(n.answers, ","); got != "b=" {
		t.Fatalf("answered before the backup has it: %q", got)
	}
	w.pump()
	if got := strings.Join(n.answers, ","); got != "b=,ok,a=1" {
		t.Errorf("answers %q", got)
	}
}

// A backup that is silent holds answers back for as long as the table has it;
// when it is out, they come.
func TestNoFalseYes(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	w.drop = func(f frame) bool { return f.to == 2 }
	n.ask("put a 1")
	w.pass(20_000)
	if len(n.answers) > 0 {
		t.Fatalf("answered without the backup: %v", n.answers)
	}
	w.assign([]int{1}, 1)
	if got := n.last(); got != "ok" {
		t.Errorf("after the backup is out: %q", got)
	}
}

// A write that nobody confirms ends with an error that says that its outcome is unknown.
func TestOutcomeUnknownAtLast(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	w.drop = func(f frame) bool { return f.to == 2 }
	w.nodes[1].ask("put a 1")
	w.pass(31_000)
	if got := w.nodes[1].last(); !strings.Contains(got, "outcome of the operation is unknown") {
		t.Errorf("answer %q", got)
	}
}

// A lost frame is noticed, even when nothing comes after it.
func TestLostFrameIsSentAgain(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	lost := false
	w.drop = func(f frame) bool {
		first := !lost && f.to == 2
		lost = lost || first
		return first
	}
	w.nodes[1].ask("put a 1")
	w.pass(1000)
	if got := w.nodes[1].last(); !lost || got != "ok" {
		t.Errorf("answer %q, a frame was lost: %t", got, lost)
	}
}

// The survivor of a killed primary has every acknowledged write.
func TestPromotion(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pump()
	w.nodes[1].ask("put a 1")
	w.pump()
	if w.nodes[1].last() != "ok" {
		t.Fatal("not acknowledged")
	}
	// The next one reaches member 2 only.
	w.drop = func(f frame) bool { return f.to == 3 }
	w.nodes[1].ask("put b 2")
	w.pump()
	w.drop = nil
	w.kill(1)
	w.assign([]int{2, 3})
	n := w.nodes[2]
	n.ask("get b")
	if len(n.answers) > 0 {
		t.Fatalf("what the other backup does not have is shown: %v", n.answers)
	}
	w.pump() // member 3 is levelled from the tail
	if got := n.last(); got != "b=2" {
		t.Errorf("get b: %q", got)
	}
	w.kill(2)
	w.assign([]int{3})
	for key, want := range map[string]string{"a": "a=1", "b": "b=2"} {
		w.nodes[3].ask("get " + key)
		if got := w.nodes[3].last(); got != want {
			t.Errorf("get %s: %q, want %q", key, got, want)
		}
	}
}

// A number that the new primary never had is undone on the other backup.
func TestDivergedBackupIsUndone(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pump()
	w.drop = func(f frame) bool { return f.to == 2 }
	w.nodes[1].ask("put a old") // reaches member 3 only, is never acknowledged
	w.pump()
	w.drop = nil
	w.kill(1)
	w.assign([]int{2, 3})
	w.pass(500)
	w.nodes[2].ask("put b 2")
	w.pass(500)
	if got := w.nodes[2].last(); got != "ok" {
		t.Fatalf("put after the promotion: %q", got)
	}
	if !w.reported(partition.FellBehind, 3) && !w.reported(partition.CaughtUp, 3) {
		t.Errorf("nobody was told of the transfer: %v", w.reports)
	}
	w.kill(2)
	w.assign([]int{3})
	w.nodes[3].ask("get a")
	if got := w.nodes[3].last(); got != "a=" {
		t.Errorf("an effect that was undone is still there: %q", got)
	}
	w.nodes[3].ask("get b")
	if got := w.nodes[3].last(); got != "b=2" {
		t.Errorf("get b: %q", got)
	}
}

// A former primary that does not know of its end is refused, and its write is not acknowledged.
func TestFormerPrimaryIsRefused(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	if _, ok := w.nodes[2].grid.Fence(0, w.table.Partitions[0].Epoch+1); !ok {
		t.Fatal("the backup knows nothing of its replica")
	}
	w.nodes[1].ask("put a 1")
	w.pump()
	if !w.reported(partition.Superseded, 0) {
		t.Error("the primary was not refused")
	}
	if len(w.nodes[1].answers) > 0 {
		t.Errorf("a refused write was answered: %v", w.nodes[1].answers)
	}
	w.assign([]int{2, 1})
	w.pump()
	if got := w.nodes[1].last(); !strings.Contains(got, "outcome of the operation is unknown") {
		t.Errorf("the refused write's answer: %q", got)
	}
}

// A new backup gets everything by a transfer, with the writes made meanwhile.
func TestTransferUnderWrites(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1})
	for i := range 20_000 { // more than the tail holds
		w.nodes[1].ask(fmt.Sprintf("put k%d %d", i, i))
	}
	w.assign([]int{1, -2})
	for i := range 500 {
		if len(w.wire) > 0 && i%5 == 0 {
			f := w.wire[0]
			w.wire = w.wire[1:]
			if err := w.nodes[f.to].grid.Frame(id(f.from), f.body); err != nil {
				t.Fatal(err)
			}
		}
		w.nodes[1].ask(fmt.Sprintf("put k%d again", i))
	}
	w.pass(1000)
	if !w.reported(partition.CaughtUp, 2) {
		t.Fatal("the new backup has not caught up")
	}
	w.kill(1)
	w.assign([]int{2})
	for key, want := range map[string]string{"k0": "k0=again", "k499": "k499=again", "k500": "k500=500", "k19999": "k19999=19999"} {
		w.nodes[2].ask("get " + key)
		if got := w.nodes[2].last(); got != want {
			t.Errorf("get %s: %q, want %q", key, got, want)
		}
	}
}

// A hand-over loses nothing, and who asked meanwhile is sent to the new primary.
func TestHandOver(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.ask("put a 1")
	n.grid.HandOver(0, w.table.Partitions[0].Epoch, id(2))
	if w.reported(partition.HandedOver, 2) {
		t.Fatal("handed over before the backup has everything")
	}
	w.pump()
	if !w.reported(partition.HandedOver, 2) || n.last() != "ok" {
		t.Fatal("not handed over")
	}
	n.ask("put a 2")
	if len(n.answers) > 0 {
		t.Fatalf("an operation ran after the hand-over: %v", n.answers)
	}
	w.now += 7
	w.assign([]int{2, 1})
	if h := n.grid.Census().HandOvers; h.Count() != 1 || h.Sum != 7*time.Millisecond {
		t.Errorf("%d hand-overs in which requests stood still for %v, want one of 7 ms", h.Count(), h.Sum)
	}
	if got := n.last(); got != "elsewhere: put a 2" {
		t.Errorf("who had to wait: %q", got)
	}
	w.nodes[2].ask("get a")
	w.pump()
	if got := w.nodes[2].last(); got != "a=1" {
		t.Errorf("get at the new primary: %q", got)
	}
}

// Requests wait while a partition has no primary, and are answered when it has one.
func TestNoPrimary(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	w.assign([]int{0, 2}, 2)
	w.nodes[2].ask("get a")
	if len(w.nodes[2].answers) > 0 {
		t.Fatalf("answered without a primary: %v", w.nodes[2].answers)
	}
	w.assign([]int{2}, 2)
	if len(w.nodes[2].answers) != 1 {
		t.Error("not answered by the promoted one")
	}
}

// Requests that stall for too long end, and say that they have not run.
func TestStalledRequestsEnd(t *testing.T) {
	w := newWorld(t, 1)
	w.nodes[1].ask("get a")
	w.pass(61_000)
	if got := w.nodes[1].last(); !strings.Contains(got, "was not executed") {
		t.Errorf("answer %q", got)
	}
}

// What waits for its structure runs when that has changed, or when its time is over.
func TestParking(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.ask("wait a")
	n.ask("wait b")
	n.ask("put a 1")
	w.pump()
	if got := strings.Join(n.answers, ","); got != "ok,waited for 1" {
		t.Errorf("answers %q", got)
	}
	n.answers = nil
	w.pass(6000)
	if got := n.last(); got != "waited in vain" {
		t.Errorf("answer %q", got)
	}
}

// A slow backup stops its writers before it exhausts anybody's memory.
func TestNoRoomStalls(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.full = true
	n.ask("put a 1")
	w.pump()
	if len(n.answers) > 0 || len(w.wire) > 0 {
		t.Fatal("an operation ran without room to the backup")
	}
	n.full = false
	w.pass(200)
	if got := n.last(); got != "ok" {
		t.Errorf("answer %q", got)
	}
}

// A broken connection in the middle of a transfer, and after it, loses nothing.
func TestBrokenLanes(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1})
	for i := range 20_000 {
		w.nodes[1].ask(fmt.Sprintf("put k%d %d", i, i))
	}
	w.assign([]int{1, -2})
	for range 20 {
		for range 7 {
			if len(w.wire) > 0 {
				f := w.wire[0]
				w.wire = w.wire[1:]
				if err := w.nodes[f.to].grid.Frame(id(f.from), f.body); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.wire = nil
		for n, peer := range map[byte]byte{1: 2, 2: 1} {
			for lane := range link.Lanes {
				w.nodes[n].grid.LaneDown(id(peer), lane)
			}
		}
		for n, peer := range map[byte]byte{1: 2, 2: 1} {
			for lane := range link.Lanes {
				w.nodes[n].grid.LaneUp(id(peer), lane)
			}
		}
	}
	w.pass(2000)
	w.nodes[1].ask("put last 1")
	w.pass(1000)
	if !w.reported(partition.CaughtUp, 2) {
		t.Fatal("the backup has not caught up")
	}
	w.kill(1)
	w.assign([]int{2})
	w.nodes[2].ask("get k19999")
	if got := w.nodes[2].last(); got != "k19999=19999" {
		t.Errorf("answer %q", got)
	}
}

// Bytes from another member may be anything; a grid must refuse them, not fall over.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 'm', 1, 'k', 1, 'v'})
	f.Add([]byte{6, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{7, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1, 'm', 4, 1, 'k', 1, 'v'})
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, 1, 2)
		w.assign([]int{1, 2})
		w.pump()
		for n, from := range map[byte]byte{1: 2, 2: 1} {
			_ = w.nodes[n].grid.Frame(id(from), body) // an error closes the connection
			w.nodes[n].grid.Idle(id(from))
		}
		w.wire = nil
		w.nodes[1].grid.Tick()
	})
}

// The chunks of a transfer travel on another connection than its announcement, and may
// be faster.
func TestBulkOvertakesEffects(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1})
	for i := range 9000 { // more than the tail holds
		w.nodes[1].ask(fmt.Sprintf("put k%d %d", i, i))
	}
	w.assign([]int{1, -2})
	for range 1000 {
		i := max(slices.IndexFunc(w.wire, func(f frame) bool { return f.lane == link.Bulk }), 0)
		if len(w.wire) == 0 {
			break
		}
		f := w.wire[i]
		w.wire = slices.Delete(w.wire, i, i+1)
		if err := w.nodes[f.to].grid.Frame(id(f.from), f.body); err != nil {
			t.Fatal(err)
		}
		w.nodes[f.to].grid.Idle(id(f.from))
	}
	if !w.reported(partition.CaughtUp, 2) {
		t.Error("the backup has not caught up")
	}
}

// A transfer whose questions were lost, as while a lane is not up yet, begins anew.
func TestTransferBeginsAnew(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1})
	for i := range 9000 {
		w.nodes[1].ask(fmt.Sprintf("put k%d %d", i, i))
	}
	w.drop = func(f frame) bool { return f.lane == link.Bulk }
	w.assign([]int{1, -2})
	w.pass(500)
	w.drop = nil
	w.pass(2000)
	if !w.reported(partition.CaughtUp, 2) {
		t.Error("the backup has not caught up")
	}
}

// A member without memory takes no copy, nor the rest of one; it takes one when it has memory again, and nobody waits for it until then.
func TestNoMemoryForACopy(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1})
	for i := range 9000 {
		w.nodes[1].ask(fmt.Sprintf("put k%d %d", i, i))
	}
	w.nodes[2].poor = true
	chunks := 0
	w.drop = func(f frame) bool {
		if f.lane == link.Bulk && f.from == 1 {
			chunks++
			w.nodes[2].poor = chunks > 1 // it runs out in the middle
		}
		return false
	}
	w.assign([]int{1, -2})
	w.pass(10_000)
	if chunks != 0 {
		t.Errorf("%d chunks came for a copy for which there is no memory", chunks)
	}
	w.nodes[1].ask("put k again")
	if got := w.nodes[1].last(); got == "" {
		t.Error("a write waits for a backup that has no copy")
	}
	w.nodes[2].poor = false
	w.pass(10_000)
	if w.reported(partition.CaughtUp, 2) || len(w.nodes[2].maps["m"].values) == 9001 || chunks < 2 {
		t.Errorf("%d chunks came for a copy for which memory was used up after the first", chunks)
	}
	w.drop = nil
	w.nodes[2].poor = false
	w.pass(10_000)
	if !w.reported(partition.CaughtUp, 2) {
		t.Error("the backup has not caught up")
	}
}
