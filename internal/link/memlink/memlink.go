// Package memlink carries frames between members in one thread and in virtual
// time: the network of the simulator.
//
// Members register as endpoints of a Network and get a link.Hub each. Nothing
// happens inside the calls of a hub but noting what is to happen: every frame,
// connection, refusal and timeout becomes an event at a time of its own, drawn
// from the seeded source. The simulator asks Next when the earliest is due,
// sets its clock, and calls Step until it returns false. Only Step calls
// handlers (and Close, which tells its own handler of its lanes).
//
// What a lane promises is what TCP promises: frames arrive in order or, from
// some point on, not at all, and then the handler hears LaneDown before the
// LaneUp of the next connection. Each end of a connection has one inbox whose
// items (up, frames, down) are taken in order, so no event can overtake
// another on its lane; different lanes overtake one another freely.
//
// Faults: Crash, Pause and Resume, Partition and Heal, Break, and whatever
// delays are set. A broken connection loses a suffix of what was on its way,
// of random length.
//
// Invariants: no goroutine, no clock of its own, no result depends on the order
// of a map. The same seed and the same calls give the same events. A Network
// must not be used concurrently.
package memlink

import (
	"container/heap"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// Options of a Network.
type Options struct {
	// Now is the virtual time. Required.
	Now func() time.Duration
	// Rand is the seeded source of all randomness. Required.
	Rand *rand.Rand
	// Delay draws how long a frame is on its way; default Uniform(50 µs, 1 ms).
	Delay Delay
	// Limits are those of the hubs; only Buffers matter here.
	Limits link.Limits
}

// A Delay draws the time that something takes from one endpoint to another.
type Delay func(random *rand.Rand, from, to cluster.Address) time.Duration

// Uniform draws delays between least and most.
func Uniform(least, most time.Duration) Delay {
	return func(random *rand.Rand, _, _ cluster.Address) time.Duration {
		return least + time.Duration(random.Int64N(int64(max(most-least, 0))+1))
	}
}

// A Network joins endpoints.
type Network struct {
	now    func() time.Duration
	rand   *rand.Rand
	delay  Delay
	limits link.Limits

	events eventHeap
	seq    uint64 // of the event made last
	// endpoints are those that listen, by address.
	endpoints map[cluster.Address]*Endpoint
	// conns are the connections that are not broken, in the order they were made.
	conns []*conn
	// orphans are ends of broken connections that a partition keeps from learning it.
	orphans []*end
	// questions wait for an answer, in the order they were asked.
	questions []*question
	blocked   map[way]bool
	holds     bool
	lanes     [link.Lanes]Delay
	door      cluster.Address
}

// way is one direction between two addresses.
type way struct{ from, to cluster.Address }

// New returns a network without endpoints.
func New(options Options) *Network {
	n := &Network{
		now: options.Now, rand: options.Rand, delay: options.Delay, limits: options.Limits.WithDefaults(),
		endpoints: make(map[cluster.Address]*Endpoint), blocked: make(map[way]bool),
	}
	if n.delay == nil {
		n.delay = Uniform(50*time.Microsecond, time.Millisecond)
	}
	return n
}

// SetDelay changes how delays are drawn from now on.
func (n *Network) SetDelay(d Delay) { n.delay = d }

// SetLaneDelay makes frames of one lane slower than others by what it draws; nil ends that.
func (n *Network) SetLaneDelay(lane link.Lane, d Delay) { n.lanes[lane] = d }

// SetDoor makes an address lead to a listening endpoint chosen at random for each question, as a Service does.
func (n *Network) SetDoor(address cluster.Address) { n.door = address }

// Next is the time of the earliest event; false when there is none.
func (n *Network) Next() (at time.Duration, ok bool) {
	if len(n.events) == 0 {
		return 0, false
	}
	return n.events[0].at, true
}

// Step lets the earliest event happen if its time has come, and reports whether
// there was one.
func (n *Network) Step() (more bool) {
	if len(n.events) == 0 || n.events[0].at > n.now() {
		return false
	}
	e, _ := heap.Pop(&n.events).(*event)
	switch {
	case e.where != nil && e.where.gone:
	case e.where != nil && e.where.paused:
		e.where.backlog = append(e.where.backlog, e)
	default:
		e.happen()
	}
	return true
}

// An event happens at an endpoint: not at all when it is gone, later when it is
// paused. An event of the network itself has none.
type event struct {
	at     time.Duration
	seq    uint64 // orders events of the same time as they were made
	where  *Endpoint
	happen func()
}

// after lets something happen at an endpoint, or at none, after a while.
func (n *Network) after(wait time.Duration, where *Endpoint, happen func()) {
	n.at(n.now()+wait, where, happen)
}

func (n *Network) at(at time.Duration, where *Endpoint, happen func()) {
	n.seq++
	heap.Push(&n.events, &event{at: at, seq: n.seq, where: where, happen: happen})
}

// travel draws how long something takes.
func (n *Network) travel(from, to cluster.Address) time.Duration {
	return max(0, n.delay(n.rand, from, to))
}

// travelOn draws how long a frame of a lane takes.
func (n *Network) travelOn(lane link.Lane, from, to cluster.Address) time.Duration {
	d := n.travel(from, to)
	if slow := n.lanes[lane]; slow != nil {
		d += slow(n.rand, from, to)
	}
	return d
}

// behind is the address that a question to an address goes to.
func (n *Network) behind(address cluster.Address) cluster.Address {
	if address != n.door || address.IsZero() || len(n.endpoints) == 0 {
		return address
	}
	listening := slices.SortedFunc(maps.Keys(n.endpoints), cluster.Address.Compare)
	return listening[n.rand.IntN(len(listening))]
}

// isBlocked reports whether a partition stands between two addresses.
func (n *Network) isBlocked(from, to cluster.Address) bool { return n.blocked[way{from, to}] }

// eventHeap is a container/heap, earliest first.
type eventHeap []*event

func (h eventHeap) Len() int { return len(h) }

func (h eventHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].seq < h[j].seq
}

func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for package heap.
func (h *eventHeap) Push(x any) {
	e, _ := x.(*event)
	*h = append(*h, e)
}

// Pop is for package heap.
func (h *eventHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
