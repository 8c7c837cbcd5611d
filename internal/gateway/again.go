package gateway

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
)

// Calls that come again, or to an end that is not an answer.

// elsewhere takes a call back that its receiver has not executed. deadline is when it stops to wait
// for a lock, if it has begun to.
func (f *forwarder) elsewhere(from cluster.MemberID, id uint64, table int32, deadline int64) {
	c := f.take(id, from)
	if c == nil {
		return
	}
	c.bounced, c.table = from, max(table, c.table)
	c.request.Deadline = deadline
	f.mu.Lock()
	f.mu.queue = append(f.mu.queue, c)
	f.mu.Unlock()
	f.pump()
}

// lost deals with the calls whose answer will not come because the connection to a peer is gone:
// those that may run twice are sent again, the others fail.
func (f *forwarder) lost(gone func(cluster.MemberID) bool) {
	f.mu.Lock()
	var failed []*call
	for _, id := range slices.Sorted(maps.Keys(f.mu.calls)) {
		c := f.mu.calls[id]
		if !gone(c.peer) {
			continue
		}
		delete(f.mu.calls, id)
		if c.done == nil && c.handler.mayRepeat() {
			f.mu.queue = append(f.mu.queue, c)
		} else {
			failed = append(failed, c)
			f.bytes.Add(-int64(len(c.request.Message)))
		}
	}
	f.mu.Unlock()
	for _, c := range failed {
		c.fail(fmt.Errorf("%w: member %v, on which %s ran, is unreachable", fault.ErrTargetDisconnected, c.peer, c.name()))
	}
	f.pump()
}

func (c *call) name() string {
	if c.handler == nil {
		return "a member's operation"
	}
	return c.handler.info.Name
}

// retry tries again to send what waits.
func (f *forwarder) retry() {
	f.mu.Lock()
	f.mu.queue = append(f.mu.waiting, f.mu.queue...) // the older ones first
	f.mu.waiting = nil
	f.mu.Unlock()
	f.pump()
}

// tick ends calls whose time is over, and those without end whose client is gone: their owner may have forgotten
// them. Those that wait are tried again: a primary may have handed a call back a moment before it got the table by
// which it was sent.
func (f *forwarder) tick(now time.Duration) {
	v := f.g.Cluster.View()
	f.mu.Lock()
	var late []*call
	for _, id := range slices.Sorted(maps.Keys(f.mu.calls)) {
		c := f.mu.calls[id]
		if now-parkedGrace >= c.expires || (c.expires == never && c.gone()) {
			delete(f.mu.calls, id)
			f.bytes.Add(-int64(len(c.request.Message)))
			late = append(late, c)
		}
	}
	for _, c := range f.mu.waiting {
		if c.bounced == v.Owner(int32(c.request.Partition)) {
			c.bounced = cluster.MemberID{}
		}
	}
	f.mu.Unlock()
	for _, c := range late {
		c.fail(fmt.Errorf("%w: member %v did not answer %s", fault.ErrOperationTimeout, c.peer, c.name()))
	}
	f.retry()
}
