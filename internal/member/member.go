package member

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/admin"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
	"github.com/filbertgrid/filbert/internal/invariant"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/store"
)

// ErrShutdownTimeout is returned by Shutdown when its context ended before the
// data of this member was safe elsewhere.
var ErrShutdownTimeout = errors.New("time ran out before all data was handed over")

// Options of a member. All but Tune are required.
type Options struct {
	Config config.Config
	Logger *slog.Logger
	// Version is the build, for logs and metrics.
	Version string
	// Tune sets the garbage collector of the process by what entries leave of its memory: for a process that is nothing but this member.
	Tune bool
}

// Member is a running member: sockets, goroutines and time around a Node.
type Member struct {
	o      Options
	start  time.Time
	ctx    context.Context
	cancel context.CancelFunc
	ports  ports
	// pods finds members through Kubernetes; nil where they are found elsewhere.
	pods    *kubernetes.Source
	report  *discovery.Report
	door    *admin.Door
	manage  *admin.Management
	workers chan func()
	wake    chan struct{}
	ended   chan End

	node    atomic.Pointer[Node]
	state   atomic.Value // admin.NodeState
	leaving atomic.Bool
	// started: this member has been in a cluster. Only touched by loop.
	started bool
	stash   Stash
	arena   *store.Arena
	// balance and nearBudget are touched by loop only.
	balance    *balance
	nearBudget bool

	// live counts the goroutines of this package that last until the end.
	live   sync.WaitGroup
	done   chan struct{}
	finish sync.Once
}

// Start listens and begins the search for a cluster; it does not wait until
// one is found. Errors are one line. When ctx ends, the member ends at once.
func Start(ctx context.Context, o Options) (*Member, error) {
	m := &Member{
		o: o, start: time.Now(), done: make(chan struct{}),
		wake: make(chan struct{}, 1), ended: make(chan End, 1), workers: make(chan func(), workerQueue),
	}
	m.state.Store(admin.NodeStarting)
	arena, err := store.NewArena()
	if err != nil {
		return nil, err
	}
	m.arena = arena
	m.setBudget()
	ctx, m.cancel = context.WithCancel(ctx)
	m.ctx = ctx
	if err := m.listen(); err != nil {
		m.cancel()
		return nil, err
	}
	m.pods = m.newKubernetes()
	m.report = discovery.NewReport(o.Logger.With(slog.String("component", "discovery")))
	m.newNode(ctx)
	if err := m.startAdmin(); err != nil {
		m.stopAdmin(ctx)
		m.ports.close()
		m.node.Load().Close()
		m.cancel()
		m.live.Wait()
		return nil, err
	}
	for range workerCount {
		m.goLive(m.work)
	}
	m.serve()
	m.goLive(m.loop)
	return m, nil
}

// Workers take the long steps: scans of many partitions. Two are enough to
// use a second core while readers use the first; a full queue is run by whoever
// fills it.
const (
	workerCount = 2
	workerQueue = 1024
	// workerTurn is how long a worker goes on before it gives way to connections.
	workerTurn = 500 * time.Microsecond
)

func (m *Member) work() {
	g := newGiveWay()
	defer g.close()
	gave := m.clock()
	for {
		select {
		case f := <-m.workers:
			f()
			if m.clock()-gave > workerTurn {
				g.now()
				gave = m.clock()
			}
		case <-m.ctx.Done():
			return
		}
	}
}

// run gives a step to the workers.
func (m *Member) run(f func()) {
	select {
	case m.workers <- f:
	default:
		go f()
	}
}

func (m *Member) goLive(f func()) {
	m.live.Go(f)
}

// clock is monotonic time since the member's start.
func (m *Member) clock() time.Duration { return time.Since(m.start) }

// wall is the local clock in ms since 1970. It goes on from the member's start by monotonic time: were the system's
// clock set, the cluster's time would jump with it, or stand still until it is reached again.
func (m *Member) wall() int64 { return m.start.UnixMilli() + m.clock().Milliseconds() }

// Done is closed when the member has ended.
func (m *Member) Done() <-chan struct{} { return m.done }

// Err tells why a member ended that nobody had asked to end; nil otherwise.
// A member that started goes on until it is told to end.
func (*Member) Err() error { return nil }

// Address is where members and clients reach this member.
func (m *Member) Address() string { return m.ports.self.Dial() }

// Node is the member's present life, for figures and tests.
func (m *Member) Node() *Node { return m.node.Load() }

