package membership

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
)

// world is a handful of cores in one thread, with virtual time and a network
// whose delays come from a seed. It holds no partitions: holds says who is missed.
type world struct {
	t       *testing.T
	seed    uint64
	random  *rand.Rand
	now     time.Duration
	events  eventQueue
	serial  uint64
	nodes   []*node
	holds   func(cluster.MemberID) bool
	delay   time.Duration // the longest of a frame
	trace   []string
	broken  map[[2]int]bool // pairs, lower place first, that cannot reach one another
	muted   map[[2]int]bool // pairs of which the first cannot reach the second
	watched bool            // check leases at every removal
	// shows is what a look finds; nil for all addresses, one's own among them.
	shows func(n *node) (discovery.Found, error)
	// knocks is how often coordinators look for other clusters, 0 for never.
	knocks time.Duration
	// behind are the members that stand behind the address door.
	behind []*node
	// options changes those of members that are added.
	options func(*Options)
}

// door leads each question to one of those behind it.
var door = cluster.Address{Host: "10.96.0.1", Port: 5701}

type event struct {
	at     time.Duration
	serial uint64
	do     func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].serial, q[j].serial)) < 0
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// node is one core and its surroundings.
type node struct {
	w       *world
	place   int
	host    int // the first of those that lived one after another in this process
	core    *Core
	self    cluster.Member
	view    *cluster.View
	up      bool // listens
	paused  bool
	backlog []func()
	peers   []cluster.MemberID
	lanes   map[cluster.MemberID]uint64 // generation of the live connection
	arrival map[cluster.MemberID]time.Duration
	ended   string
	changed map[uint64]error
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	return &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), delay: 3 * time.Millisecond,
		holds: func(cluster.MemberID) bool { return false }, broken: map[[2]int]bool{}, muted: map[[2]int]bool{}, watched: true,
	}
}

const testSilence = 5 * time.Second

// add makes a member with an address of its own, higher than those before it.
func (w *world) add() *node {
	return w.addAt(cluster.Address{Host: "127.0.0.1", Port: uint16(5701 + len(w.nodes))})
}

func (w *world) uuid() cluster.UUID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], w.random.Uint64())
	binary.BigEndian.PutUint64(b[8:], w.random.Uint64())
	return cluster.NewUUID(b)
}

func (w *world) addAt(address cluster.Address, rally ...cluster.Address) *node {
	n := &node{
		w: w, place: len(w.nodes), host: len(w.nodes), lanes: map[cluster.MemberID]uint64{},
		arrival: map[cluster.MemberID]time.Duration{}, changed: map[uint64]error{},
	}
	n.self = cluster.Member{ID: w.uuid(), Address: address, Client: address}
	n.view = &cluster.View{Self: n.self.ID}
	o := Options{
		Self: n.self, PartitionCount: 3, HeartbeatInterval: 500 * time.Millisecond, SilenceTimeout: testSilence,
		AskTimeout: time.Second, Clock: func() time.Duration { return w.now }, ClusterTime: func() int64 { return w.now.Milliseconds() },
		UUID: w.uuid, Logger: slog.New(slog.DiscardHandler), KnockInterval: w.knocks, Rally: rally, Carrying: len(rally) > 0,
	}
	if w.options != nil {
		w.options(&o)
	}
	n.core = New(o, n, stubTables{w})
	w.nodes = append(w.nodes, n)
	return n
}

// start lets a member begin after a while.
func (w *world) start(n *node, after time.Duration) {
	w.after(after, func() {
		n.up = true
		n.core.Start()
		n.tick()
	})
}

func (n *node) tick() {
	n.w.after(5*time.Millisecond, func() {
		n.do(n.core.Tick)
		if n.up {
			n.tick()
		}
	})
}

// do runs something in a member, now or when its pause is over.
func (n *node) do(f func()) {
	switch {
	case !n.up:
	case n.paused:
		n.backlog = append(n.backlog, f)
	default:
		f()
	}
}

