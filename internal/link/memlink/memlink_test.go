package memlink_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/link/memlink"
)

// A world is a network with members that write down what they hear.
type world struct {
	t       *testing.T
	net     *memlink.Network
	now     time.Duration
	members map[byte]*member
	lines   []string
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{t: t, members: map[byte]*member{}}
	w.net = memlink.New(memlink.Options{
		Now:  func() time.Duration { return w.now },
		Rand: rand.New(rand.NewPCG(seed, 1)),
	})
	return w
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	until := w.now + d
	for {
		at, ok := w.net.Next()
		if !ok || at > until {
			w.now = until
			return
		}
		w.now = max(w.now, at)
		for w.net.Step() {
		}
	}
}

// say returns what was written down since the last call, without the time.
func (w *world) say() []string {
	lines := w.lines
	w.lines = nil
	return lines
}

// want compares what was written down, in any order.
func (w *world) want(lines ...string) {
	w.t.Helper()
	got := w.say()
	slices.Sort(got)
	slices.Sort(lines)
	if !slices.Equal(got, lines) {
		w.t.Fatalf("at %v:\n got %q\nwant %q", w.now, got, lines)
	}
}

func id(n byte) cluster.MemberID { return cluster.MemberID{n} }

func at(n byte) cluster.Address {
	return cluster.Address{Host: fmt.Sprintf("10.0.0.%d", n), Port: 5701}
}

// A member is the handler at an endpoint.
type member struct {
	w      *world
	n      byte
	hello  link.Hello
	hub    *memlink.Endpoint
	accept func(link.Hello) error
	frame  func(from byte, lane link.Lane, frame []byte) error
	asked  func(reply func([]byte))
	up     func(peer byte, lane link.Lane)
	down   func(peer byte, lane link.Lane)
	quiet  bool
}

// start begins a life: member n at the address of a.
func (w *world) start(n, a byte) *member {
	m := &member{w: w, n: n, hello: link.Hello{ClusterName: "dev", From: id(n), Address: at(a), PartitionCount: 271}}
	m.hub = w.net.Endpoint(id(n), at(a), m)
	w.members[n] = m
	return m
}

func (m *member) know(peers ...byte) {
	var list []link.Peer
	for _, n := range peers {
		list = append(list, link.Peer{ID: id(n), Address: m.w.members[n].hello.Address})
	}
	m.hub.SetPeers(list)
}

func (m *member) note(format string, args ...any) {
	if !m.quiet {
		m.w.lines = append(m.w.lines, fmt.Sprintf("%d: ", m.n)+fmt.Sprintf(format, args...))
	}
}

func (m *member) Hello() link.Hello { return m.hello }

func (m *member) Accept(h link.Hello) error {
	if m.accept != nil {
		return m.accept(h)
	}
	return nil
}

func (m *member) Frame(from cluster.MemberID, lane link.Lane, frame []byte) error {
	if m.frame != nil {
		return m.frame(from[0], lane, frame)
	}
	m.note("%s of %d %v", frame, from[0], lane)
	return nil
}

func (m *member) Idle(from cluster.MemberID, lane link.Lane) {
	if m.frame == nil {
		m.note("idle %d %v", from[0], lane)
	}
}

func (m *member) LaneUp(peer cluster.MemberID, lane link.Lane) {
	m.note("up %d %v", peer[0], lane)
	if m.up != nil {
		m.up(peer[0], lane)
	}
}

func (m *member) LaneDown(peer cluster.MemberID, lane link.Lane, err error) {
	m.note("down %d %v", peer[0], lane)
	if err == nil {
		m.w.t.Errorf("LaneDown without a reason")
	}
	if m.down != nil {
		m.down(peer[0], lane)
	}
}

func (m *member) Asked(_ link.Hello, request []byte, reply func([]byte)) {
	if m.asked != nil {
		m.asked(reply)
		return
	}
	reply(append([]byte("you said "), request...))
}

// ask asks and returns the outcome once it is there.
func (m *member) ask(a byte, timeout time.Duration) *link.Reply {
	r := &link.Reply{Outcome: 255}
	m.hub.Ask(at(a), []byte("hi"), timeout, func(reply link.Reply) {
		if r.Outcome != 255 {
			m.w.t.Errorf("Ask was answered twice")
		}
		*r = reply
	})
	return r
}

