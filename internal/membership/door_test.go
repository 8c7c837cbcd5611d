package membership

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// startBehind starts n members within a while and puts each behind the door some time after its start, as
// Kubernetes does with a pod that runs.
func (w *world) startBehind(n int, within time.Duration) {
	for range n {
		m := w.add()
		starts := time.Duration(w.random.Int64N(int64(within)))
		w.start(m, starts)
		w.after(starts+time.Duration(w.random.Int64N(int64(300*time.Millisecond))), func() { w.behind = append(w.behind, m) })
	}
	w.run(within)
}

// oneCluster waits until all are together, and fails if another cluster was founded on the way.
func (w *world) oneCluster(limit time.Duration) {
	w.t.Helper()
	ids := map[cluster.UUID]bool{}
	w.until("one cluster of all", limit, func() bool {
		for _, n := range w.nodes {
			if n.view.Joined {
				ids[n.view.ClusterID] = true
			}
		}
		return w.together()
	})
	if len(ids) != 1 {
		w.fail("%d clusters were founded", len(ids))
	}
}

func atTheDoor(*node) (discovery.Found, error) { return discovery.Found{Door: door}, nil }

func TestFoundingAtADoorIsOneCluster(t *testing.T) {
	for _, size := range []int{1, 2, 3, 8, 20} {
		for _, spread := range []time.Duration{1, 30 * time.Millisecond, time.Second} {
			eachSeed(t, func(w *world) {
				w.shows = atTheDoor
				w.startBehind(size, spread)
				w.oneCluster(5 * time.Second)
			})
		}
	}
}

// TestJoiningAtADoor adds a member where others are.
func TestJoiningAtADoor(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.shows = atTheDoor
		w.startBehind(3, time.Second)
		w.oneCluster(5 * time.Second)
		w.startBehind(1, 1)
		w.oneCluster(time.Second)
	})
}

// TestDoorWithDeadCandidates lets candidates die that others have met and go on naming.
func TestDoorWithDeadCandidates(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.shows = atTheDoor
		w.startBehind(6, 30*time.Millisecond)
		for range 3 {
			w.after(time.Duration(w.random.Int64N(int64(400*time.Millisecond))), func() {
				n := w.nodes[w.random.IntN(len(w.nodes))]
				w.crash(n)
				w.behind = slices.DeleteFunc(slices.Clone(w.behind), func(b *node) bool { return b == n })
			})
		}
		w.run(400 * time.Millisecond)
		w.until("one cluster of those left", 30*time.Second, w.together)
	})
}

// TestClosedDoor founds after a while where nobody, not even this member, answers at the door.
func TestClosedDoor(t *testing.T) {
	w := newWorld(t, 1)
	w.shows = atTheDoor
	w.start(w.add(), 0)
	w.run(doorPatience - time.Second)
	if w.nodes[0].view.Joined {
		w.fail("founded before its patience ended")
	}
	w.until("a cluster of one", 2*time.Second, w.together)
}

// TestFoundingOnlyWhenShown starts members that looks show only later, some after others: nobody founds before
// all who look later would find it.
func TestFoundingOnlyWhenShown(t *testing.T) {
	eachSeed(t, func(w *world) {
		var shown []cluster.Address
		w.shows = func(n *node) (discovery.Found, error) {
			addresses := slices.Clone(shown)
			return discovery.Found{Addresses: addresses, SelfShown: slices.Contains(addresses, n.self.Address)}, nil
		}
		for range 8 {
			n := w.add()
			w.start(n, time.Duration(w.random.Int64N(int64(50*time.Millisecond))))
			w.after(time.Duration(w.random.Int64N(int64(time.Second))), func() { shown = append(shown, n.self.Address) })
		}
		w.run(50 * time.Millisecond)
		w.oneCluster(5 * time.Second)
	})
}

// TestNeverShown waits, not joined, as long as looks do not show the member; but ordinal 0 of a StatefulSet founds
// after a while, and the others join it.
func TestNeverShown(t *testing.T) {
	eachSeed(t, func(w *world) {
		first := w.add()
		w.shows = func(n *node) (discovery.Found, error) {
			var found discovery.Found
			if first.view.Joined { // only now is it ready, and shown
				found.Addresses = []cluster.Address{first.self.Address}
				found.SelfShown = n == first
			}
			found.MayFoundUnseen = n == first
			return found, nil
		}
		w.start(first, time.Minute)
		w.start(w.add(), 0)
		w.start(w.add(), 0)
		w.run(time.Minute + unseenPatience - time.Second)
		for _, n := range w.nodes {
			if n.view.Joined {
				w.fail("a member that is not shown has founded a cluster")
			}
		}
		w.oneCluster(3 * time.Second)
	})
}

// TestFailingLooks founds nothing while looks fail, and at once when they do not any more.
func TestFailingLooks(t *testing.T) {
	eachSeed(t, func(w *world) {
		failure := errors.New("the API does not answer")
		w.shows = func(n *node) (discovery.Found, error) {
			return discovery.Found{Addresses: []cluster.Address{n.self.Address}, SelfShown: true}, failure
		}
		w.start(w.add(), 0)
		w.run(time.Minute)
		if w.nodes[0].view.Joined {
			w.fail("founded although looks fail")
		}
		failure = nil
		w.until("a cluster of one", time.Second, w.together)
	})
}

// TestNeighboursAreToldOnce meets two other clusters over and over.
func TestNeighboursAreToldOnce(t *testing.T) {
	c := &Core{}
	for i := range 3 * maxNeighbours {
		for range 2 {
			c.noteNeighbour(cluster.UUID{byte(i % maxNeighbours)})
		}
	}
	if len(c.neighbours) != maxNeighbours {
		t.Errorf("%d neighbours are kept, want %d", len(c.neighbours), maxNeighbours)
	}
	if c.noteNeighbour(cluster.UUID{1}) || !c.noteNeighbour(cluster.UUID{255}) {
		t.Error("a known neighbour is new, or a new one known")
	}
}
