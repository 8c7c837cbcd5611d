package partition_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
)

// guard holds or does not.
type guard bool

func (g guard) Holds() bool { return bool(g) }

// A write whose backup a newer table removes is stored only where split-brain protection holds. One that is not
// protected, and one whose backups all have it, is whatever the cluster's size.
func TestRemovedBackupAndProtection(t *testing.T) {
	const unknown = ": partition: the outcome of the operation is unknown: it was not confirmed by its backups, " +
		"and the cluster has become too small for the split-brain protection"
	tests := []struct {
		name     string
		guard    partition.Guard
		silent   []byte // backups that never confirm
		assign   []int  // what the newer table has
		answered string
	}{
		{"no protection", nil, []byte{2, 3}, []int{1}, "ok"},
		{"protection holds", guard(true), []byte{2, 3}, []int{1}, "ok"},
		{"protection is lost", guard(false), []byte{2, 3}, []int{1}, unknown},
		{"one of two is removed, the other has it", guard(false), []byte{3}, []int{1, 2}, unknown},
		{"the removed one has it, the other has not", guard(false), []byte{3}, []int{1, 3}, ""},
		{"all that are left have it, nobody is removed", guard(false), nil, []int{1, 2, 3}, "ok"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 1, 2, 3)
			w.assign([]int{1, 2, 3})
			w.pump()
			n := w.nodes[1]
			n.guard = test.guard
			w.drop = func(f frame) bool { return f.from == 1 && strings.IndexByte(string(test.silent), f.to) >= 0 }
			n.ask("put2 a 1")
			if len(test.silent) > 0 {
				w.pump()
				if len(n.answers) > 0 {
					t.Fatalf("answered without its backups: %v", n.answers)
				}
			}
			w.assign(test.assign, 1)
			w.pump()
			if got := n.last(); got != test.answered {
				t.Errorf("answered %q, want %q", got, test.answered)
			}
		})
	}
	if !errors.Is(partition.ErrUnprotected, partition.ErrOutcomeUnknown) {
		t.Error("the error does not say that the outcome is unknown")
	}
}

// What was removed under protection stays without a yes, although the other backup confirms later, in a cluster that has grown again.
func TestUnprotectedStaysUnknown(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.pump()
	n := w.nodes[1]
	lost := guard(false)
	n.guard = &lost
	w.drop = func(f frame) bool { return f.from == 1 }
	n.ask("put a 1")
	w.assign([]int{1, 2}, 1)
	if len(n.answers) > 0 {
		t.Fatalf("answered before the other backup has it: %v", n.answers)
	}
	lost, w.drop = true, nil
	w.assign([]int{1, 2}, 2)
	w.pass(1000)
	if got := n.last(); !strings.Contains(got, "too small") {
		t.Errorf("answered %q", got)
	}
	n.ask("get a")
	w.pump()
	if got := n.last(); got != "a=1" {
		t.Errorf("the primary has %q", got)
	}
}
