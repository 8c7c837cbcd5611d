package sim

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/member"
	"github.com/filbertgrid/filbert/internal/store"
)

// process is a member's process: an address, and one node after another, as in
// member.Member.
type process struct {
	w       *World
	name    string
	address cluster.Address
	node    *member.Node
	version cluster.Version // of its build
	life    int             // counts nodes; what belongs to an earlier one does not happen
	up      bool
	paused  bool
	leaving bool
	// silenced: it was cut off or silent for so long that the others may go on without it. exiled: it is on the
	// side of a split that the checks do not follow; clients do not reach it.
	silenced, exiled bool
	backlog          []func()
	conns            []*conn
	arena            *store.Arena
	stash            member.Stash
	waking           bool
	// slow: it runs for moments only; shown is when discovery begins to show it.
	slow  bool
	table *cluster.Table // the last one that was checked
	shown time.Duration
	// skew is what its monotonic clock shows beyond the virtual time, and wall what its wall clock shows beyond that;
	// drift makes both faster, or slower if negative, in millionths.
	skew, wall time.Duration
	drift      int64
}

// start runs a new process at a port, counted from the first.
func (w *World) start(place int) { w.startOf(place, w.drawVersion()) }

func (w *World) startOf(place int, version cluster.Version) *process {
	p := &process{
		w: w, version: version, name: fmt.Sprintf("m%d", len(w.processes)+1), up: true,
		address: cluster.Address{Host: "127.0.0.1", Port: uint16(firstPort + place)},
		skew:    w.between(0, 10*time.Minute), wall: w.between(-maxWall, maxWall), drift: w.random.Int64N(2*w.drift+1) - w.drift,
	}
	if w.discovery == late {
		p.shown = w.now + w.between(0, latest)
		for _, q := range w.processes {
			p.shown = max(p.shown, q.shown)
		}
	}
	var err error
	if p.arena, err = store.NewArena(); err != nil {
		w.fail("%v", err)
	}
	w.processes = append(w.processes, p)
	w.note("%s starts at %s", p.name, p.address)
	p.newNode()
	p.tick()
	return p
}

func (p *process) clock() time.Duration {
	return p.skew + p.w.now + time.Duration(int64(p.w.now/time.Microsecond)*p.drift)/1000
}

// maxWall is how wrong a process's wall clock may be. A process reads it once, when it starts; so a clock that is set
// later is seen by the next process only.
const maxWall = 24 * time.Hour

// epoch is the wall clock at the beginning of the simulation, in ms since 1970.
const epoch = 1_700_000_000_000

func (p *process) newNode() {
	w := p.w
	p.life++
	life := p.life
	p.waking = false
	self := cluster.Member{ID: w.uuid(), Address: p.address, Client: p.address, Build: [3]byte{5, 5, 0}, Attributes: p.attributes()}
	w.note("%s is %s", p.name, self.ID)
	p.node = member.NewNode(member.NodeOptions{
		Config: w.config, Self: self, Version: p.version,
		NewHub: func(h link.Handler) link.Hub {
			if p.old() {
				h = strict{h, p}
			}
			return w.net.Endpoint(self.ID, p.address, h)
		},
		Clock: p.clock,
		Wall:  func() int64 { return epoch + (p.wall + p.clock()).Milliseconds() },
		UUID:  w.uuid, Seed: w.random.Uint64(),
		Look: func(done func(discovery.Found, error)) {
			p.later(life, w.between(0, time.Millisecond), func() { done(w.look(p)) })
		},
		Stash: &p.stash, Arena: p.arena,
		Run:    func(f func()) { p.later(life, w.between(0, 100*time.Microsecond), f) },
		Wake:   func() { p.wake(life) },
		Ended:  func(end member.End) { p.later(life, 0, func() { p.ended(end) }) },
		Logger: slog.New(&logs{w: w, who: p.name}),
	})
	p.node.Start()
}

