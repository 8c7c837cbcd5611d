package membership

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// Who joins is told so when a majority has the list that it is in: otherwise a coordinator that ends now would leave a member that
// nobody knows.
func TestJoinerIsKnownToAMajority(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.started(3)
		w.part(w.coordinator())
		joiner := w.add()
		w.start(joiner, 0)
		w.run(testSilence / 2)
		if joiner.view.Joined {
			w.fail("joined although only the coordinator knows it\n%s", w.picture())
		}
		w.heal()
		w.until("it has joined", 2*testSilence, w.together)
	})
}

// Who joins is told so when all who are heard have its list, if that takes no longer than a moment: the coordinator may end together
// with one of those who have it.
func TestJoinerIsKnownToAll(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		coordinator := w.coordinator()
		slow := nodes[0]
		if slow == coordinator {
			slow = nodes[1]
		}
		w.pause(slow, 100*time.Millisecond)
		joiner := w.add()
		w.start(joiner, 0)
		w.run(90 * time.Millisecond)
		if joiner.view.Joined {
			w.fail("joined although a member that is only slow has not heard of it\n%s", w.picture())
		}
		w.until("it has joined", testSilence, w.together)
	})
}

// An heir goes on from the newest list that any of the others has, and not from its own, which may be older.
func TestHeirTakesTheNewest(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(5)
		coordinator := w.coordinator()
		heir := w.byID(coordinator.view.List.Members[1].ID)
		w.broken[pair(coordinator, heir)] = true
		w.cut(coordinator, heir)
		joiner := w.add()
		w.start(joiner, 0)
		w.until("one has joined that the heir has not heard of", testSilence/2, func() bool { return joiner.view.Joined })
		if heir.view.List.Find(joiner.self.ID) >= 0 {
			w.fail("the heir has heard of it\n%s", w.picture())
		}
		w.crash(coordinator)
		w.until("the others go on", 4*testSilence, w.together)
		if joiner.ended != "" || w.alive() != len(nodes) {
			w.fail("the one that joined was forgotten\n%s", w.picture())
		}
	})
}

// A coordinator that leaves ends when its heir has what was handed over, not at an acknowledgement of what was before: the heir may
// find its address refusing, and go on without what has moved since.
func TestLastWordOfALeaver(t *testing.T) {
	w := newWorld(t, 1)
	nodes := w.started(2)
	w.run(time.Second)
	leaver, heir := w.coordinator(), nodes[0]
	if heir == leaver {
		heir = nodes[1]
	}
	c := leaver.core
	mark := c.list.Mark
	c.phase, c.heir, c.handUntil = handing, heir.self.ID, w.now+handGrace
	c.handed = state{&cluster.List{Mark: cluster.Mark{Lineage: mark.Lineage, Version: mark.Version + 1}}, &cluster.Table{Version: 9}, c.document}
	word := func(version, table int32) {
		b := cluster.AppendMark([]byte{kindInstalled}, cluster.Mark{Lineage: mark.Lineage, Version: version})
		b = packed.AppendUint32(packed.AppendUint32(b, uint32(table)), 1)
		if _, err := c.Frame(heir.self.ID, b); err != nil {
			t.Fatal(err)
		}
	}
	word(mark.Version, 9)
	word(mark.Version+1, 8)
	if leaver.ended != "" {
		t.Fatal("it ended before its heir has everything")
	}
	word(mark.Version+1, 9)
	if leaver.ended == "" {
		t.Error("it goes on although its heir has everything")
	}
}
