package partition_test

import (
	"slices"
	"testing"

	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/partition"
)

// A position that a backup told before it lost its replica, and that arrives when
// it has got a new one, does not count for that: the new one is empty.
func TestLatePositionIsVoid(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	w.nodes[1].ask("put a 1")
	w.pump()
	for _, n := range w.order { // the connection breaks and is made anew, so the backup tells its position
		w.nodes[n].grid.LaneDown(id(3-n), link.Effects)
	}
	w.nodes[2].grid.LaneUp(id(1), link.Effects)
	late := w.wire
	w.wire = nil
	if len(late) == 0 {
		t.Fatal("the backup tells nothing")
	}
	w.assign([]int{1})
	w.assign([]int{1, -2})
	w.wire = append(late, w.wire...)
	isLate := func(f frame) bool {
		return slices.ContainsFunc(late, func(l frame) bool { return string(l.body) == string(f.body) })
	}
	w.drop = func(f frame) bool { return f.from == 2 && !isLate(f) }
	w.pump()
	if w.reported(partition.CaughtUp, 2) {
		t.Fatal("an empty replica counts as caught up by what the one before it had said")
	}
	w.drop = nil
	w.pass(1000)
	if !w.reported(partition.CaughtUp, 2) {
		t.Fatal("the replica does not catch up")
	}
	if a, b := w.nodes[1].grid.Digest(0), w.nodes[2].grid.Digest(0); a.Sum != b.Sum || a.At != b.At || b.Entries != 1 {
		t.Errorf("replicas differ: %+v and %+v", a, b)
	}
}

// A primary that has not seen the assignment in which a backup lost its replica does not take the new one for the old.
func TestPrimaryMissesAnAssignment(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	w.nodes[1].ask("put a 1")
	w.pump()
	w.assign([]int{1}, 2)
	w.assign([]int{1, -2})
	w.drop = func(f frame) bool { return f.from == 2 }
	w.pass(500)
	if w.reported(partition.CaughtUp, 2) {
		t.Fatal("an empty replica counts as caught up")
	}
	w.drop = nil
	w.pass(1000)
	if d := w.nodes[2].grid.Digest(0); d.Entries != 1 || !w.reported(partition.CaughtUp, 2) {
		t.Errorf("the replica does not catch up: %+v", d)
	}
}

// A backup that has not seen that assignment believes that it is followed; the primary asks it.
func TestBackupMissesAnAssignment(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	w.assign([]int{1}, 1)
	w.nodes[1].ask("put a 1")
	w.assign([]int{1, -2})
	w.pass(500)
	if d := w.nodes[2].grid.Digest(0); d.Entries != 1 || !w.reported(partition.CaughtUp, 2) {
		t.Errorf("the replica does not catch up: %+v", d)
	}
}

// Acknowledgements gather until a peer's input runs dry. One that is owed when that peer ends goes to
// the next primary all the same.
func TestAcknowledgementOutlivesAPeer(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pump()
	w.nodes[1].ask("put a 1")
	for _, f := range w.wire { // effects come, but the input does not run dry
		if f.from == 1 {
			if err := w.nodes[f.to].grid.Frame(id(1), f.body); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.kill(1)
	w.assign([]int{2, 3})
	w.pump()
	w.nodes[2].ask("put a 2")
	w.pass(300)
	if got := w.nodes[2].last(); got != "ok" {
		t.Errorf("the write at the new primary is answered with %q", got)
	}
}

// A hand-over that the coordinator does not ask for again ends, unless it is done: then the other
// member may be primary already, and only an assignment ends it.
func TestHandOverEnds(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	w.drop = func(f frame) bool { return f.from == 2 }
	n.ask("put a 1")
	n.grid.HandOver(0, w.table.Partitions[0].Epoch, id(2))
	n.ask("put b 1")
	w.pass(4000)
	w.drop = nil
	w.pass(1000)
	if !slices.Equal(n.answers, []string{"ok", "ok"}) {
		t.Fatalf("a hand-over that nobody asks for any more still stops writes: %q", n.answers)
	}
	n.answers = nil
	n.grid.HandOver(0, w.table.Partitions[0].Epoch, id(2))
	w.pump()
	n.ask("put c 1")
	w.reports = nil
	w.pass(10_000)
	if len(n.answers) > 0 {
		t.Fatalf("a write ran after the hand-over: %v", n.answers)
	}
	if !w.reported(partition.HandedOver, 2) {
		t.Error("a finished hand-over is not reported again")
	}
	w.assign([]int{1, 2})
	w.pump()
	if got := n.last(); got != "ok" {
		t.Errorf("after a new assignment the write is answered with %q", got)
	}
}

// An acknowledgement of an earlier epoch that comes after a newer position, over another connection, is of a replica that is gone.
func TestLateAcknowledgementIsVoid(t *testing.T) {
	const effect, acknowledgement = 1, 2
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	w.nodes[1].ask("put a 1")
	if err := w.nodes[2].grid.Frame(id(1), w.wire[0].body); err != nil {
		t.Fatal(err)
	}
	w.wire = nil
	w.nodes[2].grid.Idle(id(1))
	late := w.wire
	if len(late) != 1 || late[0].body[0] != acknowledgement {
		t.Fatalf("the backup sends %v", late)
	}
	w.wire = nil
	w.assign([]int{1, 3})
	w.assign([]int{1, 2}) // made anew, it tells its position, and nothing reaches it
	w.drop = func(f frame) bool { return f.body[0] == effect }
	w.pump()
	n := w.nodes[1]
	n.answers = nil
	n.ask("get a")
	w.wire = append(w.wire, late...)
	w.pump()
	if len(n.answers) > 0 {
		t.Errorf("%q: an empty replica has what the one before it has acknowledged", n.answers)
	}
}
