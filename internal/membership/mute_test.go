package membership

import (
	"slices"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// mute lets what some send to others get lost, though what those send arrives.
func (w *world) mute(some, others []*node) {
	for _, a := range some {
		for _, b := range others {
			w.muted[[2]int{a.host, b.host}] = true
		}
	}
}

// unmute ends that: connections on which something got lost are made anew.
func (w *world) unmute() {
	muted := w.muted
	w.muted = map[[2]int]bool{}
	for i, a := range w.nodes {
		for _, b := range w.nodes[i+1:] {
			if muted[[2]int{a.host, b.host}] || muted[[2]int{b.host, a.host}] {
				w.cut(a, b)
			}
		}
	}
}

// startedWithMute returns a coordinator that nobody hears but one other member, that one, and the rest.
func (w *world) startedWithMute(n int) (coordinator, other *node, rest []*node) {
	w.started(n)
	coordinator = w.coordinator()
	for _, i := range w.random.Perm(n) {
		switch m := w.nodes[i]; {
		case m == coordinator:
		case other == nil:
			other = m
		default:
			rest = append(rest, m)
		}
	}
	w.mute([]*node{coordinator, other}, rest)
	return coordinator, other, rest
}

// goneOn tells whether all of some members have a list without another one.
func goneOn(some []*node, without *node) bool {
	return !slices.ContainsFunc(some, func(n *node) bool { return n.view.List.Find(without.self.ID) >= 0 })
}

// A coordinator that most members do not hear leaves it to them to go on without it, however long they wait for another one
// whom they do not hear either.
func TestMuteCoordinatorDecidesNothing(t *testing.T) {
	eachSeed(t, func(w *world) {
		coordinator, other, rest := w.startedWithMute(5)
		before := coordinator.view.List.Mark
		w.until("the others go on", 3*testSilence, func() bool { return goneOn(rest, coordinator) && goneOn(rest, other) })
		if coordinator.view.List.Mark != before || coordinator.core.Coordinating() {
			w.fail("it decides, though nobody hears it\n%s", w.picture())
		}
		w.unmute()
		w.until("it learns that they have gone on", testSilence, func() bool { return coordinator.ended != "" && other.ended != "" })
	})
}

// If they hear it again before they have gone on, it goes on itself, and nobody is removed.
func TestMuteCoordinatorIsHeardAgain(t *testing.T) {
	eachSeed(t, func(w *world) {
		coordinator, _, rest := w.startedWithMute(5)
		before := coordinator.view.List.Mark
		w.run(testSilence + time.Duration(w.random.Int64N(int64(testSilence/10))))
		if coordinator.core.Coordinating() || goneOn(rest[:1], coordinator) {
			w.fail("it is not mute yet, or the others have gone on already\n%s", w.picture())
		}
		w.unmute()
		w.run(3 * testSilence)
		if !w.together() || coordinator.view.List.Mark != before {
			w.fail("the list has changed\n%s", w.picture())
		}
	})
}

// If they cannot go on since the eldest of them does hear it, it does what it would do otherwise, in the end.
func TestMuteCoordinatorActsInTheEnd(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(5)
		list := nodes[0].view.List
		coordinator, eldest := w.byID(list.Coordinator().ID), w.byID(list.Members[1].ID)
		rest := slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return n == coordinator || n == eldest })
		w.mute([]*node{coordinator}, rest)
		w.run(3 * testSilence)
		if coordinator.view.List.Mark != list.Mark || goneOn(rest[:1], coordinator) {
			w.fail("somebody has gone on already\n%s", w.picture())
		}
		w.until("it goes on with the eldest", 3*testSilence, func() bool {
			return len(coordinator.view.List.Members) == 2 && eldest.view.List.Mark == coordinator.view.List.Mark &&
				coordinator.core.LeaseValid() && eldest.core.LeaseValid()
		})
	})
}

// A member that hears nothing of its coordinator is removed as ever while most of the others hear it.
func TestDeafMemberIsNoMuteCoordinator(t *testing.T) {
	for _, members := range []int{3, 4, 5} {
		w := newWorld(t, uint64(members))
		nodes := w.started(members)
		w.watched = false // it goes on by itself
		coordinator := w.coordinator()
		i := slices.IndexFunc(nodes, func(n *node) bool { return n != coordinator })
		deaf := nodes[i]
		w.mute([]*node{coordinator}, []*node{deaf})
		var list *cluster.List
		w.until("the deaf one is removed", 2*testSilence, func() bool {
			list = coordinator.view.List
			return list.Find(deaf.self.ID) < 0
		})
		if len(list.Members) != members-1 || coordinator.ended != "" {
			t.Errorf("of %d members %d are left", members, len(list.Members))
		}
	}
}

// The eldest of the others, who alone does not hear the coordinator, asks them and is refused: they hear it. It is removed as one that hears
// nothing.
func TestNobodyTakesOverFromOneWhoIsHeard(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.watched = false // in the end the eldest goes on by itself
		nodes := w.started(3 + w.random.IntN(3))
		list := nodes[0].view.List
		coordinator, eldest := w.byID(list.Coordinator().ID), w.byID(list.Members[1].ID)
		w.mute([]*node{coordinator}, []*node{eldest})
		w.until("the eldest is removed", 2*testSilence, func() bool { return coordinator.view.List.Find(eldest.self.ID) < 0 })
		w.run(testSilence)
		if now := coordinator.view.List; now.Lineage != list.Lineage || len(now.Members) != len(list.Members)-1 || coordinator.ended != "" {
			w.fail("the others have gone on without it\n%s", w.picture())
		}
	})
}
