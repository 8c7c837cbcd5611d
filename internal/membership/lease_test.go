package membership

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// part breaks all connections between some members and the rest: what one side sends to the other gets lost, and nobody is refused.
func (w *world) part(side ...*node) {
	on := map[*node]bool{}
	for _, n := range side {
		on[n] = true
	}
	for _, a := range w.nodes {
		for _, b := range w.nodes {
			if on[a] && !on[b] {
				w.broken[pair(a, b)] = true
				w.cut(a, b)
			}
		}
	}
}

// heal makes the connections anew that part has broken.
func (w *world) heal() {
	w.broken = map[[2]int]bool{}
	for i, a := range w.nodes {
		for _, b := range w.nodes[i+1:] {
			w.connect(a, b)
		}
	}
}

// coordinator is the node that the first one's list begins with.
func (w *world) coordinator() *node { return w.byID(w.nodes[0].view.List.Coordinator().ID) }

// A member that cannot be reached may live: for as long as its lease may run nobody removes it.
func TestUnreachableIsNoProof(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		version := nodes[0].view.List.Version
		n := nodes[w.random.IntN(4)]
		w.part(n)
		w.run(testSilence * 7 / 10)
		for _, other := range nodes {
			if other.view.List.Version != version {
				w.fail("the list has changed\n%s", w.picture())
			}
		}
		w.heal()
		w.run(testSilence)
		if !w.together() || nodes[0].view.List.Version != version {
			w.fail("the list has changed after all\n%s", w.picture())
		}
	})
}

// Who stands with a coordinator in the smaller part of its cluster holds no lease when the larger part goes on without both, unless the
// smaller one has gone on by itself, as a cluster of two that must merge.
func TestMinorityHoldsNoLease(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(5)
		w.watched = false // it counts those who went on by themselves
		coordinator := w.coordinator()
		before := coordinator.view.List.Mark
		other := nodes[w.random.IntN(5)]
		for other == coordinator {
			other = nodes[w.random.IntN(5)]
		}
		w.part(coordinator, other)
		stillThere := func(n *node) bool { return n.view.List.Mark == before }
		w.until("the three others go on", 4*testSilence, func() bool {
			for _, n := range nodes {
				if n != coordinator && n != other && (stillThere(n) || n.view.List.Find(coordinator.self.ID) >= 0) {
					return false
				}
			}
			return true
		})
		for _, n := range []*node{coordinator, other} {
			if stillThere(n) && n.core.LeaseValid() {
				w.fail("member %d may still answer\n%s", n.place, w.picture())
			}
		}
	})
}

// A process that is started again at once, at the same address, takes its own place: it answers there in its predecessor's stead,
// which proves that one's end long before its silence would.
func TestRestartAtOnceIsNoticed(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		n := nodes[w.random.IntN(3)]
		w.crash(n)
		w.start(w.addAt(n.self.Address), 0)
		began := w.now
		w.run(time.Millisecond)
		w.until("one cluster with the new one", 4*testSilence, w.together)
		if took := w.now - began; took > testSilence/2 {
			w.fail("it took %v", took)
		}
	})
}

// Whoever is silent is not heard any more long before it is removed: nobody's word about it counts until then.
func TestHears(t *testing.T) {
	w := newWorld(t, 1)
	nodes := w.started(3)
	coordinator := w.coordinator()
	other := nodes[0]
	if other == coordinator {
		other = nodes[1]
	}
	if !coordinator.core.Hears(other.self.ID) || !coordinator.core.Hears(coordinator.self.ID) {
		t.Error("it does not hear who is there")
	}
	w.part(other)
	w.run(testSilence * 6 / 10)
	if coordinator.core.Hears(other.self.ID) {
		t.Error("it hears who is cut off")
	}
}

// A coordinator that does not answer this member may have a lease by those who have just left: nobody takes over before that
// must have ended, too.
func TestLeaseGivenByLeavers(t *testing.T) {
	w := newWorld(t, 1)
	nodes := w.started(4)
	w.watched = false
	w.run(time.Second)
	coordinator, n := w.coordinator(), nodes[0]
	if n == coordinator {
		n = nodes[1]
	}
	c := n.core
	b := c.beats[coordinator.self.ID]
	c.now = 3 * testSilence
	b.answered, b.leased, b.heard = 0, 0, c.now-testSilence/10
	if !c.isUnanswered() {
		t.Fatal("it is not without answers")
	}
	list := *c.list
	list.Version++
	list.Members = []cluster.Member{coordinator.self, n.self}
	c.install(&list, c.table, c.document, "others have left")
	if c.isUnanswered() {
		t.Error("it takes the coordinator for one without a lease, which those may have given who have just left")
	}
}

// A member proves that it hears its coordinator by what it has heard since it was doubted.
func TestProvesToHear(t *testing.T) {
	w := newWorld(t, 1)
	nodes := w.started(3)
	coordinator, n := w.coordinator(), nodes[0]
	if n == coordinator {
		n = nodes[1]
	}
	w.run(testSilence)
	if coordinator.core.ProvesToHear(n.self.ID) {
		t.Error("proved by what was before")
	}
	w.run(testSilence / 2)
	if !coordinator.core.ProvesToHear(n.self.ID) {
		t.Error("it hears, and has not proved it")
	}
	w.run(2 * testSilence)
	if coordinator.core.ProvesToHear(n.self.ID) {
		t.Error("an old proof counts")
	}
}
