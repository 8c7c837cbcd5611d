package gateway

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
)

// never is a deadline that does not come.
const never = time.Duration(math.MaxInt64)

// Limits of what this member has under way to others; beyond, callers get partition.ErrOverloaded.
const (
	// maxCalls is some seconds' worth of forwarded operations, while a take-over stops them.
	maxCalls = 1 << 18
	// maxCallBytes bounds the copies of their messages.
	maxCallBytes = 256 << 20
	// parkedGrace is added to the timeout of a call that was sent: its owner ends operations
	// that wait for a lock by the same timeout, and its answer should be the one that counts.
	parkedGrace = 5 * time.Second
)

// expirer is an Answerer that knows how long its requests may take.
type expirer interface {
	partition.Answerer
	expires(token uint64) time.Duration
	handlerOf(token uint64) *handler
	// gone tells that nobody waits for the answer any more.
	gone() bool
}

// errGone is the answer that nobody reads: the session has ended.
var errGone = errors.New("gateway: client is gone")

// call is a request of this member on its way to another, or waiting for a primary; or a message from member to member
// (done is set, request is empty).
type call struct {
	id      uint64
	request partition.Request // Message is its own, or shared with other calls of one fan-out
	handler *handler
	expires time.Duration
	// peer is where it was sent.
	peer cluster.MemberID
	// bounced is who handed it back, by a table of that version or a newer one.
	bounced cluster.MemberID
	table   int32
	// late is the session that had no room for the answer, of size bytes; nil unless it was put off.
	late *Session
	size int
	// done takes the answer of a member's call; nil body: the peer is lost.
	done func(body []byte)
}

// forwarder keeps the calls of this member. Each is in exactly one of three places: sent (in calls),
// waiting for a newer view, for time to pass or for room (room.go), or queued for the pump, which alone decides where a call goes.
type forwarder struct {
	g *Gateway
	// bytes are the copies of messages; changed under mu.
	bytes atomic.Int64

	mu struct {
		sync.Mutex
		next    uint64
		calls   map[uint64]*call
		waiting []*call
		queue   []*call
		pumping bool
	}
	// run is the pump for Options.Run, again is retry.
	run, again func()
	fans       fanOuts
}

func (f *forwarder) init(g *Gateway) {
	f.g = g
	f.mu.calls = map[uint64]*call{}
	f.run, f.again = f.pump, f.retry
}

// add queues a request; its message is copied. bounced and table tell who has handed it back, if anybody.
func (f *forwarder) add(q *partition.Request, bounced cluster.MemberID, table int32) {
	e, _ := q.Answerer.(expirer)
	c := &call{request: *q, bounced: bounced, table: table, expires: e.expires(q.Token), handler: e.handlerOf(q.Token)}
	c.request.Message = slices.Clone(q.Message)
	f.keep(c, &f.mu.queue)
}

// keep puts a call into one of the lists of those that are not sent, if there is room for one more.
func (f *forwarder) keep(c *call, list *[]*call) {
	f.mu.Lock()
	if len(f.mu.calls)+len(f.mu.waiting)+len(f.mu.queue) >= maxCalls || f.bytes.Load()+int64(len(c.request.Message)) > maxCallBytes {
		f.mu.Unlock()
		c.fail(partition.ErrOverloaded)
		return
	}
	f.bytes.Add(int64(len(c.request.Message)))
	*list = append(*list, c)
	f.mu.Unlock()
}

// reroute takes a request that the grid has handed back. Called under a partition's lock: the
// pump runs later.
func (f *forwarder) reroute(q *partition.Request) {
	bounced := f.g.Self
	if q.OnBackup { // a backup that cannot answer: its primary may be any member, even this one
		bounced = cluster.MemberID{}
	}
	kept := *q
	kept.OnBackup = false
	f.add(&kept, bounced, q.Table)
	f.g.Run(f.run)
}

// gone tells that the client of a call is: what has not run need not.
func (c *call) gone() bool {
	e, ok := c.request.Answerer.(expirer)
	return ok && e.gone()
}

// fail answers a call with an error.
func (c *call) fail(err error) {
	if c.done != nil {
		c.done(nil)
		return
	}
	c.request.Answerer.Answer(&c.request, appendFault(nil, 0, err))
}

