package gateway

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Limits of one session.
const (
	// maxPending is how many requests of one session may be unanswered: clients bound theirs, too
	// (by default not at all, so it is generous); each costs some tens of bytes here.
	maxPending = 1 << 16
	// maxListeners is how many listeners one session may have: each is looked at on every write to its object.
	maxListeners = 4096
)

var (
	// ErrNotAuthenticated is returned by Session.Handle for a message that comes before authentication; the connection ends.
	ErrNotAuthenticated = errors.New("gateway: message before authentication")
	// errSlow is why a client that does not read is disconnected.
	errSlow = errors.New("gateway: client does not read its answers")
)

// Output is what a session writes to. Its methods are called from any goroutine, also under a
// partition's lock, and must not block.
type Output interface {
	// Wake says that Session.Take has something.
	Wake()
	// Tick is called about ten times a second.
	Tick()
	// Close asks for the end of the connection. It may be called by who calls Session.Handle.
	Close(reason error)
}

// Session is one connection of a client. Handle is called by one goroutine at a time; all
// other methods by any.
type Session struct {
	g    *Gateway
	out  Output
	id   uint64
	born time.Duration
	// Remote is the client's address, for logs.
	Remote string

	heard atomic.Int64 // when the client was last heard of, by Clock
	// client is set once, by authentication, before authenticated is.
	client        clientInfo
	authenticated atomic.Bool
	// What follows up to mu belongs to the goroutine that calls Handle. request is reused by every message about one partition; asked is what
	// is noted of it if it is not answered at once (Keep).
	request partition.Request
	tx      partition.Tx
	asked   slot
	list    directList
	// now and millis are when Attend was called, by Clock and as cluster time.
	now    time.Duration
	millis int64
	// ahead is the work space of Prepare.
	ahead []ahead
	// direct are answers given since, done how many of which kind.
	direct []byte
	done   tally

	// pending is how many requests are not answered, fanned what the messages take of those about many partitions.
	pending atomic.Int32
	fanned  atomic.Int64
	// listing is how many listings are under way or wait; streaming whether the output is in the midst of a long answer (stream.go).
	listing   atomic.Int32
	streaming atomic.Bool

	mu struct {
		sync.Mutex
		closed bool
		// buf is output that was not taken; attended while Handle's caller will take it anyway, woken
		// after Output.Wake until Take. plain is output that says nothing about data, which needs no lease.
		buf, plain      []byte
		attended, woken bool
		lists           sessionLists
		// writing is what was taken last, less what is written of it. takes counts what says that output goes on its way, seen is
		// what it was when the tick last saw it change, moved when that was.
		writing     int
		takes, seen uint64
		moved       time.Duration
		slots       []slot
		free        []uint32
		// late is how many requests were put off, promised the room that is kept for answers (room.go).
		late, promised int
		listeners      map[cluster.UUID]*listener
		// authentication waits for this member to join.
		authentication wire.Message
		views          sentViews
		// attributes and metrics are the client's last statistics.
		attributes string
		metrics    []byte
	}
}

// clientInfo is how a client introduced itself.
type clientInfo struct {
	id              cluster.UUID
	name, kind      string
	version, labels string
}

// Authenticated tells whether the client has proved who it is: from then on larger messages are allowed.
func (s *Session) Authenticated() bool { return s.authenticated.Load() }

// Handle takes a message, a view that is valid during the call. An error ends the connection; it
// was answered where the protocol has an answer. Before a run of calls, call Attend, and after it Settle.
func (s *Session) Handle(m wire.Message) error { return s.handle(m, &ahead{}) }

// handle is Handle with what Prepare has found out.
func (s *Session) handle(m wire.Message, known *ahead) error {
	h := s.g.find(m.Type())
	if !s.authenticated.Load() && (h == nil || !h.anonymous) {
		s.fail(m.CorrelationID(), fault.ErrAuthentication)
		return fmt.Errorf("%w: %#06x", ErrNotAuthenticated, m.Type())
	}
	if h == nil {
		s.fail(m.CorrelationID(), unsupported(m.Type()))
		return nil
	}
	r := reply{s: s, h: h, correlation: m.CorrelationID(), start: s.now}
	switch {
	case h.session != nil:
		_, err := s.g.admit(h, m)
		if err == nil {
			err = h.session(s, m, r)
		}
		if err != nil {
			r.fail(err)
		}
	case h.list:
		s.g.list(r, m)
	case h.fan != nil:
		s.g.fanOut(r, m)
	default:
		s.submit(r, m, known)
	}
	return nil
}

// tooLarge answers a message that is over its limit, of which nothing but the first frame is there.
func (s *Session) tooLarge(head wire.Message, err error) {
	name := "message"
	if h := s.g.find(head.Type()); h != nil {
		name = h.info.Name
	}
	s.fail(head.CorrelationID(), fmt.Errorf("%w: %s (filbert.limit.message.bytes)", err, name))
}

// tick closes a silent session and brings output on its way that was held back.
func (s *Session) tick(now time.Duration, lease bool) {
	s.out.Tick()
	silent := now - time.Duration(s.heard.Load())
	waits, stuck := s.stuck(now, lease)
	switch {
	case stuck:
		s.Close(fmt.Errorf("%w: nothing in %v (hazelcast.client.max.no.heartbeat.seconds)", errSlow, s.g.Limits.HeartbeatTimeout))
		return
	case !s.authenticated.Load() && now-s.born > authTimeout, silent > s.g.Limits.HeartbeatTimeout && (!waits || !lease):
		s.Close(errSilent) // who has not taken what there is may be kept from being read
		return
	case !lease:
		if now-s.born > leasePatience && s.g.Cluster.View().Joined {
			s.turnAway(errUnheard, false)
		}
		return
	}
	s.joined()
	s.listsAgain()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mu.buf) > 0 && !s.mu.attended && !s.mu.closed {
		s.mu.woken = true
		s.out.Wake()
	}
}

// Close ends the session: its listeners go, its client may be gone. It asks the output to
// close; whoever owns the connection calls Closed when it has ended.
func (s *Session) Close(reason error) {
	s.out.Close(reason)
}

// Closed tells the gateway that the connection has ended. Nothing is sent any more.
func (s *Session) Closed() {
	s.mu.Lock()
	s.mu.closed = true
	s.mu.buf, s.mu.plain = nil, nil
	listeners := s.mu.listeners
	s.mu.listeners = nil
	s.mu.Unlock()
	s.dropLists()
	s.g.forget(s)
	s.g.listeners.drop(s.g, listeners)
	if s.authenticated.Load() {
		s.g.counters.authenticated.Add(-1)
		s.g.presence.off(s.client.id)
	}
}
