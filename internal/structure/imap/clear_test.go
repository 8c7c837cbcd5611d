package imap_test

import (
	"fmt"
	"testing"

	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// TestClearTakesNoTime: to clear or destroy a large map frees none of its memory under the partition's lock, on the primary or on the
// backup, but leaves it to be freed afterwards; it counts for nothing at once.
func TestClearTakesNoTime(t *testing.T) {
	const entries = 20_000
	for verb, left := range map[string]int{"clear": 1, "destroy": 0} {
		p := newPair(t, imap.Config{})
		for i := range entries {
			p.set(fmt.Sprint("key", i), make([]byte, 100), imap.Default)
			p.ops = p.ops[:0]
		}
		p.command([]string{"c1", "lock", "key7"})
		p.pump()
		before := [2]int64{}
		for i, m := range p.members {
			before[i] = m.arena.Stats().Held
		}
		p.command([]string{"c1", verb})
		p.pump()
		for i, m := range p.members {
			s := m.arena.Stats()
			if freed := before[i] - s.Held; freed > 64<<10 {
				t.Errorf("%s: member %d freed %d of %d bytes under the lock", verb, i, freed, before[i])
			}
			if s.Used > 16<<10 {
				t.Errorf("%s: %d bytes of member %d are used", verb, s.Used, i)
			}
			m.arena.Tidy()
			if s = m.arena.Stats(); s.Held > 256<<10 {
				t.Errorf("%s: %d bytes of member %d are held afterwards", verb, s.Held, i)
			}
		}
		if got := p.size(); got != left {
			t.Errorf("%s: %d entries are left, want %d", verb, got, left)
		}
		if differ := p.replicasDiffer(); differ != "" {
			t.Errorf("%s: the replicas differ: %.500s", verb, differ)
		}
	}
}
