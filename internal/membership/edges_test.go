package membership

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

func object(name string) Change {
	return Change{Kind: AddObject, Object: cluster.ObjectEntry{Object: cluster.Object{Service: "map", Name: name}}}
}

// TestDocumentChangesOutliveAnOrderlySuccession asks for a change while the coordinator leaves: its heir does not
// decide yet when the change reaches it.
func TestDocumentChangesOutliveAnOrderlySuccession(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		coordinator := w.byID(nodes[0].view.List.Members[0].ID)
		asker := w.byID(nodes[0].view.List.Members[3].ID)
		w.after(0, coordinator.core.Leave)
		w.after(time.Duration(w.random.Int64N(int64(20*time.Millisecond))), func() { asker.core.Change(1, object("a")) })
		w.run(20 * time.Millisecond)
		w.until("the change is answered", 5*time.Second, func() bool {
			err, answered := asker.changed[1]
			return answered && err == nil
		})
	})
}

// TestDocumentChangesOutliveBrokenLanes loses requests for changes, and answers to them, with their connections.
func TestDocumentChangesOutliveBrokenLanes(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		coordinator := w.byID(nodes[0].view.List.Members[0].ID)
		asker := w.byID(nodes[0].view.List.Members[1].ID)
		w.after(0, func() { asker.core.Change(1, object("a")) })
		for range 3 {
			w.run(time.Duration(w.random.Int64N(int64(4 * time.Millisecond))))
			w.cut(asker, coordinator)
			w.run(25 * time.Millisecond)
		}
		w.until("the change is answered", 5*time.Second, func() bool {
			err, answered := asker.changed[1]
			return answered && err == nil
		})
	})
}

// TestKnownObjectsFitIntoAFullDocument asks for what the document has already.
func TestKnownObjectsFitIntoAFullDocument(t *testing.T) {
	c := &Core{document: &cluster.Document{}}
	for range maxObjects {
		c.document.Objects = append(c.document.Objects, object("a").Object)
	}
	known, other := object("a"), object("b")
	if _, err := c.changedDocument(&known); err != nil {
		t.Errorf("an object that is there: %v", err)
	}
	if _, err := c.changedDocument(&other); err == nil {
		t.Error("an object too many is taken")
	}
}

// TestJoinAtTheAddressOfALivingMember is two members that were told the same public address.
func TestJoinAtTheAddressOfALivingMember(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		n := nodes[w.random.IntN(3)]
		other := w.addAt(n.self.Address)
		w.start(other, 0)
		w.run(5 * time.Second)
		if n.ended != "" || len(n.view.List.Members) != 3 || !n.core.LeaseValid() || other.view.Joined {
			w.fail("the member with the same address took its place\n%s", w.picture())
		}
	})
}

// TestJoinerDoesNotWaitForACoordinatorThatLeaves begins to join at the moment when the coordinator goes.
func TestJoinerDoesNotWaitForACoordinatorThatLeaves(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		coordinator := w.byID(nodes[0].view.List.Members[0].ID)
		w.start(w.add(), 0)
		w.after(time.Duration(w.random.Int64N(int64(25*time.Millisecond))), coordinator.core.Leave)
		w.run(25 * time.Millisecond)
		w.until("the joiner is in", 800*time.Millisecond, w.together)
	})
}

// TestJoinersDoNotProlongALease lets members join a coordinator that is cut off from the others.
func TestJoinersDoNotProlongALease(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		coordinator := w.byID(nodes[0].view.List.Members[0].ID)
		for _, n := range nodes {
			if n != coordinator {
				w.broken[pair(n, coordinator)] = true
				w.cut(n, coordinator)
			}
		}
		w.run(testSilence / 2)
		for range 2 {
			joiner := w.add()
			for _, n := range nodes {
				if n != coordinator {
					w.broken[pair(n, joiner)] = true
				}
			}
			w.start(joiner, 0)
		}
		w.run(testSilence) // checkRemoved sees to the rest
	})
}
