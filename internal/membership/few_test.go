package membership

import (
	"testing"
	"time"
)

// A coordinator that was in the smaller part of its cluster, and hears one of the others again, waits for a moment for the rest: it does not
// remove them for the silence that is just ending.
func TestHeardOneByOne(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.started(5)
		coordinator, before := w.coordinator(), w.nodes[0].view.List.Mark
		members := coordinator.view.List.Members
		w.part(coordinator, w.byID(members[1].ID))
		w.run(testSilence * 11 / 10)
		for i := range members[2:] {
			if coordinator.view.List.Mark != before {
				w.fail("the list has changed when %d of three were heard\n%s", i, w.picture())
			}
			n := w.byID(members[2+i].ID)
			for _, o := range []*node{coordinator, w.byID(members[1].ID)} {
				delete(w.broken, pair(o, n))
				w.connect(o, n)
			}
			w.run(100*time.Millisecond + time.Duration(w.random.Int64N(int64(100*time.Millisecond))))
		}
		w.until("all are together", testSilence, w.together)
		if coordinator.view.List.Mark != before {
			w.fail("the list has changed\n%s", w.picture())
		}
	})
}