func (w *world) after(d time.Duration, f func()) {
	w.serial++
	heap.Push(&w.events, event{w.now + d, w.serial, f})
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now + d
	for len(w.events) > 0 && w.events[0].at <= end {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
	}
	w.now = end
}

// until runs until a condition holds, and fails when it does not come true in time.
func (w *world) until(what string, limit time.Duration, done func() bool) {
	w.t.Helper()
	for end := w.now + limit; !done(); {
		if w.now >= end {
			w.fail("%s: not within %v\n%s", what, limit, w.picture())
		}
		w.run(10 * time.Millisecond)
	}
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	for _, line := range w.trace[max(0, len(w.trace)-60):] {
		w.t.Log(line)
	}
	w.t.Fatalf("seed %d, at %v: %s", w.seed, w.now, fmt.Sprintf(format, args...))
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%v ", w.now)+fmt.Sprintf(format, args...))
}

func (w *world) picture() string {
	var s strings.Builder
	for _, n := range w.nodes {
		fmt.Fprintf(&s, "member %d up=%v paused=%v ended=%q joined=%v", n.place, n.up, n.paused, n.ended, n.view.Joined)
		if n.view.List != nil {
			fmt.Fprintf(&s, " version %d:", n.view.List.Version)
			for i := range n.view.List.Members {
				fmt.Fprintf(&s, " %d", w.byID(n.view.List.Members[i].ID).place)
			}
		}
		s.WriteString("\n")
	}
	return s.String()
}

func (w *world) byID(id cluster.MemberID) *node {
	i := slices.IndexFunc(w.nodes, func(n *node) bool { return n.self.ID == id })
	return w.nodes[i]
}

// together is true when all live members are in one list, and nobody else is.
func (w *world) together() bool {
	var alive []*node
	for _, n := range w.nodes {
		if n.up && n.ended == "" {
			alive = append(alive, n)
		}
	}
	for _, n := range alive {
		if !n.view.Joined || n.view.List.Mark != alive[0].view.List.Mark || len(n.view.List.Members) != len(alive) ||
			n.view.List.Find(n.self.ID) < 0 || n.view.ClusterID != alive[0].view.ClusterID || !n.core.LeaseValid() {
			return false
		}
	}
	return len(alive) > 0
}

// crash ends a member without a word: its address refuses from then on.
func (w *world) crash(n *node) {
	w.note("crash %d", n.place)
	n.up, n.paused, n.backlog = false, false, nil
	n.closeAll()
}

func (n *node) closeAll() {
	for _, other := range n.w.nodes {
		n.w.cut(n, other)
	}
}

func (w *world) pause(n *node, d time.Duration) {
	w.note("pause %d for %v", n.place, d)
	n.paused = true
	w.after(d, func() {
		if !n.up {
			return
		}
		w.note("resume %d", n.place)
		n.paused = false
		backlog := n.backlog
		n.backlog = nil
		if w.random.IntN(2) == 0 { // the timer may come before what is in the sockets
			n.core.Tick()
		}
		for _, f := range backlog {
			n.do(f)
		}
	})
}

// connect makes or breaks connections after a change of somebody's peers or life.
func (w *world) connect(a, b *node) {
	want := a.up && b.up && slices.Contains(a.peers, b.self.ID) && slices.Contains(b.peers, a.self.ID) &&
		!w.broken[pair(a, b)]
	if !want {
		w.cut(a, b)
		return
	}
	if a.lanes[b.self.ID] != 0 || w.muted[[2]int{a.host, b.host}] || w.muted[[2]int{b.host, a.host}] {
		return
	}
	w.serial++
	generation := w.serial
	a.lanes[b.self.ID], b.lanes[a.self.ID] = generation, generation
	for _, side := range [][2]*node{{a, b}, {b, a}} {
		w.deliver(side[0], side[1].self.ID, generation, func() { side[0].core.LaneUp(side[1].self.ID) })
	}
}

func pair(a, b *node) [2]int { return [2]int{min(a.host, b.host), max(a.host, b.host)} }

