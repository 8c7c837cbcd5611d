package membership

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// mergeLimit is how long after the network's return a split may last.
const mergeLimit = 10 * time.Second

// split cuts groups of members off from one another.
func (w *world) split(groups ...[]*node) {
	for i, group := range groups {
		for _, other := range groups[i+1:] {
			for _, a := range group {
				for _, b := range other {
					w.broken[pair(a, b)] = true
					w.cut(a, b)
				}
			}
		}
	}
	w.note("split")
}

// apart is true when each group is a cluster of its own.
func (*world) apart(groups [][]*node) bool {
	for _, group := range groups {
		for _, n := range group {
			if !n.view.Joined || len(n.view.List.Members) != len(group) || !n.core.LeaseValid() {
				return false
			}
		}
	}
	return true
}

// grouped draws groups of the given sizes.
func (w *world) grouped(nodes []*node, sizes ...int) (groups [][]*node) {
	rest := slices.Clone(nodes)
	w.random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	for _, size := range sizes {
		groups = append(groups, rest[:size])
		rest = rest[size:]
	}
	return groups
}

// living are the members that live now.
func (w *world) living() []*node {
	return slices.DeleteFunc(slices.Clone(w.nodes), func(n *node) bool { return !n.up || n.ended != "" })
}

func knocking(t *testing.T, scenario func(w *world)) {
	t.Helper()
	eachSeed(t, func(w *world) {
		w.watched = false // a part that takes over removes members that go on in another part
		w.knocks = 5 * time.Second
		scenario(w)
	})
}

func TestSplitsHeal(t *testing.T) {
	for _, sizes := range [][]int{{3, 2}, {2, 2}, {1, 1}, {4, 1}, {2, 2, 2}, {1, 1, 1, 1}} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			knocking(t, func(w *world) {
				all := 0
				for _, n := range sizes {
					all += n
				}
				groups := w.grouped(w.started(all), sizes...)
				w.split(groups...)
				w.until("each part goes on", 4*testSilence, func() bool { return w.apart(groups) })
				largest, stays := 0, []*node(nil)
				for _, g := range groups {
					if largest, stays = max(largest, len(g)), groups[0]; len(g) > len(stays) {
						stays = g
					}
				}
				w.run(time.Duration(w.random.Int64N(int64(w.knocks))))
				w.heal()
				w.until("merged", mergeLimit*time.Duration(len(groups)-1), func() bool { return w.together() && len(w.living()) == all })
				if len(sizes) == 2 && sizes[0] != sizes[1] && slices.ContainsFunc(stays, func(n *node) bool { return n.ended != "" }) {
					w.fail("the greater part has not gone on")
				}
			})
		})
	}
}

// Looks do not show the other part: it is looked for where its members were.
func TestSplitsHealUnseen(t *testing.T) {
	knocking(t, func(w *world) {
		groups := w.grouped(w.started(5), 3, 2)
		w.shows = func(n *node) (discovery.Found, error) {
			return discovery.Found{Addresses: []cluster.Address{n.self.Address}, SelfShown: true}, nil
		}
		w.split(groups...)
		w.until("each part goes on", 4*testSilence, func() bool { return w.apart(groups) })
		w.heal()
		w.until("merged", mergeLimit, func() bool { return w.together() && len(w.living()) == 5 })
	})
}

// Whichever side sees the other: here only one of them looks.
func TestEitherSideHeals(t *testing.T) {
	knocking(t, func(w *world) {
		groups := w.grouped(w.started(5), 3, 2)
		looks := groups[w.random.IntN(2)]
		w.split(groups...)
		w.until("each part goes on", 4*testSilence, func() bool { return w.apart(groups) })
		for _, n := range w.nodes {
			if !slices.Contains(looks, n) {
				n.core.KnockInterval = 0
			}
		}
		w.heal()
		w.until("merged", mergeLimit, func() bool { return w.together() && len(w.living()) == 5 })
	})
}

// The network is not there at once, nor for good: parts merge, and split again in the middle of it.
func TestSplitsHealAndSplit(t *testing.T) {
	knocking(t, func(w *world) {
		groups := w.grouped(w.started(5), 3, 2)
		for range 3 {
			w.split(groups...)
			w.run(time.Duration(w.random.Int64N(int64(3 * testSilence))))
			w.heal()
			w.run(time.Duration(w.random.Int64N(int64(w.knocks + 200*time.Millisecond))))
			all := w.living()
			groups = w.grouped(all, len(all)/2, len(all)-len(all)/2)
		}
		w.until("merged", 8*testSilence, w.together)
	})
}

