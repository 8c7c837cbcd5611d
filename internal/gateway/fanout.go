package gateway

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// maxFanOuts is how many messages about all partitions may be under way from the clients of this member:
// each is some hundred requests and keeps its parts until the last has come. A message of up to smallFan bytes is not refused
// because larger ones take all the room there is.
const (
	maxFanOuts = 4096
	smallFan   = 64 << 10
)

// fan says how the answers of all partitions become the client's one.
type fan struct {
	// merge takes the answer of one partition, which is not an error. Called under f's lock, and perhaps a partition's.
	merge func(f *fanOut, part wire.Message) error
	// finish answers when all partitions have. Called under no lock but perhaps a partition's.
	finish func(f *fanOut)
}

// fanOut is a message for all partitions on its way. Every partition has one request, which is somewhere until it is
// answered: here or at another member, and it is sent again only if it was not executed or may
// be executed twice. So each partition's part is merged exactly once, whoever owns it in the end.
//
// A part may take many steps, each short under the partition's lock: an answer whose correlation id is not 0 is one step, and
// the partition gets the message again with that id, the cursor, in place of the client's own.
type fanOut struct {
	g       *Gateway
	reply   reply
	message []byte
	// bytes is what its messages take.
	bytes int

	mu struct {
		sync.Mutex
		left int // partitions that have not answered
		over bool
		// rest are messages that partitions get after they have answered the first, one after the other.
		rest map[partition.ID][][]byte
		// What the parts add up to.
		sum  int64
		flag bool
	}
}

// fanOuts counts them, with the listings, and what their messages take.
type fanOuts struct {
	n     atomic.Int32
	bytes atomic.Int64
}

// enter tells whether there is room for one more; leave gives that back.
func (f *fanOuts) enter(bytes int) bool {
	n, all := f.n.Add(1), f.bytes.Add(int64(bytes))
	if n > maxFanOuts || (all > maxCallBytes && bytes > smallFan) {
		f.leave(bytes)
		return false
	}
	return true
}

// force is enter for one that is under way already.
func (f *fanOuts) force(bytes int) {
	f.n.Add(1)
	f.bytes.Add(int64(bytes))
}

func (f *fanOuts) leave(bytes int) {
	f.bytes.Add(-int64(bytes))
	f.n.Add(-1)
}

// fanOut begins to run a message on all partitions; the reader goes on at once.
func (g *Gateway) fanOut(r reply, m wire.Message) {
	f, err := g.newFanOut(r, len(m))
	if err != nil {
		r.fail(err)
		return
	}
	f.message = slices.Clone(m)
	wire.Message(f.message).SetCorrelationID(0) // the first step
	f.mu.left = int(g.Grid.Count())
	g.Run(f.start)
}

// newFanOut makes a fan-out whose messages take so many bytes.
func (g *Gateway) newFanOut(r reply, bytes int) (*fanOut, error) {
	if !g.forward.fans.enter(bytes) {
		return nil, partition.ErrOverloaded
	}
	r.s.pending.Add(1)
	r.s.fanned.Add(int64(bytes))
	return &fanOut{g: g, reply: r, bytes: bytes}, nil
}

// start sends the requests: first those to others, which work while this member does.
func (f *fanOut) start() {
	g := f.g
	v := g.Cluster.View()
	var owners []cluster.MemberID
	parts := map[cluster.MemberID][]partition.ID{}
	for id := range g.Grid.Count() {
		owner := v.Owner(id)
		if len(parts[owner]) == 0 {
			owners = append(owners, owner)
		}
		parts[owner] = append(parts[owner], partition.ID(id))
	}
	for _, owner := range owners {
		switch {
		case owner == g.Self:
		case owner.IsZero():
			for _, id := range parts[owner] {
				q := f.request(id)
				g.forward.add(&q, cluster.MemberID{}, 0)
			}
		default:
			requests := make([]partition.Request, len(parts[owner]))
			for i, id := range parts[owner] {
				requests[i] = f.request(id)
			}
			g.forward.sendMany(owner, v.Table.Version, f, requests)
		}
	}
	g.forward.pump()
	for _, id := range parts[g.Self] {
		q := f.request(id)
		q.Table = v.Table.Version
		g.Grid.Submit(&q)
	}
}

func (f *fanOut) request(id partition.ID) partition.Request {
	return partition.Request{
		Partition: id, Client: f.reply.s.client.id, Answerer: f, Token: uint64(id), Message: f.message, Runner: f.g.runner,
	}
}

