package membership

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// scenarioSeeds is how often each scenario runs, each time with other delays.
const scenarioSeeds = 40

func eachSeed(t *testing.T, scenario func(w *world)) {
	t.Helper()
	for seed := range uint64(scenarioSeeds) {
		scenario(newWorld(t, seed))
		if t.Failed() {
			return
		}
	}
}

// started returns n members that have found one another.
func (w *world) started(n int) []*node {
	for range n {
		w.start(w.add(), time.Duration(w.random.Int64N(int64(20*time.Millisecond))))
	}
	w.run(20 * time.Millisecond)
	w.until("one cluster of all", 20*time.Second, w.together)
	return w.nodes
}

func TestFoundingAtOnceIsOneCluster(t *testing.T) {
	for _, size := range []int{1, 2, 3, 8} {
		for _, spread := range []time.Duration{1, time.Millisecond, 30 * time.Millisecond, 2 * time.Second} {
			t.Run(fmt.Sprintf("%d members within %v", size, spread), func(t *testing.T) {
				eachSeed(t, func(w *world) {
					for range size {
						n := w.add()
						w.start(n, time.Duration(w.random.Int64N(int64(spread))))
					}
					w.run(spread)
					ids := map[cluster.UUID]bool{}
					w.until("one cluster of all", 10*time.Second, func() bool {
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
				})
			})
		}
	}
}

func TestFoundingOutlivesACandidate(t *testing.T) {
	eachSeed(t, func(w *world) {
		for range 5 {
			w.start(w.add(), time.Duration(w.random.Int64N(int64(10*time.Millisecond))))
		}
		w.run(time.Duration(w.random.Int64N(int64(40 * time.Millisecond))))
		w.crash(w.nodes[w.random.IntN(3)])
		w.until("one cluster of the others", 30*time.Second, w.together)
	})
}

func TestFoundingPassesOnASilentAddress(t *testing.T) {
	eachSeed(t, func(w *world) {
		silent := w.add()
		silent.up, silent.paused, silent.ended = true, true, "never began"
		n := w.add()
		w.start(n, 0)
		w.until("founded without the silent one", 3*time.Second, func() bool { return n.view.Joined })
		if w.now < time.Second {
			w.fail("founded after %v, sooner than the silent address had time to answer", w.now)
		}
	})
}

func TestJoinOneAfterAnother(t *testing.T) {
	eachSeed(t, func(w *world) {
		for range 4 {
			w.start(w.add(), 0)
			w.run(time.Millisecond)
			w.until("joined", time.Second, w.together)
		}
		for i, m := range w.nodes[3].view.List.Members {
			if m.ID != w.nodes[i].self.ID {
				w.fail("place %d of the list is not the member that joined then", i)
			}
		}
	})
}

func TestMembersCrash(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		began := w.now
		w.crash(nodes[w.random.IntN(len(nodes))])
		w.until("the others go on", 2*time.Second, w.together)
		if took := w.now - began; took > testSilence/2 {
			w.fail("a refused connection proves death, but it took %v", took)
		}
	})
}

func TestSeveralCrashAtOnce(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(6)
		for _, i := range w.random.Perm(6)[:1+w.random.IntN(5)] {
			w.after(time.Duration(w.random.Int64N(int64(30*time.Millisecond))), func() { w.crash(nodes[i]) })
		}
		w.run(30 * time.Millisecond)
		w.until("the others go on", 4*testSilence, w.together)
	})
}

func TestCrashDuringTakeOver(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.started(5)
		list := w.nodes[0].view.List
		for i, after := range []time.Duration{0, time.Duration(w.random.Int64N(int64(200 * time.Millisecond)))} {
			w.after(after, func() { w.crash(w.byID(list.Members[i].ID)) })
		}
		w.run(200 * time.Millisecond)
		w.until("the others go on", 4*testSilence, w.together)
	})
}

func TestRestartAtTheSameAddress(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(3)
		n := nodes[w.random.IntN(3)]
		w.crash(n)
		w.run(time.Duration(w.random.Int64N(int64(300 * time.Millisecond))))
		w.start(w.addAt(n.self.Address), 0)
		w.run(time.Millisecond)
		w.until("one cluster with the new one", 4*testSilence, w.together)
	})
}

func TestShortPauseChangesNothing(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		version := nodes[0].view.List.Version
		w.pause(nodes[w.random.IntN(4)], testSilence*7/10)
		w.run(2 * testSilence)
		if !w.together() || nodes[0].view.List.Version != version {
			w.fail("the list has changed\n%s", w.picture())
		}
	})
}

func TestLongPauseRemovesOne(t *testing.T) {
	for _, size := range []int{2, 3, 5} {
		t.Run(fmt.Sprintf("of %d", size), func(t *testing.T) {
			eachSeed(t, func(w *world) {
				nodes := w.started(size)
				n := nodes[w.random.IntN(size)]
				w.pause(n, testSilence+time.Duration(w.random.Int64N(int64(2*testSilence))))
				w.until("the paused one hears that it is out", 6*testSilence, func() bool { return n.ended == "removed" })
				w.until("the others go on", testSilence, w.together)
				if w.alive() != size-1 {
					w.fail("%d members are left\n%s", w.alive(), w.picture())
				}
			})
		})
	}
}

