package member

import "sync/atomic"

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

// set takes what the coordinator's clock says. It counts however wrong the local clock is: were it not followed, the
// members would disagree about what has expired.
func (t *clusterTime) set(wall, now int64) {
	t.offset.Store(now - wall)
	if !t.known.Swap(true) {
		t.last.Store(now)
	}
}

func (n *Node) clusterMillis() int64 { return n.time.now(n.o.Wall()) }
