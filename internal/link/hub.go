package link

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/lograte"
)

// Options of a TCPHub. Handler is required; for everything else zero is a default.
type Options struct {
	// Handler hears of everything that arrives. Its Hello must give the same id
	// as long as the hub has peers.
	Handler Handler
	// Logger gets one line, at a limited rate, for each kind of refusal and lost lane.
	Logger *slog.Logger
	// Rand spreads the redials of members that lost one another at the same moment.
	Rand *rand.Rand
	// Dialer opens connections; default is TCP.
	Dialer func(ctx context.Context, address string) (net.Conn, error)
	Limits Limits
}

// TCPHub is the Hub of production: four connections to each peer.
//
// Goroutines, each counted in live: one per lane that this member dials
// (dialLane), which is also the reader of the lane's sessions; the callers of
// Serve, readers of the lanes that others dial; one writer per session; one per
// question of Ask. Locks: mu and a session's mu are leaves: neither is held while
// another lock is taken, or the Handler or the network is called.
type TCPHub struct {
	handler Handler
	logger  *slog.Logger
	lines   *lograte.Limiter
	dialer  func(ctx context.Context, address string) (net.Conn, error)
	limits  Limits
	// ctx ends when the hub closes: dialling and handshakes end with it.
	ctx  context.Context
	stop context.CancelFunc
	// peers is replaced whole, so that Send finds its session without a lock.
	peers atomic.Pointer[map[cluster.MemberID]*peer]
	// handshakes counts incoming connections before the end of their handshake.
	handshakes atomic.Int64
	live       sync.WaitGroup

	mu struct {
		sync.Mutex
		closed bool
		// newest is the latest session of every lane, until its LaneDown: the
		// next one waits for it. It outlives the peer, which SetPeers may drop
		// and name again.
		newest map[laneKey]*session
		rand   *rand.Rand
	}
}

type laneKey struct {
	peer cluster.MemberID
	lane Lane
}

// A peer is one member that SetPeers has named.
type peer struct {
	id      cluster.MemberID
	address cluster.Address
	// ctx ends when SetPeers no longer names the peer, or the hub closes.
	ctx  context.Context
	drop context.CancelFunc
	// leaving is the latest Peer.Leaving.
	leaving atomic.Bool
	// lanes hold the sessions that frames can be sent on.
	lanes [Lanes]atomic.Pointer[session]
}