// sendMany sends requests with one message to one owner in one frame.
func (f *forwarder) sendMany(owner cluster.MemberID, table int32, e expirer, requests []partition.Request) {
	calls := make([]*call, len(requests))
	for i := range requests {
		q := &requests[i]
		calls[i] = &call{request: *q, handler: e.handlerOf(q.Token), peer: owner, table: table, expires: e.expires(q.Token)}
	}
	f.mu.Lock()
	first := f.mu.next + 1
	for _, c := range calls {
		f.mu.next++
		c.id = f.mu.next
		f.mu.calls[c.id] = c
		f.bytes.Add(int64(len(c.request.Message)))
	}
	f.mu.Unlock()
	if f.g.Hub.Send(owner, lane, appendCalls(nil, first, calls)) {
		return
	}
	for _, c := range calls {
		if f.take(c.id, owner) != nil {
			f.wait(c)
		}
	}
}

// Answer implements partition.Answerer.
func (f *fanOut) Answer(q *partition.Request, body []byte) {
	next := int64(0)
	f.mu.Lock()
	over := f.mu.over
	var err error
	if !over {
		if err = f.merge(body); err != nil {
			f.mu.over = true
		} else {
			next = wire.Message(body).CorrelationID()
		}
	}
	var more []byte
	if next == 0 {
		if more = f.more(q.Partition); more == nil {
			f.mu.left--
		}
	}
	last := f.mu.left == 0
	f.mu.Unlock()
	if more != nil {
		id := q.Partition
		f.g.Run(func() { f.run(id, more) })
	}
	switch {
	case err != nil && isFault(body):
		f.reply.body(body)
	case err != nil:
		f.reply.fail(err)
	case next != 0:
		id := q.Partition
		f.g.Run(func() { f.step(id, next) })
	case last && !over:
		f.reply.h.merger().finish(f)
	}
	f.end(last)
}

// more takes the next message for a partition; nil when there is none, or the answer is an error already. f.mu is held.
func (f *fanOut) more(id partition.ID) (message []byte) {
	if rest := f.mu.rest[id]; len(rest) > 0 && !f.mu.over {
		message, f.mu.rest[id] = rest[0], rest[1:]
	}
	return message
}

// step sends a partition its message again, to go on at a cursor.
func (f *fanOut) step(id partition.ID, cursor int64) {
	m := slices.Clone(f.message)
	wire.Message(m).SetCorrelationID(cursor)
	f.run(id, m)
}

// run sends a partition a message.
func (f *fanOut) run(id partition.ID, m []byte) {
	q := f.request(id)
	q.Message = m
	f.g.route(&q, f.reply.h)
}

func (f *fanOut) end(last bool) {
	if last {
		f.g.forward.fans.leave(f.bytes)
		f.reply.s.pending.Add(-1)
		f.reply.s.fanned.Add(-int64(f.bytes))
	}
}

func isFault(body []byte) bool { return wire.Message(body).Type() == protocol.ErrorType }

func (f *fanOut) merge(body []byte) error {
	if isFault(body) {
		return fault.ErrHazelcast // the body itself says what it was
	}
	return f.reply.h.merger().merge(f, wire.Message(body))
}

// Keep implements partition.Answerer: its requests have their tokens from the beginning.
func (*fanOut) Keep(*partition.Request) {}

// Reroute implements partition.Answerer.
func (f *fanOut) Reroute(q *partition.Request) { f.g.forward.reroute(q) }

func (f *fanOut) expires(uint64) time.Duration {
	return f.reply.h.expires(f.reply.start, f.g.Limits.CallTimeout)
}

func (f *fanOut) gone() bool { return f.reply.s.gone() }

func (f *fanOut) handlerOf(uint64) *handler { return f.reply.h }

// fanSum merges the answers of Map.size.
func fanSum(finish func(f *fanOut, sum int64)) *fan {
	return &fan{
		merge: func(f *fanOut, part wire.Message) error {
			var size protocol.MapSizeResponse
			err := protocol.DecodeMapSizeResponse(part, &size)
			f.mu.sum += int64(size.Response)
			return err
		},
		finish: func(f *fanOut) { finish(f, f.mu.sum) },
	}
}

// merger is how the handler's parts become one answer.
func (h *handler) merger() *fan {
	if h.fan != nil {
		return h.fan
	}
	return h.parts
}
