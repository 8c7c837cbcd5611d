package member

import "sync/atomic"

// maxStep bounds how far cluster time is set at once, in ms: a day. More than that is
// a clock that cannot be right.
const maxStep = 24 * 60 * 60 * 1000

// clusterTime is the coordinator's clock as this member knows it: the local
// clock and an offset. It never steps back, but for once: when a member that has nothing
// yet joins, and learns the time.
type clusterTime struct {
	offset atomic.Int64
	last   atomic.Int64
	known  atomic.Bool
}

func (t *clusterTime) now(wall int64) int64 {
	now := wall + t.offset.Load()
	for {
		last := t.last.Load()
		if now <= last {
			return last
		}
		if t.last.CompareAndSwap(last, now) {
			return now
		}
	}
}

func (t *clusterTime) set(wall, now int64) {
	if d := now - wall; d < maxStep && d > -maxStep {
		t.offset.Store(d)
		if !t.known.Swap(true) {
			t.last.Store(now)
		}
	}
}

func (n *Node) clusterMillis() int64 { return n.time.now(n.o.Wall()) }
