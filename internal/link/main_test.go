package link_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

func id(n byte) cluster.MemberID { return cluster.MemberID{0: n, 15: n} }

// A recorder is a Handler that notes its calls as lines such as "up 2 control"
// and lets tests wait for them.
type recorder struct {
	hello link.Hello

	mu      sync.Mutex
	lines   []string
	seen    int // lines that expect has passed
	changed chan struct{}
	accept  func(link.Hello) error
	frame   func(from cluster.MemberID, lane link.Lane, frame []byte) error
	asked   func(peer link.Hello, request []byte, reply func([]byte))
	downs   map[string]error
}

func newRecorder(n byte) *recorder {
	return &recorder{
		hello:   link.Hello{ClusterName: "dev", From: id(n), PartitionCount: 271, Build: "test"},
		changed: make(chan struct{}, 1),
		downs:   map[string]error{},
	}
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// expect waits for a line after the last one that was expected.
func (r *recorder) expect(t testing.TB, line string) {
	t.Helper()
	r.await(t, fmt.Sprintf("line %q", line), func(lines []string) int {
		return slices.Index(lines, line)
	})
}

// expectAll waits for lines in any order, after the last one that was expected.
func (r *recorder) expectAll(t testing.TB, want ...string) {
	t.Helper()
	r.await(t, fmt.Sprintf("lines %q", want), func(lines []string) int {
		last := -1
		for _, line := range want {
			i := slices.Index(lines, line)
			if i < 0 {
				return -1
			}
			last = max(last, i)
		}
		return last
	})
}

func (r *recorder) await(t testing.TB, what string, find func([]string) int) {
	t.Helper()
	timeout := time.After(patience)
	for {
		r.mu.Lock()
		i := find(r.lines[r.seen:])
		if i >= 0 {
			r.seen += i + 1
			r.mu.Unlock()
			return
		}
		have := slices.Clone(r.lines)
		seen := r.seen
		r.mu.Unlock()
		select {
		case <-r.changed:
		case <-timeout:
			t.Fatalf("waited in vain for %s after %q; then came %q", what, have[:seen], have[seen:])
		}
	}
}

func (r *recorder) downReason(peer byte, lane link.Lane) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.downs[fmt.Sprintf("%d %v", peer, lane)]
}

func (r *recorder) Hello() link.Hello {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hello
}

func (r *recorder) Accept(peer link.Hello) error {
	r.mu.Lock()
	accept := r.accept
	r.mu.Unlock()
	if accept == nil {
		return nil
	}
	return accept(peer)
}

func (r *recorder) Frame(from cluster.MemberID, lane link.Lane, frame []byte) error {
	if r.frame != nil {
		return r.frame(from, lane, frame)
	}
	r.note("frame %d %v %s", from[0], lane, frame)
	return nil
}

func (r *recorder) Idle(from cluster.MemberID, lane link.Lane) {
	if r.frame == nil {
		r.note("idle %d %v", from[0], lane)
	}
}

func (r *recorder) LaneUp(peer cluster.MemberID, lane link.Lane) { r.note("up %d %v", peer[0], lane) }

func (r *recorder) LaneDown(peer cluster.MemberID, lane link.Lane, err error) {
	r.mu.Lock()
	r.downs[fmt.Sprintf("%d %v", peer[0], lane)] = err
	r.mu.Unlock()
	r.note("down %d %v", peer[0], lane)
}

func (r *recorder) Asked(peer link.Hello, request []byte, reply func([]byte)) {
	if r.asked != nil {
		r.asked(peer, request, reply)
		return
	}
	reply(append([]byte("you said "), request...))
}

// A node is a hub that listens on the loopback.
type node struct {
	*recorder
	hub     *link.TCPHub
	address cluster.Address
	served  chan error
	door    net.Listener
	once    sync.Once
}

func (n *node) peer() link.Peer { return link.Peer{ID: n.hello.From, Address: n.address} }

func start(t testing.TB, n byte, change func(*recorder, *link.Options)) *node {
	t.Helper()
	r := newRecorder(n)
	options := link.Options{Handler: r}
	if change != nil {
		change(r, &options)
	}
	door, err := link.Listen(context.Background(), "127.0.0.1", 0, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	node := &node{recorder: r, door: door, address: addressOf(door), served: make(chan error, 1)}
	r.hello.Address = node.address
	node.hub = link.NewHub(context.Background(), options)
	go func() { node.served <- link.Serve(door, link.Doors{Member: node.hub.Serve}, link.DoorLimits{}, nil) }()
	t.Cleanup(func() { node.close(t) })
	return node
}

func addressOf(l net.Listener) cluster.Address {
	tcp, _ := l.Addr().(*net.TCPAddr)
	return cluster.Address{Host: "127.0.0.1", Port: uint16(tcp.Port)}
}

func (n *node) close(t testing.TB) {
	t.Helper()
	n.once.Do(func() {
		_ = n.door.Close()
		n.hub.Close()
		if err := <-n.served; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
	})
}

func allLanes(format string, peer byte) []string {
	var lines []string
	for lane := range link.Lanes {
		lines = append(lines, fmt.Sprintf(format, peer, lane))
	}
	return lines
}

// join makes two nodes peers of one another and waits until all lanes are up.
func join(t testing.TB, a, b *node) {
	t.Helper()
	a.hub.SetPeers([]link.Peer{b.peer()})
	b.hub.SetPeers([]link.Peer{a.peer()})
	a.expectAll(t, allLanes("up %d %v", b.hello.From[0])...)
	b.expectAll(t, allLanes("up %d %v", a.hello.From[0])...)
}

var errTest = errors.New("made up by the test")
