package membership

import (
	"slices"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// startedWithStray returns a member that was paused when its coordinator had sent it a list that nobody else got, and ended, and the others, who
// have gone on without both. The list may be without one of them.
func (w *world) startedWithStray(without bool) (stray *node, rest []*node) {
	w.started(5)
	coordinator := w.coordinator()
	stray = w.byID(coordinator.view.List.Members[1+w.random.IntN(4)].ID)
	for _, n := range w.nodes {
		if n != coordinator && n != stray {
			rest = append(rest, n)
		}
	}
	w.part(coordinator, stray)
	coordinator.core.publish(slices.DeleteFunc(slices.Clone(coordinator.view.List.Members), func(m cluster.Member) bool {
		return without && m.ID == rest[0].self.ID
	}), "for one only")
	w.until("one has the list", time.Second, func() bool { return stray.view.List.Mark == coordinator.view.List.Mark })
	w.pause(stray, 3*testSilence)
	w.crash(coordinator)
	w.until("the others go on", 3*testSilence, func() bool { return goneOn(rest, coordinator) && goneOn(rest, stray) })
	w.heal()
	w.run(3 * testSilence)
	return stray, rest
}

// Whose coordinator has ended after it sent a list to nobody else gives itself up as soon as it learns that the others have gone on from the
// one before: it does not go on alone with what it has.
func TestStrayGoesNowhere(t *testing.T) {
	eachSeed(t, func(w *world) {
		stray, _ := w.startedWithStray(false)
		if stray.ended != "removed" || len(stray.view.List.Members) != 5 {
			w.fail("it has ended, %s, with %d members\n%s", stray.ended, len(stray.view.List.Members), w.picture())
		}
	})
}

// A list that has removed somebody may be one under which something was written that the removed one lacks: who has it goes on by itself, and
// merges.
func TestStrayWithoutSomebody(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.knocks = time.Second
		w.watched = false // of the one that is removed for a moment
		stray, rest := w.startedWithStray(true)
		w.until("it goes on by itself", 3*testSilence, func() bool { return len(stray.view.List.Members) == 1 })
		w.until("it merges", 2*testSilence, func() bool { return stray.ended == "merging" && rest[0].ended == "" && w.together() })
	})
}

// Nobody is a stray who may still answer, whose coordinator may live, or who has more with it than those who have gone on.
func TestIsStray(t *testing.T) {
	w := newWorld(t, 1)
	w.started(4)
	coordinator := w.coordinator()
	members := coordinator.view.List.Members
	n := w.byID(members[3].ID)
	c := n.core
	before := c.list.Mark
	before.Version--
	gone := func(chain cluster.Mark, members ...cluster.Member) *cluster.List {
		return &cluster.List{Mark: cluster.Mark{Lineage: w.uuid(), Version: 99}, Chain: []cluster.Mark{chain}, Members: members}
	}
	foreign := cluster.Mark{Lineage: w.uuid(), Version: 1}
	for name, test := range map[string]struct {
		answers, heard bool
		gone           *cluster.List
		want           bool
	}{
		"the others have gone on":            {gone: gone(before, members[1], members[2]), want: true},
		"it may answer":                      {answers: true, gone: gone(before, members[1], members[2])},
		"its coordinator may live":           {heard: true, gone: gone(before, members[1], members[2], w.add().self)},
		"one has gone on, two are left":      {gone: gone(before, members[1])},
		"they have nothing to do with it":    {gone: gone(foreign, members[1], members[2])},
		"they have gone on from a list ago":  {gone: gone(cluster.Mark{Lineage: before.Lineage, Version: 1}, members[1], members[2])},
		"they have gone on from its own one": {gone: gone(c.list.Mark, members[1], members[2])}, // who is removed is told by learn
	} {
		c.lease.Store(0)
		if test.answers {
			c.extendLease(w.now, c.SilenceTimeout)
		}
		c.goneAt = 2
		c.beats[coordinator.self.ID].dead = !test.heard
		if got := c.isStray(test.gone); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