// loop is the goroutine of Step: it sees to the mailbox and to time.
func (m *Member) loop() {
	ticker := time.NewTicker(TickInterval)
	defer ticker.Stop()
	quick := true
	for {
		n := m.node.Load()
		select {
		case <-m.wake:
			n.Step()
		case <-ticker.C:
			n.Tick()
			m.balance.tick(m.clock())
			m.watchBudget()
		case end := <-m.ended:
			if !m.next(end) {
				return
			}
		case <-m.ctx.Done():
			m.close()
			return
		}
		if joined := n.View().Joined; joined == quick {
			quick = !joined
			if quick {
				ticker.Reset(TickInterval)
			} else {
				ticker.Reset(coreInterval)
				m.state.CompareAndSwap(admin.NodeStarting, admin.NodeActive)
				m.sayStarted()
			}
		}
	}
}

// sayStarted says once, when this member has founded or joined for the first time, how long that took.
func (m *Member) sayStarted() {
	if !m.started {
		m.started = true
		m.o.Logger.Info("started", slog.String("component", "member"), slog.Duration("took", m.clock().Round(time.Millisecond)))
	}
}

// next goes on after a node's life: with a new one, or not at all.
func (m *Member) next(end End) bool {
	if end == Left || (m.leaving.Load() && end != Merging) {
		m.close()
		return false
	}
	if end == Removed {
		m.o.Logger.Warn("the cluster goes on without this member, joining again as a new member",
			slog.String("component", "member"))
	} else {
		m.o.Logger.Warn("joining the other cluster as a new member", slog.String("component", "member"))
	}
	m.state.CompareAndSwap(admin.NodeActive, admin.NodeStarting)
	m.node.Load().Close()
	m.node.Load().Release()
	m.newNode(m.ctx)
	m.node.Load().Start()
	if m.leaving.Load() { // Shutdown may have told the node before
		m.node.Load().Leave()
	}
	return true
}

// Shutdown hands this member's data to those who stay, then ends it. When ctx
// ends first, it ends at once and returns what is not safe.
func (m *Member) Shutdown(ctx context.Context) error {
	m.leaving.Store(true)
	m.state.Store(admin.NodePassive)
	n := m.node.Load()
	n.Leave()
	progress := time.NewTicker(5 * time.Second)
	defer progress.Stop()
	for {
		select {
		case <-m.done:
			return nil
		case <-progress.C:
			s := n.Grid().Census()
			m.o.Logger.Info("handing over", slog.String("component", "member"),
				slog.Int("primaries_left", s.Primaries), slog.Int("backups_left", s.Backups))
		case <-ctx.Done():
			s := n.Grid().Census()
			if left := m.stash.Left(); left > 0 {
				m.o.Logger.Error("time ran out before all entries of a former cluster were merged, what only this member has of them is lost",
					slog.String("component", "merge"), slog.Int("fragments", left))
			}
			m.cancel()
			<-m.done
			return fmt.Errorf("%w: %d partitions had their primary here, %d of them without a backup in sync",
				ErrShutdownTimeout, s.Primaries, s.Alone)
		}
	}
}

// close ends everything; Done is closed when all goroutines have ended.
func (m *Member) close() {
	m.finish.Do(func() {
		m.state.Store(admin.NodeShutDown)
		m.ports.close()
		node := m.node.Load()
		node.Close()
		m.stopAdmin(m.ctx)
		m.cancel()
		if m.pods != nil {
			m.pods.Close()
		}
		go func() { // the caller is one of those that are waited for
			m.live.Wait()
			node.Gateway().Wait()
			node.Release()
			m.stash.Release()
			m.arena.Drain()
			invariant.Check(m.arena.Balanced() == nil, "nothing is held at the end of a member")
			close(m.done)
		}()
	})
}

func (m *Member) serve() {
	attrs := []any{slog.String("component", "member"), slog.String("address", m.ports.self.String())}
	if m.ports.client != nil {
		attrs = append(attrs, slog.String("client_address", m.ports.clients.String()))
	}
	if m.o.Config.MemberEndpoint().PublicAddress != "" { // what is told is not where the port is
		attrs = append(attrs, slog.String("bound_to", m.ports.member.Addr().String()))
	}
	m.o.Logger.Info("listening", append(attrs, slog.String("version", m.o.Version))...)
	m.ports.serve(m.goLive, m.doors, m.doorLimits(), m.o.Logger.With(slog.String("component", "link")))
	m.node.Load().Start()
}

// doors lead connections to the present node.
func (m *Member) doors() link.Doors {
	return link.Doors{
		Client: func(c net.Conn, ahead []byte) { m.node.Load().Gateway().Serve(c, ahead) },
		Member: func(c net.Conn, ahead []byte) {
			if hub, ok := m.node.Load().Hub().(*link.TCPHub); ok {
				hub.Serve(c, ahead)
			}
		},
		HTTP: func(c net.Conn, ahead []byte) { m.door.Serve(c, ahead) },
	}
}

func (m *Member) doorLimits() link.DoorLimits {
	l := m.o.Config.Limits
	return link.DoorLimits{Silence: l.UnauthenticatedTimeout, Silent: l.MaxUnauthenticatedConnections}
}
