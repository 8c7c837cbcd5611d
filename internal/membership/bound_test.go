package membership

import (
	"testing"
	"time"
)

// startedOf returns a coordinator, another member and the rest of a cluster of five, of a version.
func (w *world) startedOf(minorVersion uint8) (coordinator, other *node, rest []*node) {
	w.options = func(o *Options) { o.Version = minor(minorVersion) }
	coordinator, other, rest = w.startedWithMute(5)
	w.unmute()
	w.run(time.Second)
	return coordinator, other, rest
}

// When a coordinator falls silent together with another member, the others go on as soon as both of their leases must have ended. That of the
// other one ends with the coordinator's, but in a cluster of 0.1.
func TestSilentTogether(t *testing.T) {
	for version, limits := range map[uint8][2]time.Duration{
		1: {testSilence * 9 / 5, testSilence * 5 / 2},
		2: {testSilence, testSilence * 3 / 2},
	} {
		eachSeed(t, func(w *world) {
			coordinator, other, rest := w.startedOf(version)
			w.part(coordinator, other)
			began := w.now
			w.until("the others go on", limits[1], func() bool { return goneOn(rest, coordinator) && goneOn(rest, other) })
			if took := w.now - began; took < limits[0] {
				w.fail("they went on after %v", took)
			}
		})
	}
}

// Where a coordinator has ended that could reach a member which nobody else can, that one's lease may have begun just before.
func TestLeaseOfOneWhomOnlyTheCoordinatorReached(t *testing.T) {
	eachSeed(t, func(w *world) {
		coordinator, other, rest := w.startedOf(2)
		for _, n := range rest {
			w.broken[pair(other, n)] = true
			w.cut(other, n)
		}
		w.run(testSilence * 3 / 2)
		w.crash(coordinator)
		for other.core.LeaseValid() {
			if goneOn(rest[:1], other) {
				w.fail("they went on\n%s", w.picture())
			}
			w.run(10 * time.Millisecond)
		}
		if goneOn(rest[:1], coordinator) {
			w.fail("they went on, though it had a lease until now\n%s", w.picture())
		}
	})
}

// A member whose list begins with whoever takes over does not know when the one before that gave its last lease.
func TestLastEcho(t *testing.T) {
	w := newWorld(t, 1)
	w.started(3)
	w.run(time.Second)
	coordinator := w.coordinator()
	n := w.byID(coordinator.view.List.Members[1].ID)
	w.part(coordinator)
	w.run(testSilence / 2)
	if ago := n.core.now - n.core.lastEcho(coordinator.self.ID); ago != 0 {
		t.Errorf("the last echo to whoever was before the coordinator was %v ago", ago)
	}
	if ago := n.core.now - n.core.lastEcho(n.self.ID); ago < testSilence/4 || ago > testSilence {
		t.Errorf("the last echo to a coordinator that is cut off was %v ago", ago)
	}
}
