package gateway

import (
	"fmt"
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
// each is some hundred requests and keeps its parts until the last has come.
const maxFanOuts = 4096

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

	mu struct {
		sync.Mutex
		left int // partitions that have not answered
		over bool
		// What the parts add up to.
		sum  int64
		flag bool
		list []byte // frames of the items of a list
	}
}

// fanOuts counts them.
type fanOuts struct{ n atomic.Int32 }

// fanOut begins to run a message on all partitions; the reader goes on at once.
func (g *Gateway) fanOut(r reply, m wire.Message) {
	if g.forward.fans.n.Add(1) > maxFanOuts {
		g.forward.fans.n.Add(-1)
		r.fail(partition.ErrOverloaded)
		return
	}
	f := &fanOut{g: g, reply: r, message: slices.Clone(m)}
	wire.Message(f.message).SetCorrelationID(0) // the first step
	f.mu.left = int(g.Grid.Count())
	g.Run(f.start)
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
			g.forward.sendMany(owner, v.Table.Version, f, parts[owner])
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

// sendMany sends a fan-out's requests to one owner in one frame.
func (f *forwarder) sendMany(owner cluster.MemberID, table int32, fo *fanOut, ids []partition.ID) {
	calls := make([]*call, len(ids))
	f.mu.Lock()
	first := f.mu.next + 1
	for i, id := range ids {
		f.mu.next++
		c := &call{
			id: f.mu.next, request: fo.request(id), handler: fo.reply.h, peer: owner, table: table,
			expires: fo.expires(uint64(id)),
		}
		f.mu.calls[c.id] = c
		f.bytes.Add(int64(len(c.request.Message)))
		calls[i] = c
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
			f.mu.list = nil
		} else {
			next = wire.Message(body).CorrelationID()
		}
	}
	if next == 0 {
		f.mu.left--
	}
	last := f.mu.left == 0
	f.mu.Unlock()
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

// step sends a partition its message again, to go on at a cursor.
func (f *fanOut) step(id partition.ID, cursor int64) {
	q := f.request(id)
	q.Message = slices.Clone(f.message)
	wire.Message(q.Message).SetCorrelationID(cursor)
	f.g.route(&q, f.reply.h)
}

func (f *fanOut) end(last bool) {
	if last {
		f.g.forward.fans.n.Add(-1)
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

// fanList merges lists, of which every answer holds one and nothing else.
func fanList() *fan {
	return &fan{merge: (*fanOut).mergeList, finish: (*fanOut).finishList}
}

func (f *fanOut) mergeList(part wire.Message) error {
	frames := part.Frames()
	_, head := frames.Next()
	begin, ok := frames.Next()
	items := frames.Rest()
	if !head || !ok || !begin.IsBegin() || len(items) < wire.FrameHeaderSize {
		return fmt.Errorf("%w: part of a list", wire.ErrMalformed)
	}
	items = items[:len(items)-wire.FrameHeaderSize] // the end of the list
	if limit := f.g.Limits.MaxOutputBytes; len(f.mu.list)+len(items) > limit {
		return fmt.Errorf("%w: more than %d bytes", fault.ErrQueryResultSizeExceeded, limit)
	}
	f.mu.list = append(f.mu.list, items...)
	return nil
}

func (f *fanOut) finishList() {
	list := f.mu.list
	f.reply.send(func(dst []byte, correlation int64) []byte {
		dst = wire.AppendResponseHead(dst, f.reply.h.info.Type+1, correlation, 0)
		dst = append(wire.AppendBegin(dst), list...)
		return wire.FinishEmpty(wire.AppendEnd(dst))
	})
}

// merger is how the handler's parts become one answer.
func (h *handler) merger() *fan {
	if h.fan != nil {
		return h.fan
	}
	return h.parts
}