func lanes(format string) (lines []string) {
	for lane := range link.Lanes {
		lines = append(lines, fmt.Sprintf(format, lane))
	}
	return lines
}

// pair starts 1 and 2 and connects them.
func pair(t *testing.T, seed uint64) (w *world, one, two *member) {
	t.Helper()
	w = newWorld(t, seed)
	one, two = w.start(1, 1), w.start(2, 2)
	one.know(2)
	two.know(1)
	w.run(time.Second)
	w.want(slices.Concat(lanes("1: up 2 %v"), lanes("2: up 1 %v"))...)
	return w, one, two
}

func TestFramesInOrder(t *testing.T) {
	w, one, _ := pair(t, 1)
	var want []string
	for i := range 50 {
		if !one.hub.Send(id(2), link.Effects, fmt.Appendf(nil, "%d", i)) {
			t.Fatal("not sent")
		}
		want = append(want, fmt.Sprintf("2: %d of 1 effects", i))
	}
	w.run(time.Second)
	got := w.say()
	if got[len(got)-1] != "2: idle 1 effects" {
		t.Errorf("the last call is %q, want idle", got[len(got)-1])
	}
	got = slices.DeleteFunc(got, func(line string) bool { return strings.Contains(line, "idle") })
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if at, ok := w.net.Next(); ok && at < w.now {
		t.Errorf("an event of %v is left at %v", at, w.now)
	}
}

func TestNothingHappensInsideCalls(t *testing.T) {
	w := newWorld(t, 1)
	one, two := w.start(1, 1), w.start(2, 2)
	one.know(2)
	two.know(1)
	one.hub.Send(id(2), link.Control, nil)
	reply := two.ask(1, time.Second)
	if len(w.lines) > 0 || reply.Outcome != 255 {
		t.Errorf("before the first step: %q, %v", w.lines, reply.Outcome)
	}
}

func TestCrash(t *testing.T) {
	w, _, two := pair(t, 2)
	reply := two.ask(1, time.Second)
	w.run(time.Second)
	if reply.Outcome != link.Answered || string(reply.Body) != "you said hi" || reply.Answerer != id(1) {
		t.Errorf("before: %v %q %v", reply.Outcome, reply.Body, reply.Err)
	}
	if !w.net.Crash(at(1)) || w.net.Crash(at(1)) {
		t.Error("a member crashes once")
	}
	w.run(time.Second)
	w.want(lanes("2: down 1 %v")...)
	reply = two.ask(1, time.Second)
	w.run(time.Second)
	if reply.Outcome != link.Refused {
		t.Errorf("after: %v", reply.Outcome)
	}
	// A new life at the address: nobody takes it for the one before.
	one := w.start(9, 1)
	w.run(time.Minute)
	w.want()
	two.know(9)
	one.know(2)
	w.run(2 * time.Second)
	w.want(slices.Concat(lanes("2: up 9 %v"), lanes("9: up 2 %v"))...)
}

func TestCrashLosesASuffix(t *testing.T) {
	kept := map[int]bool{}
	for seed := range uint64(50) {
		w, one, _ := pair(t, seed)
		for range 4 {
			one.hub.Send(id(2), link.Effects, []byte("x"))
		}
		w.net.Crash(at(1))
		w.run(time.Second)
		frames, downs := 0, 0
		for _, line := range w.say() {
			if strings.Contains(line, "x of") {
				frames++
			}
			if strings.Contains(line, "down 1 effects") {
				downs++
			} else if downs > 0 && strings.Contains(line, "effects") {
				t.Fatalf("%q after LaneDown", line)
			}
		}
		if downs != 1 {
			t.Fatalf("%d times down", downs)
		}
		kept[frames] = true
	}
	if len(kept) != 5 {
		t.Errorf("of 4 frames on their way arrived %v, want everything from 0 to 4", kept)
	}
}