func (p *process) wake(life int) {
	if p.waking {
		return
	}
	p.waking = true
	p.later(life, p.w.between(0, 50*time.Microsecond), func() {
		p.waking = false
		p.node.Step()
	})
}

// tick is the ticker of member.Member's loop.
func (p *process) tick() {
	interval := 50 * time.Millisecond
	if !p.node.View().Joined {
		interval = member.TickInterval
	}
	p.w.after(interval, func() {
		if !p.up {
			return
		}
		if !p.paused {
			p.node.Tick()
			p.checkTable()
		}
		p.tick()
	})
}

// later lets something happen in this process after a while, if that node still lives then.
func (p *process) later(life int, d time.Duration, f func()) {
	p.w.after(d, func() { p.do(life, f) })
}

func (p *process) do(life int, f func()) {
	switch {
	case !p.up || p.life != life:
	case p.paused:
		p.backlog = append(p.backlog, func() { p.do(life, f) })
	default:
		f()
	}
}

// ended goes on after a node's life, as member.Member does. While some are cut off, nobody else may be given up, unless so many have left
// meanwhile that the two sides are equals.
func (p *process) ended(end member.End) {
	p.w.note("%s: its node has ended (%d)", p.name, end)
	if end == member.Left || (p.leaving && end != member.Merging) {
		p.exit()
		return
	}
	if out := p.w.silenced(); !p.silenced && len(out) > 0 && !p.w.areRivals(out) {
		p.w.fail("%s, which was not cut off, has been given up for those who were\n%s", p.name, p.w.picture())
	}
	p.node.Close()
	p.node.Release()
	p.newNode()
	if p.leaving {
		p.node.Leave()
	}
}

// exit ends the process in order.
func (p *process) exit() {
	p.w.note("%s exits", p.name)
	p.node.Close()
	p.up = false
	p.hangUp()
	p.release()
}

// release gives back what the process holds, and fails if anything was forgotten.
func (p *process) release() {
	p.node.Release()
	p.stash.Release()
	if err := p.arena.Balanced(); err != nil {
		p.w.fail("%s: %v", p.name, err)
	}
}

// crash ends the process without a word.
func (p *process) crash() {
	p.w.fault("crash", "%s", p.name)
	p.w.lose()
	p.end()
}

// end stops the process without a word; what it had is not missed.
func (p *process) end() {
	p.up, p.paused, p.slow, p.backlog = false, false, false, nil
	p.w.net.Crash(p.address)
	p.hangUp()
	p.release()
}

// hangUp tells the clients that their connections are gone.
func (p *process) hangUp() {
	for _, c := range slices.Clone(p.conns) {
		c.broken()
	}
	p.conns = nil
}

func (p *process) leave() {
	p.w.fault("leave", "%s", p.name)
	p.leaving = true
	p.node.Leave()
}

func (p *process) pause(d time.Duration) {
	p.w.fault("pause", "%s for %v", p.name, d)
	p.paused = true
	if d > silenceTimeout/2 {
		p.w.lose()
		p.silenced = true
	}
	p.w.net.Pause(p.address)
	p.w.after(d, p.resume)
}

func (p *process) resume() {
	if !p.up || !p.paused {
		return
	}
	p.w.note("%s resumes", p.name)
	p.paused = false
	first := p.w.random.IntN(3) == 0
	if first { // its timers may run before what is in its sockets
		p.node.Tick()
	}
	p.w.net.Resume(p.address)
	backlog := p.backlog
	p.backlog = nil
	for _, f := range backlog {
		p.w.after(0, f)
	}
}

// joined is true for a process whose node is a member.
func (p *process) joined() bool { return p.up && p.node.View().Joined }

// living are the processes that are up.
func (w *World) living() []*process {
	var up []*process
	for _, p := range w.processes {
		if p.up {
			up = append(up, p)
		}
	}
	return up
}

// owner is the process of a member, or nil.
func (w *World) owner(id cluster.MemberID) *process {
	for _, p := range w.processes {
		if p.up && p.node.View().Self == id {
			return p
		}
	}
	return nil
}
