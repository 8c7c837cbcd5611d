package membership

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// After a cut that was too short for anybody to be removed, nobody is: not for having been silent, nor for having answered nothing
// meanwhile, on whichever side.
func TestHeardAgainIsNotDeaf(t *testing.T) {
	eachSeed(t, func(w *world) {
		nodes := w.started(2 + w.random.IntN(3))
		version := nodes[0].view.List.Version
		w.part(nodes[w.random.IntN(len(nodes))])
		w.run(testSilence/2 + time.Duration(w.random.Int64N(int64(testSilence/2-time.Second))))
		w.heal()
		w.run(2 * testSilence)
		if !w.together() || nodes[0].view.List.Version != version {
			w.fail("the list has changed\n%s", w.picture())
		}
	})
}

// A coordinator that is heard again after a long silence has had no time to answer: only when it does not do so from then on, is it one
// that is heard and answers nothing.
func TestHeardAgainHasTimeToAnswer(t *testing.T) {
	w := newWorld(t, 1)
	nodes := w.started(2)
	c := nodes[0].core
	if c.isFirst() {
		c = nodes[1].core
	}
	c.step()
	b := c.beats[c.list.Coordinator().ID]
	long := c.now - testSilence - time.Second
	b.heard, b.answered, b.leased = c.now-testSilence+time.Millisecond, long, long
	c.hears(b)
	if c.isUnanswered() || c.seemsDead(c.list.Coordinator().ID) {
		t.Error("it is taken for one that answers nothing before an answer could come")
	}
	c.now += testSilence/2 + time.Millisecond
	if !c.isUnanswered() {
		t.Error("it is waited for although it answers nothing")
	}
}

// TestWhoHasGotAListIsNotDeaf: echoes may be lost with a connection. A member that tells that it has got a new list hears its coordinator; what it
// has told of the one before proves nothing.
func TestWhoHasGotAListIsNotDeaf(t *testing.T) {
	w := newWorld(t, 1)
	nodes := w.started(2)
	c, other := nodes[0].core, nodes[1].core
	if !c.isFirst() {
		c, other = other, c
	}
	c.step()
	b := c.beats[other.Self.ID]
	b.owed = c.now - testSilence/2 - time.Millisecond
	tell := func() {
		has := cluster.AppendMark(nil, c.list.Mark)
		has = packed.AppendUint32(packed.AppendUint32(has, uint32(c.table.Version)), uint32(c.document.Version))
		r := packed.NewReader(has)
		c.onInstalled(other.Self.ID, &r)
	}
	if tell(); !c.isDeaf(b) {
		t.Error("it has told of the old list, and is not taken for deaf any more")
	}
	b.have.Version--
	if tell(); c.isDeaf(b) {
		t.Error("it has got a new list, and is taken for deaf")
	}
}
