package membership

import (
	"testing"
	"time"
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
