package gateway

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Limits of one listing. What it has of entries in memory, wherever they are on their way from a partition into the connection, is at
// most its window (Limits.ListingBytes), or one entry if that is larger.
const (
	// firstLeast is the least that the first step of a part may bring.
	firstLeast = 1 << 10
	// pumpBytes is about how much one run of a worker brings, and pumpSteps how many steps it makes at most, in well under a
	// millisecond: other listings want to go on, too.
	pumpBytes = 4 * stepBytes
	pumpSteps = 512
	// maxLists is how many listings of one session are under way; more wait for these.
	maxLists = 4
)

// errCut is why a connection ends whose client has got a part of an answer that cannot be finished.
var errCut = errors.New("gateway: an answer of which the client has a part cannot be finished")

// listing is a message on its way whose answer is a list of what many partitions have: Map.keySet, values, entrySet and
// getAll. It takes any number of steps, each short under a partition's lock, and never has all of the answer in memory:
// the next steps are made when the client has read enough of what the earlier ones have brought.
//
// An answer of less than half the window is gathered, and sent when it is whole. A longer one is begun (stream.go): from there on the
// client has a part of it, and no error can be its answer any more. So what cannot run is tried again, for as long as a call may take;
// then the connection ends.
//
// Each part is one partition's, and has at most one step under way. A step is the client's message with the cursor in place
// of the correlation id, and with what it may bring in place of the partition (stepOf); an answer whose correlation id is not 0 tells the cursor
// of the next one. Cursors are good on every member (package store), so a partition may move between two steps, and an entry that stays is
// listed exactly once.
type listing struct {
	g     *Gateway
	reply reply
	// bytes is what its messages take.
	bytes int
	// window, step and first are how many bytes may be on their way in all, in one step, and in the first step of a part.
	window, step, first int
	// run is pump for Options.Run.
	run func()

	// mu is taken before the session's, never while the grid is called.
	mu struct {
		sync.Mutex
		state listState
		parts []part
		// todo are the parts that are to be asked, later those that have failed and are asked again after a while.
		todo, later []int
		// left are the parts that have more, under those that were asked and have not answered; asked is what they may bring.
		left, under, asked int
		// items are frames of the answer that the session has not got.
		items []byte
		// pumping: somebody runs pump, which alone asks parts.
		pumping bool
		ended   bool
	}
	// What follows is the pump's.
	scratch, message []byte
	tx               partition.Tx
}

// listState is what has become of the answer.
type listState uint8

const (
	// gathering: nothing of it is given to the session.
	gathering listState = iota
	// liningUp: it is to be begun, and another listing of the session is before it.
	liningUp
	// streaming: it is begun.
	streaming
	// over: it is given, or nobody wants it.
	over
)

// part is what one partition has, or has of some keys.
type part struct {
	id partition.ID
	// message is that of all parts, or its own.
	message []byte
	own     bool
	cursor  int64
	// room is what its next step may bring; alone for as much as one entry.
	room int
	// asked is when that was, failing since when its steps fail; 0: they do not.
	asked, failing time.Duration
}

// list begins to run a message on all partitions.
func (g *Gateway) list(r reply, m wire.Message) {
	count := int(g.Grid.Count())
	l, err := g.newListing(r, count, len(m))
	if err != nil {
		r.fail(err)
		return
	}
	message := slices.Clone(m)
	for i := range count {
		l.mu.parts = append(l.mu.parts, part{id: partition.ID(i), message: message, room: l.first})
	}
	l.enqueue()
}

// newListing makes a listing, without its parts, whose messages take so many bytes, if there is room for it.
func (g *Gateway) newListing(r reply, parts, bytes int) (*listing, error) {
	if !g.forward.fans.enter(bytes) {
		return nil, partition.ErrOverloaded
	}
	return g.makeListing(r, parts, bytes), nil
}

// makeListing is newListing for who has room.
func (g *Gateway) makeListing(r reply, parts, bytes int) *listing {
	r.s.fanned.Add(int64(bytes))
	l := &listing{g: g, reply: r, bytes: bytes}
	l.window = g.Limits.ListingBytes
	l.step = min(stepBytes, l.window/4)
	l.first = min(max(l.window/max(parts, 1), firstLeast), l.step)
	l.run = l.pump
	return l
}

