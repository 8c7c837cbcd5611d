// Package gateway is the door for clients: it turns the client protocol's
// messages into operations of the grid and back, and is the last place that
// sees wire types.
//
// A message of a client takes one of three ways. Those about one partition run
// there: here when this member is its primary, otherwise at the primary, to which
// the gateway forwards the client's bytes and whose answer it passes on verbatim. Those
// about many partitions fan out: each partition runs the message where it is, and the
// parts are merged here. The rest is about the session or the cluster
// (authentication, listeners, proxies, schemas) and is answered by the session itself.
//
// A request is answered exactly once. Whatever executes it knows only an Answerer and
// a token; the session finds its own note by the token, writes the correlation id of the request into
// the answer and appends it to the output. A request that was handed back
// (Reroute, "elsewhere") was not executed and is sent again by the newest table, for as long as
// its deadline allows. One whose answer got lost with a connection is sent again only if
// running it twice does no harm; otherwise the client hears of a lost connection.
//
// Locks: whatever is called under a partition's lock (Answer, Reroute, Deliver) takes only
// the leaf mutexes of this package (fanout before session; forwarder, peer, listeners), never calls
// into the grid, and leaves longer work to Options.Run.
//
// Everything here runs without goroutines of its own, but for the shell of a session
// (serve.go), which reads bytes, calls Session.Handle and writes what Session.Take returns; the hub calls
// Gateway.Frame, grid and cluster call back. So the simulator's clients run the same code.
package gateway

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/lograte"
	"github.com/filbertgrid/filbert/internal/metric"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
)

// authTimeout is how long a connection may exist without being authenticated, waiting for this
// member to join included: a client that gets no answer sooner tries another member, and a
// thousand connections that say nothing go away by themselves.
const authTimeout = 15 * time.Second

var (
	errClosed  = errors.New("gateway: member is shutting down")
	errFull    = errors.New("gateway: too many client connections")
	errSilent  = errors.New("gateway: client was silent for too long")
	errNewLife = errors.New("gateway: this member has joined another cluster")
)

// Gateway serves all clients of one member.
type Gateway struct {
	Options
	// handlers is the table of served messages, by service and method. Built once by New.
	handlers [256][]*handler
	// runner and relay run requests: those of clients here, and those that other members have sent.
	runner partition.Runner
	// serving counts the sessions, for Wait.
	serving sync.WaitGroup

	mu struct {
		sync.Mutex
		closed   bool
		nextID   uint64
		sessions map[*Session]struct{}
	}
	forward     forwarder
	peers       peers
	presence    presence
	listeners   listeners
	backupReads backupReads
	lost        lostPartitions
	// maxForwarded is what maxForwarded says.
	maxForwarded int
	counters     counters
	rate         *lograte.Limiter
}

// counters are what admin shows of the door.
type counters struct {
	accepted, refused, received, sent metric.Counter
	authenticated                     metric.Gauge
	droppedEvents                     metric.Counter
}

// New returns a gateway without clients.
func New(o Options) *Gateway {
	o.Limits = o.Limits.withDefaults()
	g := &Gateway{Options: o, maxForwarded: maxForwarded()}
	g.runner = runner{g}
	g.mu.sessions = map[*Session]struct{}{}
	g.rate = lograte.New(lograte.Options{Now: func() time.Time { return time.Unix(0, 0).Add(o.Clock()) }})
	g.forward.init(g)
	g.peers.init(g)
	g.presence.init(g)
	g.listeners.init()
	for _, row := range table() {
		g.register(row.messageType, row.handler)
	}
	g.guard()
	return g
}

// register puts a handler into the table.
func (g *Gateway) register(t int32, h *handler) {
	info, ok := protocol.Describe(t)
	if !ok {
		panic(fmt.Sprintf("gateway: no message %#06x in the catalogue", t))
	}
	h.info = info
	service, method := t>>16&0xff, int(t>>8&0xff)
	if grow := method + 1 - len(g.handlers[service]); grow > 0 {
		g.handlers[service] = append(g.handlers[service], make([]*handler, grow)...)
	}
	g.handlers[service][method] = h
}

