package partition_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

const mebibyte = 1 << 20

// Without room to a slow backup requests stall, up to a limit, and run in their order when there is room again, as far as it goes.
func TestSlowBackupStallsItsWriters(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.full = true
	value := strings.Repeat("v", mebibyte)
	for i := range 40 {
		n.ask(fmt.Sprintf("put k%d %d%s", i, i, value))
	}
	refused := len(n.answers)
	if refused == 0 || refused > 10 || !strings.Contains(n.answers[0], "too many operations") {
		t.Fatalf("%d of 40 requests of 1 MiB were answered at once, want those beyond 32 MiB, with an error", refused)
	}
	if b := n.grid.Backlog(); b < 30*mebibyte || b > 33*mebibyte {
		t.Errorf("backlog of %d bytes", b)
	}
	n.answers = nil
	n.full = false
	w.pass(200)
	if len(n.answers) != 40-refused {
		t.Errorf("%d answers when there was room again, want %d", len(n.answers), 40-refused)
	}
	if b := n.grid.Backlog(); b != 0 {
		t.Errorf("backlog of %d bytes when nothing waits", b)
	}
}

// Requests that stall keep their order, and their messages are not copied again, when there is room for some of them only.
func TestStalledRunAsFarAsThereIsRoom(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.full = true
	for i := range 10 {
		n.ask(fmt.Sprintf("put k %d", i))
	}
	n.frames = 4 // then there is no room again
	n.full = false
	w.pass(100)
	if len(n.answers) != 4 {
		t.Errorf("%d of 10 were answered, want the 4 for which there was room", len(n.answers))
	}
	n.frames = 0
	n.full = false
	w.pass(200)
	n.answers = nil
	n.ask("get k")
	w.pump()
	if got := n.last(); got != "k=9" {
		t.Errorf("after all: %q", got)
	}
}

// Answers that show what is not acknowledged are held; beyond a limit nothing more runs, whatever was asked.
func TestHeldAnswersAreBounded(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := w.nodes[1]
	n.ask("put k " + strings.Repeat("v", mebibyte))
	wire := w.wire
	w.wire = nil // the backup reads later
	for range 200 {
		n.ask("get k")
	}
	if b := n.grid.Backlog(); len(n.answers) > 0 || b > 130*mebibyte {
		t.Errorf("%d answers, %d MiB are held", len(n.answers), b/mebibyte)
	}
	w.wire = append(wire, w.wire...)
	w.pump()
	w.pass(200)
	if b := n.grid.Backlog(); len(n.answers) != 201 || b != 0 {
		t.Errorf("%d answers once it was acknowledged, backlog of %d bytes", len(n.answers), b)
	}
}

// Who waits for a lock is bounded, for each client and in all; whoever has been woken, has given up or has gone makes room.
func TestWaitersAreBounded(t *testing.T) {
	w := newWorld(t, 1)
	w.assign([]int{1})
	n := w.nodes[1]
	refused := func() (count int) {
		for _, a := range n.answers {
			if strings.Contains(a, partition.ErrOverloaded.Error()) {
				count++
			}
		}
		n.answers = nil
		return count
	}
	fill := func(when string) {
		t.Helper()
		for range maxParkedClient + 1 {
			n.askAs(1, "wait a")
		}
		if got := refused(); got != 1 {
			t.Errorf("%s: %d of the first client's refused, want 1", when, got)
		}
		for range maxParkedClient + 1 {
			n.askAs(2, "wait a")
		}
		if got, want := refused(), maxParkedClient+1-(maxParked-maxParkedClient); got != want {
			t.Errorf("%s: %d of the second client's refused, want %d", when, got, want)
		}
	}
	fill("at first")
	for name, room := range map[string]func(){
		"gone":     func() { n.grid.ClientGone(cluster.UUID{1}); n.grid.ClientGone(cluster.UUID{2}) },
		"given up": func() { w.pass(6000) },
		"moved":    func() { w.assign([]int{0}); w.assign([]int{1}) },
	} {
		room()
		refused()
		fill(name)
	}
}