// enqueue starts the listing when the session has room for it.
func (l *listing) enqueue() {
	l.mu.left = len(l.mu.parts)
	for i := range l.mu.parts {
		l.mu.todo = append(l.mu.todo, i)
	}
	switch {
	case !l.reply.s.admitList(l):
	case l.mu.left == 1:
		l.pump() // one partition: it is worth no worker's while
	default:
		l.g.Run(l.begin)
	}
}

// begin asks for the first time: other members first, which work while this one does, each in one frame.
func (l *listing) begin() {
	g := l.g
	v := g.Cluster.View()
	var owners []cluster.MemberID
	asked := map[cluster.MemberID][]partition.Request{}
	var message []byte // that of all of them
	now := g.Clock()
	l.mu.Lock()
	rest := l.mu.todo[:0]
	for _, i := range l.mu.todo {
		p := &l.mu.parts[i]
		owner := v.Owner(int32(p.id))
		if p.own || owner == g.Self || owner.IsZero() || l.held()+p.room > l.window {
			rest = append(rest, i)
			continue
		}
		if message == nil {
			message = slices.Clone(p.message)
			setStep(message, 0, l.first)
		}
		if len(asked[owner]) == 0 {
			owners = append(owners, owner)
		}
		asked[owner] = append(asked[owner], l.ask(i, message, now))
	}
	l.mu.todo = rest
	l.mu.Unlock()
	for _, owner := range owners {
		g.forward.sendMany(owner, v.Table.Version, l, asked[owner])
	}
	l.pump()
}

// held is what the listing has of entries, or may get. l.mu is held.
func (l *listing) held() int {
	n := l.mu.asked + len(l.mu.items)
	if l.mu.state == streaming {
		n += l.reply.s.unwritten(l)
	}
	return n
}

// next returns the part to ask next; false when there is none, or no room. l.mu is held.
func (l *listing) next() (i int, ok bool) {
	n := len(l.mu.todo)
	if n == 0 || l.mu.state == over || l.mu.state == liningUp {
		return 0, false
	}
	i = l.mu.todo[n-1]
	p := &l.mu.parts[i]
	if held := l.held(); p.room == alone {
		ok = l.mu.under == 0 && held <= l.window/2
	} else {
		ok = held+p.room <= l.window
	}
	if ok {
		l.mu.todo = l.mu.todo[:n-1]
	}
	return i, ok
}

// ask notes that a part is asked, by a message, and returns the request. l.mu is held.
func (l *listing) ask(i int, m []byte, now time.Duration) partition.Request {
	p := &l.mu.parts[i]
	p.asked = now
	l.mu.under++
	l.mu.asked += p.room
	return partition.Request{
		Partition: p.id, Client: l.reply.s.client.id, Answerer: l, Token: uint64(i), Message: m, Runner: l.g.runner,
	}
}

// pump asks as many parts as there is room for. Whoever calls it while it runs leaves the work to the one that runs.
func (l *listing) pump() {
	l.mu.Lock()
	if l.mu.pumping {
		l.mu.Unlock()
		return
	}
	l.mu.pumping = true
	now := l.g.Clock()
	for steps, brought := 0, 0; steps < pumpSteps && brought < pumpBytes; steps++ {
		i, ok := l.next()
		if !ok {
			l.mu.pumping = false
			l.mu.Unlock()
			return
		}
		p := &l.mu.parts[i]
		l.message = append(l.message[:0], p.message...) // who keeps a request copies its message
		setStep(l.message, p.cursor, p.room)
		q := l.ask(i, l.message, now)
		l.mu.Unlock()
		brought += l.make(&q)
		l.mu.Lock()
	}
	l.mu.pumping = false
	l.mu.Unlock()
	l.g.Run(l.run)
}

// make makes a step, and returns how much it has brought at once. Only the pump calls it.
func (l *listing) make(q *partition.Request) (brought int) {
	if !l.g.isHere(q, l.reply.h) {
		l.g.send(q)
		return 0
	}
	answer, answered := l.g.Grid.Run(&l.tx, q, l.scratch[:0])
	if l.scratch = answer; answered {
		l.take(int(q.Token), answer)
	}
	if cap(l.scratch) > 2*stepBytes {
		l.scratch = nil
	}
	return len(answer)
}
