package link_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

func TestFramesArriveInOrder(t *testing.T) {
	a, b := start(t, 1, nil), start(t, 2, nil)
	join(t, a, b)
	for lane := range link.Lanes {
		for i := range 100 {
			if !a.hub.Send(id(2), lane, fmt.Appendf(nil, "%d", i)) {
				t.Fatalf("frame %d was not sent on lane %v", i, lane)
			}
		}
		for i := range 100 {
			b.expect(t, fmt.Sprintf("frame 1 %v %d", lane, i))
		}
		b.expect(t, fmt.Sprintf("idle 1 %v", lane))
	}
	if !b.hub.Send(id(1), link.Bulk, nil) {
		t.Fatal("an empty frame was not sent")
	}
	a.expect(t, "frame 2 bulk ")
}

func TestLargeFrames(t *testing.T) {
	sizes := make(chan int, 16)
	a := start(t, 1, nil)
	b := start(t, 2, func(r *recorder, _ *link.Options) {
		r.frame = func(_ cluster.MemberID, _ link.Lane, frame []byte) error {
			if len(bytes.Trim(frame, "x")) > 0 {
				return errTest
			}
			sizes <- len(frame)
			return nil
		}
	})
	join(t, a, b)
	for _, size := range []int{1, 64 << 10, 5 << 20, 3, 65 << 20} {
		if !a.hub.Send(id(2), link.Bulk, bytes.Repeat([]byte("x"), size)) {
			t.Fatalf("%d bytes were not sent", size)
		}
		select {
		case got := <-sizes:
			if got != size {
				t.Fatalf("got %d bytes, want %d", got, size)
			}
		case <-time.After(patience):
			t.Fatalf("%d bytes did not arrive", size)
		}
	}
	if a.hub.Send(id(2), link.Bulk, make([]byte, 65<<20+1)) {
		t.Error("a frame beyond the lane's limit was sent")
	}
}

func TestSendWithoutConnection(t *testing.T) {
	a := start(t, 1, nil)
	a.hub.SetPeers([]link.Peer{{ID: id(2), Address: a.address}}) // the greater one dials
	if a.hub.Send(id(2), link.Control, []byte("x")) || a.hub.Room(id(2), link.Control) != 0 {
		t.Error("a lane that is down takes frames")
	}
	if a.hub.Send(id(3), link.Control, []byte("x")) || a.hub.Room(id(3), link.Control) != 0 {
		t.Error("an unknown peer takes frames")
	}
	if a.hub.Send(id(2), link.Lanes, nil) {
		t.Error("an unknown lane takes frames")
	}
}

func TestDroppedPeerComesBack(t *testing.T) {
	a, b := start(t, 1, nil), start(t, 2, nil)
	join(t, a, b)
	b.hub.Send(id(1), link.Control, []byte("farewell"))
	b.hub.SetPeers(nil)
	a.expectAll(t, append(allLanes("down %d %v", 2), "frame 2 control farewell")...)
	b.expectAll(t, allLanes("down %d %v", 1)...)
	if err := b.downReason(1, link.Effects); !errors.Is(err, link.ErrNotPeer) {
		t.Errorf("the lane of a dropped peer went down with %v", err)
	}
	if err := a.downReason(2, link.Effects); !errors.Is(err, io.EOF) {
		t.Errorf("the lane of a member that dropped us went down with %v", err)
	}
	join(t, a, b)
	a.hub.SetPeers([]link.Peer{b.peer()}) // again
	b.hub.Send(id(1), link.Control, []byte("back"))
	a.expect(t, "frame 2 control back")
}

// TestPeerDroppedByTheSideThatIsDialled: the other side keeps asking, and is
// let in once it is a peer again.
func TestPeerDroppedByTheSideThatIsDialled(t *testing.T) {
	a, b := start(t, 1, nil), start(t, 2, nil)
	join(t, a, b)
	a.hub.SetPeers(nil)
	a.expectAll(t, allLanes("down %d %v", 2)...)
	b.expectAll(t, allLanes("down %d %v", 1)...)
	a.hub.SetPeers([]link.Peer{b.peer()})
	a.expectAll(t, allLanes("up %d %v", 2)...)
	b.expectAll(t, allLanes("up %d %v", 1)...)
}

