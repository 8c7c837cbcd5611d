package membership

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
)

// minor is a version 0.n.
func minor(n uint8) cluster.Version { return cluster.Version{Minor: n} }

// addOf makes a member of a version and starts it.
func (w *world) addOf(v cluster.Version) *node {
	w.options = func(o *Options) { o.Version = v }
	n := w.add()
	w.start(n, 0)
	w.run(0)
	return n
}

// talks tells whether all live members are together and talk in that version.
func (w *world) talks(v cluster.Version) bool {
	for _, n := range w.nodes {
		if n.up && n.view.Version() != v {
			return false
		}
	}
	return w.together()
}

// Member by member: the version stays until it is raised, the raise is refused while an old member is there, an old one may come
// back until then and not afterwards.
func TestUpgradeMemberByMember(t *testing.T) {
	first, next := minor(1), minor(2)
	eachSeed(t, func(w *world) {
		old := []*node{w.addOf(first), w.addOf(first), w.addOf(first)}
		w.until("the old ones are together", 10*time.Second, func() bool { return w.talks(first) })
		for i, n := range old {
			fresh := w.addOf(next)
			w.until("a new one joins", 10*time.Second, func() bool { return w.talks(first) })
			fresh.core.Change(1, Change{Kind: RaiseVersion, Version: next})
			if err := fresh.changed[1]; !errors.Is(err, ErrVersionOfMembers) || !strings.Contains(err.Error(), n.self.Address.String()) {
				w.fail("the version is raised beside old members: %v", err)
			}
			if w.random.IntN(2) == 0 {
				w.crash(n)
			} else {
				w.after(0, n.core.Leave)
			}
			w.until("an old one goes", 20*time.Second, func() bool { return !n.up && w.talks(first) })
			if i == 1 {
				back := w.addOf(first)
				w.until("an old one comes back", 10*time.Second, func() bool { return w.talks(first) })
				w.after(0, back.core.Leave)
				w.until("and goes again", 10*time.Second, func() bool { return back.ended == "left" && w.talks(first) })
			}
		}
		asker := w.nodes[w.random.IntN(len(w.nodes))]
		for !asker.up {
			asker = w.nodes[w.random.IntN(len(w.nodes))]
		}
		w.run(time.Second) // everybody has heard everybody
		w.after(0, func() { asker.core.Change(2, Change{Kind: RaiseVersion, Version: next}) })
		if w.random.IntN(2) == 0 {
			coordinator := w.byID(asker.view.List.Members[0].ID)
			w.after(time.Duration(w.random.Int64N(int64(8*time.Millisecond))), func() {
				if coordinator != asker {
					w.crash(coordinator)
				}
			})
		}
		w.until("the version is raised", 10*time.Second, func() bool {
			err, answered := asker.changed[2]
			return answered && err == nil && w.talks(next)
		})
		asker.core.Change(3, Change{Kind: RaiseVersion, Version: first})
		if !errors.Is(asker.changed[3], ErrVersionLowered) {
			w.fail("the version is lowered: %v", asker.changed[3])
		}
		version := asker.view.List.Version
		late := w.addOf(first)
		w.run(3 * time.Second)
		if late.view.Joined || asker.view.List.Version != version {
			w.fail("an old member joins a cluster whose version was raised\n%s", w.picture())
		}
		w.crash(late)
		w.addOf(next)
		w.until("a new one joins", 10*time.Second, func() bool { return w.talks(next) })
	})
}

// All members start at once in the middle of an upgrade: whoever founds, everybody can join.
func TestFoundingOfTwoVersions(t *testing.T) {
	eachSeed(t, func(w *world) {
		for i := range 5 {
			w.options = func(o *Options) {
				if i == 4 || w.random.IntN(2) == 0 {
					o.Version = minor(1)
				}
			}
			w.add()
		}
		for _, n := range w.nodes {
			w.start(n, 0)
		}
		w.run(0)
		w.until("all are together", 20*time.Second, func() bool { return w.talks(minor(1)) })
	})
}

// Founders begin with their own version, or with the one before if they are told to; a cluster is raised by itself if its
// members are, as soon as it has enough of them.
func TestInitialVersionAndAutoUpgrade(t *testing.T) {
	eachSeed(t, func(w *world) {
		w.started(1)
		if v := w.nodes[0].view.Version(); v != cluster.CurrentVersion() {
			w.fail("founded with %s", v)
		}
	})
	eachSeed(t, func(w *world) {
		w.options = func(o *Options) { o.InitVersion, o.AutoUpgrade, o.AutoUpgradeSize = minor(1), true, 3 }
		for range 2 {
			w.start(w.add(), 0)
		}
		w.until("two are together", 10*time.Second, w.together)
		w.run(2 * time.Second)
		if !w.talks(minor(1)) {
			w.fail("raised before there are three")
		}
		w.start(w.add(), 0)
		w.until("raised", 10*time.Second, func() bool { return w.talks(minor(2)) })
	})
}

// A member that meets a cluster of a version that it does not speak says why, and neither joins nor founds another one: not
// even where its coordinator, being older, would take it in.
func TestMemberTooOldOrTooNew(t *testing.T) {
	for _, test := range []struct {
		name    string
		version cluster.Version
		joins   bool
	}{
		{"the version before", minor(1), true},
		{"its own", minor(2), true},
		{"the next", minor(3), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, out, now := newAsker()
			var log bytes.Buffer
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			other := cluster.Member{ID: cluster.UUID{2}, Address: cluster.Address{Host: "127.0.0.1", Port: 2}}
			list := &cluster.List{Mark: cluster.Mark{Lineage: cluster.UUID{3}, Version: 1}, Members: []cluster.Member{other}}
			answer := cluster.AppendVersion(cluster.AppendList([]byte{answerMember}, list), test.version)
			c.Start()
			for range 5 {
				*now += refusedAgain
				c.Tick()
				if c.phase == founding {
					c.Looked(discovery.Found{Addresses: []cluster.Address{c.Self.Address, other.Address}, SelfShown: true}, nil)
				}
				for _, token := range out.tokens {
					c.Replied(token, link.Reply{Outcome: link.Answered, Answerer: other.ID, Body: answer})
				}
				out.tokens = nil
				if (c.phase == joining) != test.joins || out.joined {
					t.Fatalf("phase %d, founded %v", c.phase, out.joined)
				}
				if test.joins {
					return
				}
			}
			if !strings.Contains(log.String(), "the cluster is of version 0.3") || !strings.Contains(log.String(), "speaks 0.1 to 0.2") {
				t.Errorf("said %s", log.String())
			}
		})
	}
}