func (w *world) alive() (n int) {
	for _, m := range w.nodes {
		if m.up {
			n++
		}
	}
	return n
}

func TestSeveralPause(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(5)
		for _, i := range w.random.Perm(5)[:2+w.random.IntN(3)] {
			w.pause(nodes[i], time.Duration(w.random.Int64N(int64(2*testSilence))))
		}
		w.run(2 * testSilence)
		w.until("one cluster of those that were not removed", 6*testSilence, w.together)
		if w.alive() == 0 {
			w.fail("nobody is left\n%s", w.picture())
		}
	})
}

// TestEverybodyPauses is a machine that sleeps: nobody may take the others for dead.
func TestEverybodyPauses(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		for _, n := range nodes {
			w.pause(n, 3*testSilence+time.Duration(w.random.Int64N(int64(100*time.Millisecond))))
		}
		w.run(6 * testSilence)
		if !w.together() || w.alive() != 4 {
			w.fail("members were lost\n%s", w.picture())
		}
	})
}

func TestLeaving(t *testing.T) {
	for _, leavers := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("%d of 4", leavers), func(t *testing.T) {
			eachSeed(t, func(w *world) {
				missed := map[cluster.MemberID]bool{}
				w.holds = func(id cluster.MemberID) bool { return missed[id] }
				nodes := w.started(4)
				var gone []*node
				for _, i := range w.random.Perm(4)[:leavers] {
					n := nodes[i]
					missed[n.self.ID] = true
					gone = append(gone, n)
					w.after(time.Duration(w.random.Int64N(int64(10*time.Millisecond))), n.core.Leave)
				}
				w.run(2 * time.Second)
				for _, n := range gone {
					if n.ended != "" {
						w.fail("member %d left although its data is still missed", n.place)
					}
					w.after(time.Duration(w.random.Int64N(int64(time.Second))), func() { delete(missed, n.self.ID) })
				}
				w.until("the leavers have left", 10*time.Second, func() bool {
					for _, n := range gone {
						if n.ended != "left" {
							return false
						}
					}
					return w.together() && w.alive() == 4-leavers
				})
			})
		})
	}
}

func TestAllLeaveAtOnce(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.holds = func(cluster.MemberID) bool { return true }
		for _, n := range w.started(4) {
			w.after(time.Duration(w.random.Int64N(int64(10*time.Millisecond))), n.core.Leave)
		}
		w.until("all have left", 5*time.Second, func() bool { return w.alive() == 0 })
	})
}

func TestLeavingOutlivesACrash(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(5)
		order := w.random.Perm(5)
		leaver, victim := nodes[order[0]], nodes[order[1]]
		w.after(0, leaver.core.Leave)
		w.after(time.Duration(w.random.Int64N(int64(30*time.Millisecond))), func() { w.crash(victim) })
		w.until("the leaver has left, the others go on", 2*testSilence, func() bool {
			return leaver.ended == "left" && w.together() && w.alive() == 3
		})
	})
}

// TestBrokenLanesProveNothing cuts connections between living members.
func TestBrokenLanesProveNothing(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		version := nodes[0].view.List.Version
		for range 20 {
			order := w.random.Perm(4)
			w.cut(nodes[order[0]], nodes[order[1]])
			w.run(time.Duration(w.random.Int64N(int64(300 * time.Millisecond))))
		}
		w.run(time.Second)
		if !w.together() || nodes[0].view.List.Version != version {
			w.fail("the list has changed\n%s", w.picture())
		}
	})
}

func TestDocumentChanges(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(4)
		for i := range 10 {
			n := nodes[w.random.IntN(4)]
			w.after(time.Duration(w.random.Int64N(int64(time.Second))), func() {
				if n.up {
					n.core.Change(uint64(i), Change{Kind: AddObject, Object: cluster.ObjectEntry{
						Object: cluster.Object{Service: "map", Name: strconv.Itoa(i)},
					}})
				}
			})
		}
		w.after(time.Duration(w.random.Int64N(int64(time.Second))), func() { w.crash(w.byID(nodes[0].view.List.Members[0].ID)) })
		w.run(time.Second)
		w.until("the others go on", 4*testSilence, w.together)
		w.run(time.Second)
		for _, n := range nodes {
			if !n.up {
				continue
			}
			if len(n.core.changes.mine) > 0 {
				w.fail("changes of member %d were never answered: %v", n.place, n.core.changes.mine)
			}
			for token, err := range n.changed {
				if _, ok := n.view.Document.Find(cluster.Object{Service: "map", Name: strconv.FormatUint(token, 10)}); err != nil || !ok {
					w.fail("change %d ended with %v, found: %v", token, err, ok)
				}
			}
		}
	})
}
