package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// calls are those that a member remembers.
func (m *member) calls() []string {
	return slices.DeleteFunc(m.maps.Describe(), func(line string) bool { return !strings.HasPrefix(line, "call ") })
}

// refused is how the error of an unlock begins.
const refused = "error: Current thread is not owner"

// TestCallsOfACopy: a backup that gets a copy of the partition gets with it which calls of locks have run, while more of them do.
func TestCallsOfACopy(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	for i := range 3000 { // more than one chunk
		p.set(fmt.Sprint("key", i), []byte(strings.Repeat("v", 100)), imap.Default)
	}
	p.command(strings.Fields("c1 lock a ref=1"))
	p.command(strings.Fields("c1 unlock a ref=2"))
	p.command(strings.Fields("c2 lock a ref=1"))
	p.command(strings.Fields("c1 trylock a ref=3"))
	p.forget()
	p.slow = true
	for i := range 10 {
		p.command(strings.Fields(fmt.Sprintf("c1 trylock a ref=%d", 10+i)))
		p.some(2)
	}
	p.slow = false
	p.pump()
	p.tick(1000)
	p.log = nil
	if p.bulk < 5 {
		t.Fatalf("%d frames of a transfer", p.bulk)
	}
	if n := len(p.members[1].calls()); n != 14 {
		t.Errorf("the copy has %d calls, want 14", n)
	}
	if differ := p.replicasDiffer(); differ != "" {
		t.Fatalf("the replicas differ: %s", differ)
	}
	p.lead(1)
	p.command(strings.Fields("c2 unlock a ref=4"))
	for call, want := range map[string]string{"unlock a ref=2": "ok", "lock a ref=1": "ok", "trylock a ref=3": "false", "trylock a ref=15": "false"} {
		if got := p.command(strings.Fields("c1 " + call)); got != want {
			t.Errorf("%s, sent again, is answered %s, want %s", call, got, want)
		}
	}
	if got := p.command(strings.Fields("c1 islocked a")); got != "false" {
		t.Error("a copy of a call has taken the lock")
	}
}

// TestCallsAreBounded: only the latest are remembered, the same ones on all replicas, and none when nothing has come for a while.
func TestCallsAreBounded(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	for i := 1; i <= 300; i++ {
		if got := p.command(strings.Fields(fmt.Sprintf("c1 unlock a ref=%d", i))); !strings.HasPrefix(got, refused) {
			t.Fatal(got)
		}
		if i == 200 {
			p.lead(1)
		}
		p.ops = p.ops[:0]
	}
	calls := p.maps().Describe()
	if len(calls) != 128 || !strings.Contains(calls[0], "reference:173 ") || !strings.Contains(calls[127], "reference:300 ") {
		t.Errorf("%d calls: %q", len(calls), calls)
	}
	if differ := p.replicasDiffer(); differ != "" {
		t.Errorf("the replicas differ: %s", differ)
	}
	p.forget()
	p.pump()
	p.tick(1000)
	if differ := p.replicasDiffer(); differ != "" {
		t.Errorf("a copy differs: %s", differ)
	}
	p.set("key", nil, imap.Default) // without an entry the fragments would go
	p.tick(31_000)
	for _, m := range p.members {
		if n := len(m.calls()); n != 0 {
			t.Errorf("%d calls are remembered after half a minute", n)
		}
	}
}

// TestCallsOfTheVersionBefore: in its clusters the primary keeps them to itself, for others could not read what is sent of them.
func TestCallsOfTheVersionBefore(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	p.before = true
	p.command(strings.Fields("c1 lock a ref=1"))
	p.held = true
	if got := p.command(strings.Fields("c2 trylock a ref=2")); got != "false" || len(p.frames) > 0 {
		t.Errorf("the answer is %s, and %d frames were sent", got, len(p.frames))
	}
	p.held = false
	p.command(strings.Fields("c1 unlock a ref=3"))
	if got := p.command(strings.Fields("c1 unlock a ref=3")); got != "ok" {
		t.Errorf("an unlock that was done is answered %s", got)
	}
	if n := len(p.members[0].calls()); n != 3 {
		t.Errorf("the primary remembers %d calls, want 3", n)
	}
	for range 2 {
		if calls := p.members[1].calls(); len(calls) != 0 {
			t.Errorf("the backup was told of %q", calls)
		}
		p.forget() // it gets a copy
		p.pump()
		p.tick(1000)
	}
}
