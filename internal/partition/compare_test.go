package partition_test

import (
	"fmt"
	"testing"

	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// differing is how many of its backups a member has found to differ.
func (w *world) differing(n byte) uint64 { return w.nodes[n].grid.Census().Differing }

// A backup that differs from its primary, in whatever way, is found, counted, out of sync until it has been copied anew, and equal then.
func TestDifferingBackupIsRepaired(t *testing.T) {
	for name, damage := range map[string]func(m map[string]*fragment){
		"another value": func(m map[string]*fragment) { m["m"].values["k7"] = "other" },
		"an entry less": func(m map[string]*fragment) { delete(m["m"].values, "k999") },
		"an entry more": func(m map[string]*fragment) { m["m"].values["z"] = "1" },
		"nothing left":  func(m map[string]*fragment) { clear(m["m"].values) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, 2, 3)
			w.assign([]int{1, 2, 3})
			w.pump()
			for i := range 1000 {
				w.nodes[1].ask(fmt.Sprintf("put k%d %d", i, i))
			}
			w.pump()
			w.pass(2 * compareInterval)
			if n := w.nodes[2].grid.Census().Compared; n == 0 || w.differing(2) != 0 || w.differing(3) != 0 {
				t.Fatalf("%d pieces compared, %d and %d backups differ before anything was damaged", n, w.differing(2), w.differing(3))
			}
			damage(w.nodes[3].maps)
			w.pass(2 * compareInterval)
			if w.differing(2) != 0 || w.differing(3) != 1 || !w.reported(partition.FellBehind, 3) {
				t.Errorf("%d and %d backups differ, want 0 and 1; reported as not in sync: %t", w.differing(2), w.differing(3), w.reported(partition.FellBehind, 3))
			}
			one, three := w.nodes[1].grid.Digest(0), w.nodes[3].grid.Digest(0)
			if one.Sum != three.Sum || one.At != three.At {
				t.Errorf("after the repair %+v and %+v", one, three)
			}
			w.nodes[1].ask("put k 1")
			w.pump()
			if got := w.nodes[1].last(); got != "ok" {
				t.Errorf("a write after the repair: %q", got)
			}
		})
	}
}

// A structure that only one of the two has is a difference, too.
func TestBackupWithAnotherStructure(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.nodes[1].ask("put k 1")
	w.pump()
	at := w.nodes[2].grid.Digest(0).At
	forge(t, w, 2, 1, at.Seq, at.Epoch, "m", appendPut(nil, "k", "1"), "foreign", appendPut(nil, "a", "1"))
	w.pass(2 * compareInterval)
	if one, two := w.nodes[1].grid.Digest(0), w.nodes[2].grid.Digest(0); w.differing(2) != 1 || one.Sum != two.Sum {
		t.Errorf("%d backups differ, want 1; then %+v and %+v", w.differing(2), one, two)
	}
}

// forge gives a backup a copy that its primary never sent: pairs of a map's name and an effect on it.
func forge(t *testing.T, w *world, backup, primary byte, seq, epoch uint64, pairs ...any) {
	t.Helper()
	head := func(kind byte) []byte {
		return packed.AppendUint64(packed.AppendUint64([]byte{kind, 0}, w.table.Partitions[0].Epoch), 1<<60)
	}
	frames := [][]byte{packed.AppendUint64(packed.AppendUint64(head(6), seq), epoch)}
	for i := 0; i < len(pairs); i += 2 {
		b := packed.AppendString(append(head(7), byte(partition.KindMap)), pairs[i].(string))
		frames = append(frames, packed.AppendBytes(b, pairs[i+1].([]byte)))
	}
	for _, b := range append(frames, head(8)) {
		if err := w.nodes[backup].grid.Frame(id(primary), b); err != nil {
			t.Fatal(err)
		}
	}
	w.nodes[backup].grid.Idle(id(primary))
	w.pump()
}

// As long as it has not been copied anew, a backup in doubt acknowledges nothing and is promoted only when nobody else is left.
func TestBackupInDoubtIsNotInSync(t *testing.T) {
	w := newWorld(t, 1, 2, 3)
	w.assign([]int{1, 2, 3})
	w.nodes[1].ask("put k 1")
	w.pump()
	w.drop = func(f frame) bool { return f.lane == link.Bulk }
	w.nodes[3].maps["m"].values["k"] = "other"
	w.pass(2 * compareInterval)
	w.nodes[1].last()
	w.nodes[1].ask("put2 k 2")
	w.pump()
	if got := w.nodes[1].last(); got != "" {
		t.Errorf("a write was answered with %q although a replica in sync by the table is in doubt", got)
	}
	two, _ := w.nodes[2].grid.Fence(0, w.table.Partitions[0].Epoch)
	three, ok := w.nodes[3].grid.Fence(0, w.table.Partitions[0].Epoch)
	if !ok || !three.Less(two) {
		t.Errorf("the one in doubt is at %v, the other backup at %v", three, two)
	}
	w.assign([]int{1, 2, -3}) // the coordinator has heard of it
	w.pump()
	if got := w.nodes[1].last(); got != "ok" {
		t.Errorf("without the one in doubt, the write is answered with %q", got)
	}
	w.drop = nil
	w.pass(10_000)
	if !w.reported(partition.CaughtUp, 3) || w.nodes[1].grid.Digest(0).Sum != w.nodes[3].grid.Digest(0).Sum {
		t.Error("it was not copied anew")
	}
}

// A backup is compared at the very number that the sum is of, so no write and no lost frame makes it seem to differ.
func TestComparingDuringWrites(t *testing.T) {
	w := newWorld(t, 1, 2)
	w.assign([]int{1, 2})
	w.pump()
	n := 0
	w.drop = func(frame) bool { n++; return n%11 == 0 }
	for i := range 3000 {
		w.nodes[1].ask(fmt.Sprintf("put k%d %d", i%500, i))
		if i%7 == 0 {
			w.now += 100
			w.nodes[1].grid.Tick()
			w.nodes[2].grid.Tick()
		}
		if i%5 == 0 {
			w.pump()
		}
	}
	w.drop = nil
	w.pass(3000)
	if c := w.nodes[2].grid.Census(); c.Differing != 0 || c.Compared < 10 {
		t.Errorf("%d differences in %d comparisons", c.Differing, c.Compared)
	}
}
