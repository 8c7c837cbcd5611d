package membership

import (
	"testing"
	"time"
)

// TestAnythingHappens mixes all faults, one or a few at a time, and wants one
// cluster of the living after each quiet while.
func TestAnythingHappens(t *testing.T) {
	eachSeed(t, func(w *world) {
		for range 3 {
			w.start(w.add(), time.Duration(w.random.Int64N(int64(20*time.Millisecond))))
		}
		w.run(20 * time.Millisecond)
		for range 12 {
			for range 1 + w.random.IntN(3) {
				w.anything()
				w.run(time.Duration(w.random.Int64N(int64(400 * time.Millisecond))))
			}
			if w.alive() == 0 {
				w.start(w.add(), 0)
			}
			w.run(2*testSilence + 3*time.Second) // every pause is over
			w.until("one cluster of the living", 6*testSilence, func() bool { return w.alive() == 0 || w.together() })
		}
	})
}

// anything does one thing to a random member.
func (w *world) anything() {
	var up []*node
	settled := true // nobody is silent and nobody looks for a cluster: those two together may found another one
	for _, n := range w.nodes {
		if n.up && !n.paused {
			up = append(up, n)
		}
		settled = settled && (!n.up || (n.view.Joined && !n.paused))
	}
	what := w.random.IntN(6)
	switch {
	case len(up) == 0, !settled && (what == 0 || what == 3):
		return
	case what == 0 && len(up) < 9:
		n := w.add()
		w.note("start %d", n.place)
		w.start(n, 0)
		return
	}
	n := up[w.random.IntN(len(up))]
	switch what {
	case 0, 1:
		w.crash(n)
		if settled && w.random.IntN(2) == 0 {
			w.start(w.addAt(n.self.Address), 0)
		}
	case 2:
		w.note("leave %d", n.place)
		n.core.Leave()
	case 3:
		w.pause(n, time.Duration(w.random.Int64N(int64(2*testSilence))))
	default:
		other := up[w.random.IntN(len(up))]
		w.note("cut %d %d", n.place, other.place)
		w.cut(n, other)
	}
}
