package partition_test

import (
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
)

func (n *node) said() string {
	all := strings.Join(n.answers, ",")
	n.answers = nil
	return all
}

// Each structure waits for as many backups as it asks for, whatever others in the partition wait for.
func TestWaitingIsPerStructure(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pass(200)
	n := w.nodes[1]
	w.drop = func(f frame) bool { return f.to == 3 } // the second backup hears nothing
	n.ask("put2 b 2")
	n.ask("put a 1")
	n.ask("get b")
	n.ask("get a")
	w.pass(500)
	if got := n.said(); got != "ok,a=1" {
		t.Fatalf("while the second backup is silent: %q, want what waits for the first only", got)
	}
	w.drop = nil
	w.pass(1000)
	if got := n.said(); got != "ok,b=" {
		t.Errorf("when it is heard: %q", got)
	}
	w.drop = func(f frame) bool { return f.to == 2 } // the first one
	n.ask("put a 2")
	w.pass(500)
	if got := n.said(); got != "" {
		t.Errorf("the second backup alone confirms: %q", got)
	}
}

// In a cluster of 0.1, whose coordinator may drop any backup in sync, writes wait for all of them.
func TestWaitingInAClusterOfTheFirstVersion(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.all = true
	w.assign([]int{1, 2, 3})
	w.pass(200)
	n := w.nodes[1]
	w.drop = func(f frame) bool { return f.to == 3 }
	n.ask("put a 1")
	w.pass(500)
	if got := n.said(); got != "" {
		t.Fatalf("confirmed by the first backup alone: %q", got)
	}
	w.drop = nil
	w.pass(1000)
	if got := n.said(); got != "ok" {
		t.Errorf("when all have it: %q", got)
	}
}

// Where the first backup is removed, its place is the next one's.
func TestTheNextBackupIsAwaited(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pass(200)
	n := w.nodes[1]
	w.drop = func(f frame) bool { return f.to != 1 }
	n.ask("put a 1")
	w.assign([]int{1, 3}, 1, 3)
	w.pump()
	if got := n.said(); got != "" {
		t.Fatalf("confirmed by nobody: %q", got)
	}
	w.drop = nil
	w.pass(1000)
	if got := n.said(); got != "ok" {
		t.Errorf("answer %q", got)
	}
}

// A primary says that its backups are level when all in sync have what came before the table.
func TestLevelIsReported(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pass(200)
	w.drop = func(f frame) bool { return f.to == 3 }
	w.nodes[1].ask("put a 1")
	w.pump()
	w.assign([]int{1, 3, 2})
	tell := func() { w.nodes[1].grid.TellLevel(0, w.table.Partitions[0].Epoch) }
	tell()
	w.pass(300)
	if w.reported(partition.Level, 0) {
		t.Fatalf("reports %v", w.reports)
	}
	w.drop = nil
	w.pass(500)
	if !w.reported(partition.Level, 0) {
		t.Fatalf("reports %v", w.reports)
	}
	w.reports = nil
	tell()
	if !w.reported(partition.Level, 0) {
		t.Error("asked again, it does not say it again")
	}
}

// A backup that gets no further is reported by its primary, also one that is heard and hears nothing. Taken from those in sync it is
// waited for no more, until it has caught up.
func TestStuckBackupIsReported(t *testing.T) {
	for name, lost := range map[string]func(f frame) bool{
		"hears nothing": func(f frame) bool { return f.to == 2 },
		"is not heard":  func(f frame) bool { return f.from == 2 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, 2)
			w.assign([]int{1, 2})
			w.pass(300)
			n := w.nodes[1]
			w.drop = lost
			n.ask("put a 1")
			w.pass(silence - 500)
			if w.reported(partition.Stuck, 2) {
				t.Fatal("reported before the silence timeout")
			}
			w.pass(1000)
			if !w.reported(partition.Stuck, 2) || len(n.answers) > 0 {
				t.Fatalf("reports %v, answers %v", w.reports, n.answers)
			}
			w.assign([]int{1, -2})
			if got := n.said(); got != "ok" {
				t.Fatalf("without it: %q", got)
			}
			n.ask("put a 2")
			if got := n.said(); got != "ok" {
				t.Fatalf("it is still waited for: %q", got)
			}
			w.drop = nil
			w.pass(1000)
			if !w.reported(partition.CaughtUp, 2) {
				t.Error("it does not come back")
			}
			n.ask("put a 3")
			if got := n.said(); got != "" {
				t.Errorf("it has caught up and is not waited for: %q", got)
			}
		})
	}
}

// A member that did not run for a while does not blame its backups for that.
func TestPauseIsNotSilence(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pass(300)
	w.nodes[1].ask("put a 1")
	w.wire = nil
	w.now += 10 * silence
	w.nodes[1].grid.Tick()
	if w.reported(partition.Stuck, 2) {
		t.Error("reported after a pause")
	}
}

// A backup that was taken from those in sync while it had everything comes back although nothing is written.
func TestBackInSyncWithoutWrites(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pass(300)
	w.assign([]int{1, -2})
	w.pass(300)
	if !w.reported(partition.CaughtUp, 2) {
		t.Error("it does not come back")
	}
}