func TestCloseLosesNothing(t *testing.T) {
	for seed := range uint64(20) {
		w, one, two := pair(t, seed)
		for range 4 {
			one.hub.Send(id(2), link.Control, []byte("x"))
		}
		open := one.ask(2, time.Minute)
		one.hub.Close()
		if open.Outcome != link.Silent || !errors.Is(open.Err, link.ErrClosed) {
			t.Errorf("a question of a hub that closes: %v, %v", open.Outcome, open.Err)
		}
		w.want(lanes("1: down 2 %v")...)
		w.run(time.Second)
		if got := strings.Join(w.say(), "\n"); strings.Count(got, "x of 1 control") != 4 || strings.Count(got, "down 1") != 4 {
			t.Fatalf("got %s", got)
		}
		if one.hub.Send(id(2), link.Control, nil) || two.hub.Send(id(1), link.Control, nil) {
			t.Error("sent on a closed lane")
		}
	}
}

func TestPause(t *testing.T) {
	w, one, two := pair(t, 3)
	w.net.Pause(at(2))
	for i := range 10 {
		one.hub.Send(id(2), link.Forward, fmt.Appendf(nil, "%d", i))
	}
	reply := one.ask(2, 3*time.Second)
	w.run(time.Minute)
	w.want()
	if reply.Outcome != link.Silent || !w.net.Paused(at(2)) {
		t.Errorf("a paused member: %v", reply.Outcome)
	}
	w.net.Resume(at(2))
	w.run(time.Second)
	got := w.say()
	got = slices.DeleteFunc(got, func(line string) bool { return strings.Contains(line, "idle") })
	for i := range 10 {
		if want := fmt.Sprintf("2: %d of 1 forward", i); i >= len(got) || got[i] != want {
			t.Fatalf("after the pause: %q", got)
		}
	}
	// A crash while it is paused: what waited never happens.
	w.net.Pause(at(2))
	one.hub.Send(id(2), link.Forward, []byte("late"))
	w.run(time.Second)
	w.net.Crash(at(2))
	w.run(time.Second)
	w.want(lanes("1: down 2 %v")...)
	_ = two
}

func TestPartition(t *testing.T) {
	for seed := range uint64(20) {
		w, one, two := pair(t, seed)
		w.net.Partition(at(1), at(2))
		if !one.hub.Send(id(2), link.Effects, []byte("lost")) {
			t.Error("a partition is no news to the sender")
		}
		reply := two.ask(1, 3*time.Second)
		w.run(10 * time.Second)
		w.want()
		if reply.Outcome != link.Silent {
			t.Errorf("behind a partition: %v", reply.Outcome)
		}
		w.net.Heal(at(2), at(1))
		w.run(5 * time.Second)
		w.want("1: down 2 effects", "2: down 1 effects", "1: up 2 effects", "2: up 1 effects")
		one.hub.Send(id(2), link.Effects, []byte("back"))
		w.run(time.Second)
		w.want("2: back of 1 effects", "2: idle 1 effects")
	}
}

func TestOneWay(t *testing.T) {
	w, one, two := pair(t, 5)
	w.net.PartitionOneWay(at(1), at(2))
	one.hub.Send(id(2), link.Control, []byte("lost"))
	two.hub.Send(id(1), link.Control, []byte("heard"))
	w.run(time.Second)
	w.want("1: heard of 2 control", "1: idle 2 control")
	// The one who cannot be heard dies, and nobody hears that either.
	w.net.Crash(at(1))
	w.run(time.Minute)
	w.want()
	w.net.HealAll()
	w.run(time.Second)
	w.want(lanes("2: down 1 %v")...)
}

func TestPartitionBeforeConnecting(t *testing.T) {
	w := newWorld(t, 1)
	one, two := w.start(1, 1), w.start(2, 2)
	w.net.PartitionOneWay(at(1), at(2)) // the answer to the handshake vanishes
	one.know(2)
	two.know(1)
	w.run(20 * time.Second)
	w.say()
	w.net.HealAll()
	w.run(20 * time.Second)
	for lane := range link.Lanes {
		if !one.hub.Send(id(2), lane, nil) || !two.hub.Send(id(1), lane, nil) {
			t.Errorf("lane %v is down after the partition", lane)
		}
	}
}