// A member of either side, the coordinator for instance, ends in the middle of a merge.
func TestCrashDuringMerge(t *testing.T) {
	knocking(t, func(w *world) {
		groups := w.grouped(w.started(5), 3, 2)
		w.split(groups...)
		w.until("each part goes on", 4*testSilence, func() bool { return w.apart(groups) })
		w.heal()
		group := groups[w.random.IntN(2)]
		coordinator := w.byID(group[0].view.List.Coordinator().ID)
		w.until("the merge begins", mergeLimit, func() bool {
			return slices.ContainsFunc(w.nodes, func(n *node) bool { return n.ended == "merging" })
		})
		w.run(time.Duration(w.random.Int64N(int64(30 * time.Millisecond))))
		left := 5
		for _, n := range w.living() {
			if n.host == coordinator.host {
				left--
				w.crash(n)
			}
		}
		w.until("merged", mergeLimit+4*testSilence, func() bool { return w.together() && len(w.living()) == left })
	})
}

// Clusters that were founded apart become one as soon as looks show one the other.
func TestFoundedApart(t *testing.T) {
	knocking(t, func(w *world) {
		met := false
		w.shows = func(n *node) (discovery.Found, error) {
			found := discovery.Found{SelfShown: true}
			for _, o := range w.nodes {
				if met || o.host%2 == n.host%2 {
					found.Addresses = append(found.Addresses, o.self.Address)
				}
			}
			return found, nil
		}
		for range 5 {
			w.start(w.add(), 0)
		}
		w.run(5 * time.Second)
		met = true
		w.until("merged", mergeLimit, w.together)
	})
}

// Members that leave, and those that join, in the middle of a merge.
func TestMergeAmidChange(t *testing.T) {
	knocking(t, func(w *world) {
		groups := w.grouped(w.started(6), 3, 3)
		w.split(groups...)
		w.until("each part goes on", 4*testSilence, func() bool { return w.apart(groups) })
		for range 3 {
			w.after(time.Duration(w.random.Int64N(int64(2*w.knocks))), func() {
				if up := w.living(); w.random.IntN(2) == 0 && len(up) > 2 {
					w.note("leave")
					up[w.random.IntN(len(up))].core.Leave()
				} else {
					w.start(w.add(), 0)
				}
			})
		}
		w.heal()
		w.run(2 * w.knocks)
		w.until("merged", 6*testSilence, w.together)
	})
}

// A coordinator that is cut off, and publishes something before it knows, has a list that no other descends from. It need not wait until all
// of its members are silent for it.
func TestCoordinatorThatPublishedMerges(t *testing.T) {
	knocking(t, func(w *world) {
		nodes := w.started(4)
		coordinator := w.coordinator()
		rest := slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return n == coordinator })
		w.split([]*node{coordinator}, rest)
		w.holds = func(cluster.MemberID) bool { return true }
		coordinator.core.Leave()
		w.until("the others go on", 3*testSilence, func() bool { return w.apart([][]*node{rest}) })
		w.heal()
		w.until("one cluster", w.knocks+time.Second, func() bool { return w.together() && len(w.living()) == 3 })
	})
}

// Nor does it go on without them in between: what they have changed since they parted would be old here, and served.
func TestCutOffCoordinatorServesNothingOld(t *testing.T) {
	knocking(t, func(w *world) {
		nodes := w.started(5)
		coordinator := w.coordinator()
		rest := slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return n == coordinator })
		with, rest := rest[0], rest[1:]
		w.split([]*node{coordinator, with}, rest)
		w.crash(with)
		w.until("the others go on", 3*testSilence, func() bool { return w.apart([][]*node{rest}) })
		w.heal()
		w.until("one cluster", w.knocks+time.Second, func() bool {
			if coordinator.ended == "" && coordinator.core.LeaseValid() {
				w.fail("it serves alone")
			}
			return w.together() && len(w.living()) == 4
		})
	})
}

// Who comes back from the other side of a split is marked as carrying what it held until it says that all is merged, whoever coordinates then.
func TestCarryingUntilMerged(t *testing.T) {
	knocking(t, func(w *world) {
		groups := w.grouped(w.started(5), 3, 2)
		w.split(groups...)
		w.until("each part goes on", 4*testSilence, func() bool { return w.apart(groups) })
		w.heal()
		w.until("merged", mergeLimit, func() bool { return w.together() && len(w.living()) == 5 })
		var carrying []*node
		for _, n := range w.living() {
			for _, m := range n.view.List.Members {
				if came := w.byID(m.ID).core.Carrying; m.Carrying != came {
					w.fail("member %d knows member %d as carrying %v, it is %v", n.place, w.byID(m.ID).place, m.Carrying, came)
				}
			}
			if n.core.Carrying {
				carrying = append(carrying, n)
			}
		}
		if len(carrying) != 2 {
			w.fail("%d members carry something", len(carrying))
		}
		w.crash(w.byID(carrying[0].view.List.Coordinator().ID))
		for _, n := range carrying {
			n.core.Merged()
		}
		w.until("nobody carries anything", 2*testSilence, func() bool {
			return !slices.ContainsFunc(w.living(), func(n *node) bool {
				return slices.ContainsFunc(n.view.List.Members, func(m cluster.Member) bool { return m.Carrying })
			})
		})
	})
}