func TestCloseWritesWhatWasSent(t *testing.T) {
	a, b := start(t, 1, nil), start(t, 2, nil)
	join(t, a, b)
	const frames = 5000
	for i := range frames {
		a.hub.Send(id(2), link.Effects, fmt.Appendf(nil, "%d", i))
	}
	a.close(t)
	b.expectAll(t, fmt.Sprintf("frame 1 effects %d", frames-1), "down 1 effects")
	a.expectAll(t, allLanes("down %d %v", 2)...)
	if err := a.downReason(2, link.Effects); !errors.Is(err, link.ErrClosed) {
		t.Errorf("Close ended the lane with %v", err)
	}
	if a.hub.Send(id(2), link.Effects, nil) {
		t.Error("a closed hub sends")
	}
	a.hub.SetPeers([]link.Peer{b.peer()}) // no matter any more
}

func TestHandlerEndsTheConnection(t *testing.T) {
	a := start(t, 1, nil)
	var fail atomic.Bool
	fail.Store(true)
	b := start(t, 2, func(r *recorder, _ *link.Options) {
		r.frame = func(_ cluster.MemberID, _ link.Lane, frame []byte) error {
			if fail.Swap(false) {
				return errTest
			}
			r.note("frame %s", frame)
			return nil
		}
	})
	join(t, a, b)
	a.hub.Send(id(2), link.Forward, []byte("bad"))
	b.expect(t, "down 1 forward")
	if err := b.downReason(1, link.Forward); !errors.Is(err, errTest) {
		t.Errorf("the lane went down with %v, want the handler's error", err)
	}
	b.expect(t, "up 1 forward")
	a.expect(t, "down 2 forward")
	a.expect(t, "up 2 forward")
	a.hub.Send(id(2), link.Forward, []byte("good"))
	b.expect(t, "frame good")
}

// dialAs connects a lane the way a member with that id would, and returns the
// connection after the answer.
func dialAs(t *testing.T, to *node, n byte, lane link.Lane) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", to.address.Dial())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	hello := to.hello
	hello.MinVersion, hello.MaxVersion = link.MinVersion, link.Version
	hello.From, hello.To, hello.Lane = id(n), to.hello.From, lane
	if _, err := conn.Write(link.AppendHello([]byte(link.Preamble), &hello)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 7)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, binary.LittleEndian.Uint32(head[3:]))
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	if _, err := link.DecodeHandshake(answer); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestNewerConnectionReplaces(t *testing.T) {
	a := start(t, 1, nil)
	a.hub.SetPeers([]link.Peer{{ID: id(2), Address: cluster.Address{Host: "127.0.0.1", Port: 1}}})
	dialAs(t, a, 2, link.Effects)
	a.expect(t, "up 2 effects")
	second := dialAs(t, a, 2, link.Effects)
	a.expect(t, "down 2 effects")
	if err := a.downReason(2, link.Effects); !errors.Is(err, link.ErrReplaced) {
		t.Errorf("the older connection went down with %v", err)
	}
	a.expect(t, "up 2 effects")
	if _, err := second.Write([]byte{1, 0, 0, 0, 'x'}); err != nil {
		t.Fatal(err)
	}
	a.expect(t, "frame 2 effects x")
	if _, err := second.Write([]byte{0xff, 0xff, 0xff, 0xff, 'x'}); err != nil {
		t.Fatal(err)
	}
	a.expect(t, "down 2 effects")
	if err := a.downReason(2, link.Effects); !errors.Is(err, link.ErrFrameTooLarge) {
		t.Errorf("a frame of 4 GiB ended the connection with %v", err)
	}
}