// find returns the handler of a request's type, nil for one that is not served.
func (g *Gateway) find(t int32) *handler {
	if t&^0xffff00 != 0 {
		return nil
	}
	methods := g.handlers[t>>16]
	if method := int(t >> 8 & 0xff); method < len(methods) {
		return methods[method]
	}
	return nil
}

// Served returns the messages that have a handler, by message type, for the compatibility table.
func (g *Gateway) Served() []protocol.Info {
	var infos []protocol.Info
	for _, methods := range g.handlers {
		for _, h := range methods {
			if h != nil {
				infos = append(infos, h.info)
			}
		}
	}
	return infos
}

// NewSession returns a session for a connection, or nil when the gateway is closed or full.
func (g *Gateway) NewSession(out Output) *Session {
	s, err := g.newSession(out)
	if err != nil {
		return nil
	}
	return s
}

func (g *Gateway) newSession(out Output) (*Session, error) {
	g.counters.accepted.Inc()
	s := &Session{g: g, out: out, born: g.Clock()}
	s.heard.Store(int64(s.born))
	s.mu.listeners = map[cluster.UUID]*listener{}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.mu.closed:
		return nil, errClosed
	case len(g.mu.sessions) >= g.Limits.MaxSessions:
		g.counters.refused.Inc()
		return nil, errFull
	}
	g.mu.nextID++
	s.id = g.mu.nextID
	g.mu.sessions[s] = struct{}{}
	g.serving.Add(1)
	return s, nil
}

func (g *Gateway) forget(s *Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.mu.sessions[s]; ok {
		delete(g.mu.sessions, s)
		g.serving.Done()
	}
}

// Wait returns when all sessions have ended, which takes at most lingerTime after Close.
func (g *Gateway) Wait() { g.serving.Wait() }

// sessions returns all sessions in the order in which they came.
func (g *Gateway) sessions() []*Session {
	g.mu.Lock()
	list := make([]*Session, 0, len(g.mu.sessions))
	//nolint:maprange // sorted below
	for s := range g.mu.sessions {
		list = append(list, s)
	}
	g.mu.Unlock()
	slices.SortFunc(list, func(a, b *Session) int { return int(a.id) - int(b.id) })
	return list
}

// Tick lets time pass: about ten times a second.
func (g *Gateway) Tick() {
	now := g.Clock()
	lease := g.Cluster.LeaseValid()
	sessions := g.sessions()
	for _, s := range sessions {
		s.tick(now, lease)
	}
	g.limitOutput(sessions)
	g.peers.tick()
	g.forward.tick(now)
	g.presence.tick(now)
}

// Close ends all sessions and takes no more. Output that was released before is written out by the shells.
func (g *Gateway) Close() {
	g.mu.Lock()
	g.mu.closed = true
	g.mu.Unlock()
	for _, s := range g.sessions() {
		s.dismiss()
	}
}

// Frame takes a frame of the lane Forward. An error means that the peer broke the protocol.
func (g *Gateway) Frame(from cluster.MemberID, frame []byte) error {
	return g.peers.get(from).frame(frame)
}

// Idle is called when no further frame of that peer's lane is at hand.
func (g *Gateway) Idle(from cluster.MemberID) { g.peers.get(from).idle() }

// LaneUp tells that the lane Forward to a peer is connected.
func (g *Gateway) LaneUp(peer cluster.MemberID, lane link.Lane) {
	if lane != link.Forward {
		return
	}
	p := g.peers.get(peer)
	p.up.Store(true)
	g.presence.greet(p)
	g.listeners.greet(p)
	g.askLosses(peer)
	p.flush()
	g.forward.retry()
}

// LaneDown tells that the lane Forward to a peer is broken: answers to what was sent there will not come.
func (g *Gateway) LaneDown(peer cluster.MemberID, lane link.Lane) {
	if lane != link.Forward {
		return
	}
	p := g.peers.get(peer)
	p.up.Store(false)
	p.reset()
	g.forward.lost(func(id cluster.MemberID) bool { return id == peer })
}