func TestBreak(t *testing.T) {
	w, _, _ := pair(t, 6)
	if !w.net.Break(id(1), id(2), link.Bulk) || w.net.Break(id(1), id(3), link.Bulk) {
		t.Error("Break finds the connection of two members")
	}
	w.run(2 * time.Second)
	w.want("1: down 2 bulk", "1: up 2 bulk", "2: down 1 bulk", "2: up 1 bulk")
}

// Where partitions hold what meets them, the news of a broken connection, too, goes on when they end.
func TestBreakThenPartition(t *testing.T) {
	for seed := range uint64(20) {
		w, one, two := pair(t, seed)
		w.net.Hold(true)
		w.net.Break(id(1), id(2), link.Effects)
		w.net.PartitionOneWay(at(1), at(2)) // overtakes the news on its way to two, who dials
		w.run(10 * time.Second)
		w.want("1: down 2 effects")
		w.net.HealAll()
		w.run(5 * time.Second)
		w.want("1: up 2 effects", "2: down 1 effects", "2: up 1 effects")
		if !one.hub.Send(id(2), link.Effects, nil) || !two.hub.Send(id(1), link.Effects, nil) {
			t.Error("the lane is down after the partition")
		}
	}
}

func TestDroppedAndNamedAgain(t *testing.T) {
	for seed := range uint64(20) {
		w, one, two := pair(t, seed)
		one.know()
		w.run(time.Duration(seed) * 100 * time.Microsecond)
		one.know(2)
		w.run(5 * time.Second)
		w.want(slices.Concat(lanes("1: down 2 %v"), lanes("1: up 2 %v"), lanes("2: down 1 %v"), lanes("2: up 1 %v"))...)
		_ = two
	}
}

func TestHandshake(t *testing.T) {
	w := newWorld(t, 1)
	one, two, other := w.start(1, 1), w.start(2, 2), w.start(3, 3)
	other.hello.ClusterName = "prod"
	tries := 0
	one.accept = func(link.Hello) error {
		if tries++; tries <= 12 {
			return link.ErrNotMember
		}
		return nil
	}
	one.know(2, 3)
	two.know(1, 3)
	other.know(1, 2)
	reply := one.ask(3, time.Second)
	w.run(time.Second)
	w.want(slices.Concat(lanes("1: up 2 %v"), lanes("2: up 1 %v"))...)
	if reply.Outcome != link.Stranger || !errors.Is(reply.Err, link.ErrClusterName) {
		t.Errorf("another cluster: %v, %v", reply.Outcome, reply.Err)
	}
}

func TestHandlerEndsTheConnection(t *testing.T) {
	w, one, two := pair(t, 8)
	two.frame = func(byte, link.Lane, []byte) error { return io.ErrUnexpectedEOF }
	one.hub.Send(id(2), link.Forward, []byte("bad"))
	w.run(2 * time.Second)
	w.want("2: down 1 forward", "1: down 2 forward", "2: up 1 forward", "1: up 2 forward")
}

func TestRoom(t *testing.T) {
	w, one, _ := pair(t, 9)
	w.net.Partition(at(1), at(2))
	frame := make([]byte, 1<<20)
	for range 17 {
		room := one.hub.Room(id(2), link.Control)
		if sent := one.hub.Send(id(2), link.Control, frame); sent != (room > 1) {
			t.Fatalf("sent: %t with room for %d", sent, room)
		}
		one.hub.Send(id(2), link.Effects, frame)
	}
	w.run(time.Second)
	w.want("1: down 2 control") // its buffer is full; the other cannot know
	if room := one.hub.Room(id(2), link.Effects); room != 64<<20-17*(1<<20+4) {
		t.Errorf("room for %d", room)
	}
	w.net.HealAll()
	w.run(20 * time.Second)
	got := w.say()
	if got[len(got)-1] == "" || !slices.Contains(got, "1: up 2 control") || !slices.Contains(got, "2: down 1 control") {
		t.Errorf("after the partition: %q", got)
	}
}

func TestTwoAtOneAddress(t *testing.T) {
	w := newWorld(t, 1)
	w.start(1, 1)
	defer func() {
		if recover() == nil {
			t.Error("two members listen at one address")
		}
	}()
	w.start(2, 1)
}