func TestPeerThatDoesNotRead(t *testing.T) {
	a := start(t, 1, func(_ *recorder, o *link.Options) {
		o.Limits.Buffers = [link.Lanes]int{link.Control: 1 << 20, link.Effects: 1 << 20}
		o.Limits.Flush = 10 * time.Millisecond
	})
	a.hub.SetPeers([]link.Peer{{ID: id(2), Address: cluster.Address{Host: "127.0.0.1", Port: 1}}})
	for _, lane := range []link.Lane{link.Effects, link.Control} {
		dialAs(t, a, 2, lane)
		a.expect(t, "up 2 "+lane.String())
		room := a.hub.Room(id(2), lane)
		if room <= 1<<20-200 || room > 1<<20 {
			t.Fatalf("an empty buffer of 1 MiB has room for %d bytes", room)
		}
		frame := make([]byte, 64<<10)
		sent := 0
		for a.hub.Send(id(2), lane, frame) {
			if sent++; sent > 1<<10 {
				t.Fatal("64 MiB were taken by a buffer of 1 MiB whose peer does not read")
			}
		}
		if room := a.hub.Room(id(2), lane); lane == link.Effects && room != 1 {
			t.Errorf("the full lane %v has room for %d bytes, want 1, since it is up", lane, room)
		}
	}
	a.expect(t, "down 2 control")
	if err := a.downReason(2, link.Control); !errors.Is(err, link.ErrOverflow) {
		t.Errorf("the control lane went down with %v", err)
	}
	if err := a.downReason(2, link.Effects); err != nil {
		t.Errorf("the effects lane went down with %v", err)
	}
}

// TestStress lets members connect, part and send from many goroutines at once:
// what it checks is the order of calls (see strict), and what -race checks.
func TestStress(t *testing.T) {
	nodes := make([]*node, 3)
	handlers := make([]*strict, len(nodes))
	for i := range nodes {
		nodes[i] = start(t, byte(i+1), func(r *recorder, o *link.Options) {
			handlers[i] = &strict{recorder: r, t: t}
			o.Handler = handlers[i]
		})
	}
	peers := func(without int) []link.Peer {
		var p []link.Peer
		for i, n := range nodes {
			if i != without {
				p = append(p, n.peer())
			}
		}
		return p
	}
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			for round := range 200 {
				n.hub.SetPeers(peers((i + round) % 4))
				for lane := range link.Lanes {
					for to := range nodes {
						n.hub.Send(id(byte(to+1)), lane, []byte(strings.Repeat("x", round)))
					}
				}
			}
			n.hub.SetPeers(peers(-1))
		})
	}
	wg.Wait()
	for i, n := range nodes {
		n.await(t, "all lanes to be up", func([]string) int {
			for to := range nodes {
				for lane := range link.Lanes {
					if to != i && !handlers[i].lanes[to+1][lane].up.Load() {
						return -1
					}
				}
			}
			return 0
		})
	}
}

// strict fails when the calls for one lane overlap or come out of order.
type strict struct {
	*recorder
	t     *testing.T
	lanes [4][link.Lanes]struct{ up, busy atomic.Bool }
}

func (s *strict) in(peer cluster.MemberID, lane link.Lane, up, next bool) func() {
	state := &s.lanes[peer[0]][lane]
	if state.busy.Swap(true) {
		s.t.Errorf("calls for lane %v of %d overlap", lane, peer[0])
	}
	if state.up.Load() != up {
		s.t.Errorf("lane %v of %d: up is %t, want %t", lane, peer[0], !up, up)
	}
	state.up.Store(next)
	return func() { state.busy.Store(false) }
}

func (s *strict) LaneUp(peer cluster.MemberID, lane link.Lane) {
	defer s.in(peer, lane, false, true)()
	s.note("up")
}

func (s *strict) LaneDown(peer cluster.MemberID, lane link.Lane, _ error) {
	defer s.in(peer, lane, true, false)()
}

func (s *strict) Frame(from cluster.MemberID, lane link.Lane, _ []byte) error {
	defer s.in(from, lane, true, true)()
	return nil
}

func (s *strict) Idle(from cluster.MemberID, lane link.Lane) {
	defer s.in(from, lane, true, true)()
}