func (w *world) cut(a, b *node) {
	if a.lanes[b.self.ID] == 0 {
		return
	}
	delete(a.lanes, b.self.ID)
	delete(b.lanes, a.self.ID)
	for _, side := range [][2]*node{{a, b}, {b, a}} {
		w.deliver(side[0], side[1].self.ID, 0, func() { side[0].core.LaneDown(side[1].self.ID) })
	}
	w.after(20*time.Millisecond, func() { w.connect(a, b) })
}

// deliver brings something from a peer, in order, after a delay. generation is the connection's, 0
// for what comes in any case.
func (w *world) deliver(to *node, from cluster.MemberID, generation uint64, f func()) {
	at := max(to.arrival[from], w.now+time.Duration(w.random.Int64N(int64(w.delay)))) + 1
	to.arrival[from] = at
	w.after(at-w.now, func() {
		to.do(func() {
			if generation == 0 || to.lanes[from] == generation {
				f()
			}
		})
	})
}

func (n *node) Send(to cluster.MemberID, frame []byte) bool {
	generation := n.lanes[to]
	if generation == 0 {
		return false
	}
	letter := slices.Clone(frame)
	other := n.w.byID(to)
	if n.w.muted[[2]int{n.host, other.host}] {
		return true
	}
	n.w.deliver(other, n.self.ID, generation, func() {
		if _, err := other.core.Frame(n.self.ID, letter); err != nil {
			n.w.fail("frame % x: %v", letter, err)
		}
	})
	return true
}

func (n *node) Ask(address cluster.Address, request []byte, timeout time.Duration, token uint64) {
	w := n.w
	answered := false
	reply := func(r link.Reply) {
		if !answered {
			answered = true
			n.do(func() { n.core.Replied(token, r) })
		}
	}
	trip := func() time.Duration { return time.Duration(w.random.Int64N(int64(w.delay))) + 1 }
	w.after(timeout, func() { reply(link.Reply{Outcome: link.Silent}) })
	question := slices.Clone(request)
	w.after(trip(), func() {
		to := address
		if address == door && len(w.behind) > 0 {
			to = w.behind[w.random.IntN(len(w.behind))].self.Address
		}
		i := slices.IndexFunc(w.nodes, func(o *node) bool { return o.up && o.self.Address == to })
		switch {
		case i < 0:
			w.after(trip(), func() { reply(link.Reply{Outcome: link.Refused}) })
		case w.broken[pair(n, w.nodes[i])], w.muted[[2]int{n.host, w.nodes[i].host}]: // silent
		default:
			other := w.nodes[i]
			other.do(func() {
				other.core.Asked(question, func(body []byte) {
					if w.muted[[2]int{other.host, n.host}] {
						return
					}
					body = slices.Clone(body)
					w.after(trip(), func() { reply(link.Reply{Outcome: link.Answered, Answerer: other.self.ID, Body: body}) })
				})
			})
		}
	})
}

func (n *node) Look() {
	w := n.w
	soon := time.Duration(w.random.Int64N(int64(w.delay))) + 1
	if w.shows != nil {
		shown, err := w.shows(n)
		w.after(soon, func() { n.do(func() { n.core.Looked(shown, err) }) })
		return
	}
	var found []cluster.Address
	for _, other := range w.nodes {
		if !slices.Contains(found, other.self.Address) {
			found = append(found, other.self.Address)
		}
	}
	w.random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	w.after(soon, func() { n.do(func() { n.core.Looked(discovery.Found{Addresses: found, SelfShown: true}, nil) }) })
}

func (n *node) Connect(peers []link.Peer) {
	n.peers = n.peers[:0]
	for _, p := range peers {
		n.peers = append(n.peers, p.ID)
	}
	for _, other := range n.w.nodes {
		if other != n {
			n.w.after(1, func() { n.w.connect(n, other) })
		}
	}
}

func (n *node) Installed(view *cluster.View, cause string) {
	w := n.w
	w.note("member %d: %s, version %d of %d members", n.place, cause, view.List.Version, len(view.List.Members))
	if w.watched && n.view.List != nil && view.List.Mark != n.view.List.Mark {
		w.checkRemoved(n, n.view.List, view.List)
	}
	n.view = view
}