// pump sends everything queued on its way. Calls made while it runs are taken along by the one that runs.
func (f *forwarder) pump() {
	f.mu.Lock()
	if f.mu.pumping {
		f.mu.Unlock()
		return
	}
	f.mu.pumping = true
	for len(f.mu.queue) > 0 {
		queue := f.mu.queue
		f.mu.queue = nil
		f.mu.Unlock()
		for _, c := range queue {
			f.send(c)
		}
		f.mu.Lock()
	}
	f.mu.pumping = false
	f.mu.Unlock()
}

// send gives a call to the partition's primary, or lets it wait for one.
func (f *forwarder) send(c *call) {
	g := f.g
	if c.gone() {
		// A lock that was taken now would be released by nobody.
		f.release(c)
		c.fail(errGone)
		return
	}
	if g.Clock() >= c.expires {
		f.release(c)
		c.fail(fmt.Errorf("%w: %s in %v", fault.ErrOperationTimeout, c.missing(), g.Limits.CallTimeout))
		return
	}
	if c.late != nil && !c.late.reserve(c.request.Token, c.size) {
		f.wait(c)
		return
	}
	v := g.Cluster.View()
	owner := v.Owner(int32(c.request.Partition))
	switch {
	case owner.IsZero() && !hasDataMember(v.List):
		f.release(c)
		c.fail(fmt.Errorf("%w: all %d members are lite members", fault.ErrNoDataMember, len(v.List.Members)))
	case owner.IsZero(), c.bounced == owner && c.table >= v.Table.Version:
		f.wait(c)
	case owner == g.Self:
		f.release(c)
		c.request.Table = v.Table.Version
		g.Grid.Submit(&c.request)
	case len(c.request.Message) > g.maxForwarded:
		f.release(c)
		c.fail(fmt.Errorf("%w: message of %d bytes, at most %d pass between members",
			fault.ErrMaxMessageSizeExceeded, len(c.request.Message), g.maxForwarded))
	default:
		c.table, c.bounced = v.Table.Version, cluster.MemberID{}
		if c.id = f.sent(c, owner); !g.Hub.Send(owner, lane, appendCall(nil, c)) && f.take(c.id, owner) != nil {
			f.wait(c)
		}
	}
}

// missing is what a call that was not sent has waited for in vain.
func (c *call) missing() string {
	if c.late != nil {
		return fmt.Sprintf("the client did not read enough for an answer of %d bytes", c.size)
	}
	return fmt.Sprintf("partition %d had no primary", c.request.Partition)
}

// hasDataMember tells whether anybody may have data, or is handing it over.
func hasDataMember(l *cluster.List) bool {
	return l == nil || slices.ContainsFunc(l.Members, func(m cluster.Member) bool { return !m.Lite })
}

// sent notes that a call is about to be sent, and numbers it.
func (f *forwarder) sent(c *call, peer cluster.MemberID) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.next++
	c.peer = peer
	f.mu.calls[f.mu.next] = c
	return f.mu.next
}

// take returns the call that a peer has answered, nil when it is not waited for any more.
func (f *forwarder) take(id uint64, peer cluster.MemberID) *call {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.mu.calls[id]
	if c == nil || c.peer != peer {
		return nil
	}
	delete(f.mu.calls, id)
	return c
}

func (f *forwarder) wait(c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.waiting = append(f.mu.waiting, c)
}

// release gives back the room of a call that is over.
func (f *forwarder) release(c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bytes.Add(-int64(len(c.request.Message)))
}

// answered takes a peer's answer to a call.
func (f *forwarder) answered(from cluster.MemberID, id uint64, body []byte) {
	c := f.take(id, from)
	if c == nil {
		return
	}
	f.release(c)
	if c.done != nil {
		c.done(body)
		return
	}
	c.request.Answerer.Answer(&c.request, body)
}

// ask sends a message to a member and calls done with the answer's body, nil when the peer is lost or
// does not answer in time. done is called once.
func (f *forwarder) ask(peer cluster.MemberID, op byte, body []byte, done func(body []byte)) {
	c := &call{done: done, expires: f.g.Clock() + f.g.Limits.CallTimeout}
	c.id = f.sent(c, peer)
	if !f.g.Hub.Send(peer, lane, appendAsk(nil, c.id, op, body)) && f.take(c.id, peer) != nil {
		done(nil)
	}
}