// NewHub returns a hub without peers. When ctx ends, dialling does, too; what
// is connected lives until Close.
func NewHub(ctx context.Context, options Options) *TCPHub {
	h := &TCPHub{
		handler: options.Handler,
		logger:  options.Logger,
		lines:   lograte.New(lograte.Options{Every: 30 * time.Second, Burst: 1}),
		dialer:  options.Dialer,
		limits:  options.Limits.WithDefaults(),
	}
	if h.logger == nil {
		h.logger = slog.New(slog.DiscardHandler)
	}
	if h.dialer == nil {
		h.dialer = dialTCP
	}
	h.ctx, h.stop = context.WithCancel(ctx)
	h.mu.newest = make(map[laneKey]*session)
	h.mu.rand = options.Rand
	if h.mu.rand == nil {
		h.mu.rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	h.peers.Store(&map[cluster.MemberID]*peer{})
	return h
}

// SetPeers implements Hub.
func (h *TCPHub) SetPeers(peers []Peer) {
	for _, s := range h.rename(peers) {
		s.fail(ErrNotPeer, true)
	}
}

// rename makes the peers those that are named, and returns the sessions of
// those that no longer are.
func (h *TCPHub) rename(peers []Peer) (dropped []*session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.closed {
		return nil
	}
	old := *h.peers.Load()
	next := make(map[cluster.MemberID]*peer, len(peers))
	for _, want := range peers {
		if p, ok := old[want.ID]; ok && p.address == want.Address && (want.Leaving || !p.leaving.Load()) {
			next[want.ID] = p
		} else {
			next[want.ID] = h.newPeer(want)
		}
		next[want.ID].leaving.Store(want.Leaving)
	}
	h.peers.Store(&next)
	for id, p := range old {
		if next[id] != p {
			p.drop()
		}
	}
	for key, s := range h.mu.newest {
		if next[key.peer] != s.peer {
			dropped = append(dropped, s)
		}
	}
	for id, p := range next {
		if old[id] == p {
			continue
		}
		for lane := range Lanes {
			h.live.Go(func() { h.dialLane(p, lane) })
		}
	}
	return dropped
}

func (h *TCPHub) newPeer(want Peer) *peer {
	p := &peer{id: want.ID, address: want.Address}
	p.ctx, p.drop = context.WithCancel(h.ctx)
	return p
}

// Send implements Hub.
func (h *TCPHub) Send(to cluster.MemberID, lane Lane, frame []byte) bool {
	s := h.session(to, lane)
	if s == nil {
		return false
	}
	sent, full := s.send(frame)
	if full && lane == Control {
		s.fail(ErrOverflow, false)
	}
	return sent
}

// Room implements Hub.
func (h *TCPHub) Room(to cluster.MemberID, lane Lane) int {
	s := h.session(to, lane)
	if s == nil {
		return 0
	}
	return s.room()
}

// session returns the session that frames for a peer's lane go to, or nil.
func (h *TCPHub) session(to cluster.MemberID, lane Lane) *session {
	if lane >= Lanes {
		return nil
	}
	p := (*h.peers.Load())[to]
	if p == nil {
		return nil
	}
	return p.lanes[lane].Load()
}

// Close implements Hub. What was sent before is written if the peers read it
// within Limits.Flush. It must not be called by a method of Handler.
func (h *TCPHub) Close() {
	for _, s := range h.shut() {
		s.fail(ErrClosed, true)
	}
	h.stop()
	h.live.Wait()
}

// shut lets no session begin any more, and returns those there are.
func (h *TCPHub) shut() []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.closed = true
	return slices.Collect(maps.Values(h.mu.newest))
}

// enter counts the calling goroutine among the live ones, for as long as leave
// was not called; false when the hub is closed.
func (h *TCPHub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.closed {
		return false
	}
	h.live.Add(1)
	return true
}

// adopt makes a connection whose handshake is over the lane's only one, lives
// its session and returns why it ended. The answer, if any, is written first.
func (h *TCPHub) adopt(p *peer, lane Lane, conn net.Conn, in *frameReader, answer []byte) error {
	_ = conn.SetDeadline(time.Time{}) // a closed connection fails at the first read
	s := newSession(h, p, lane, conn, in)
	s.mu.out = answer
	defer close(s.done)
	before, err := h.install(s)
	if err != nil {
		return err
	}
	defer h.uninstall(s)
	if before != nil {
		before.fail(ErrReplaced, false)
		<-before.done
	}
	p.lanes[lane].Store(s)
	if err := s.reason(); err != nil { // replaced, or dropped by SetPeers, while it waited
		p.lanes[lane].CompareAndSwap(s, nil)
		return err
	}
	return s.run()
}

// install makes s the lane's newest session and returns the one before.
func (h *TCPHub) install(s *session) (before *session, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mu.closed {
		return nil, ErrClosed
	}
	if (*h.peers.Load())[s.peer.id] != s.peer {
		return nil, ErrNotPeer
	}
	key := laneKey{s.peer.id, s.lane}
	before = h.mu.newest[key]
	h.mu.newest[key] = s
	return before, nil
}

func (h *TCPHub) uninstall(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if key := (laneKey{s.peer.id, s.lane}); h.mu.newest[key] == s {
		delete(h.mu.newest, key)
	}
}

// jitter returns a wait between half of d and d.
func (h *TCPHub) jitter(d time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return d/2 + time.Duration(h.mu.rand.Int64N(int64(d/2)+1))
}
