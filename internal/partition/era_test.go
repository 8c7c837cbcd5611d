package partition_test

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/link"
)

// A backup that lacks an effect of the primary that was cut off gets it from another one: it is older than the split, and the other side may have
// removed what it wrote. What was not acknowledged by all, and what comes later, is not.
func TestLevelledWithTheOld(t *testing.T) {
	for name, test := range map[string]struct {
		first byte // the primary before members go
		old   int
	}{
		"from a backup, which had all of it":                       {1, 1},
		"from the primary itself, which had not been acknowledged": {2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, 2, 3)
			w.assign([]int{int(test.first), 3 - int(test.first), 3})
			w.nodes[test.first].ask("put a 1")
			w.pump()
			w.drop = func(f frame) bool { return f.to == 3 }
			w.nodes[test.first].ask("put b 1")
			w.pump()
			w.drop = nil
			w.kill(1)
			for _, n := range []byte{2, 3} {
				w.nodes[n].grid.BeginEra()
			}
			w.assign([]int{2, 3})
			w.nodes[3].grid.LaneUp(id(2), link.Effects) // so it tells its position
			w.pass(1000)
			w.nodes[2].ask("put c 1")
			w.pump()
			f := w.nodes[3].maps["m"]
			if len(f.values) != 3 || f.old != test.old {
				t.Errorf("%d entries, %d of them old, want 3, %d", len(f.values), f.old, test.old)
			}
		})
	}
}
