package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/link/memlink"
)

// The size of a simulated cluster and of a run.
const (
	maxMembers  = 6
	manyMembers = 8 // that start at once, now and then
	maxRounds   = 5
	maxClients  = 8
)

// least is the shortest time that a frame between members takes.
const least = 50 * time.Microsecond

// RunSeed runs the plan of a seed, and returns the world when it is over or something has failed.
func RunSeed(o Options) *World {
	if o.Backups == 0 {
		draw := rand.New(rand.NewPCG(o.Seed, 0xbacc))
		o.Backups = [...]int{NoBackups, 1, 1, 1, 1, 2, 2, 2, 3, 3}[draw.IntN(10)]
		o.Awaited = max(0, draw.IntN(o.Backups+2)) // 0: all
	}
	w := NewWorld(o)
	w.found()
	for range 2 + w.random.IntN(maxRounds-1) {
		if w.failure != nil {
			break
		}
		w.round()
	}
	if w.failure == nil {
		w.finish()
	}
	if w.failure == nil {
		_ = w.Check()
	}
	w.Figures.Virtual = w.now
	return w
}

// found starts some members at once, and clients with them.
func (w *World) found() {
	w.pad = strings.Repeat("x", [...]int{0, 500, 4000}[w.random.IntN(3)])
	w.net.Hold(w.random.IntN(2) == 0)
	w.usual = [...]time.Duration{time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond}[w.random.IntN(3)]
	w.net.SetDelay(memlink.Uniform(least, w.usual))
	size := 1 + w.random.IntN(maxMembers-1)
	if w.random.IntN(10) == 0 {
		size = manyMembers
	}
	spread := w.between(0, 20*time.Millisecond)
	for i := range size {
		w.after(w.between(0, spread), func() { w.start(i) })
	}
	w.Figures.Faults["start"] += size
	w.Run(spread)
	for range 2 + w.random.IntN(maxClients-1) {
		w.newClient(w.random.IntN(3) > 0).work()
	}
	if w.settle() && w.random.IntN(2) == 0 {
		w.fill()
	}
}

// What fill writes: more than a replica keeps of its recent effects, so that new replicas are copied, in several
// parts.
const (
	fillEntries = 60
	fillBytes   = 60_000
)

// fill gives the map entries that stay as they are.
func (w *World) fill() {
	c := w.newClient(true)
	pad := strings.Repeat("x", fillBytes)
	for i := range fillEntries {
		w.serial++
		w.ask(c, &operation{kind: opSet, key: fmt.Sprintf("fill%d", i), value: int(w.serial), pad: pad})
	}
}

// round injects some faults, lets the clients work meanwhile, and waits until the cluster has recovered.
func (w *World) round() {
	stay := len(w.living())
	losses := min(w.options.Backups, stay-1) // members that may be lost with their data until the cluster has settled
	keep := 1                                // members that must stay: two cut off from one another need a third
	quiet := true                            // nobody is silent
	for range 1 + w.random.IntN(4) {
		switch what := w.random.IntN(14); {
		case what < 3 && losses > 1 && stay > keep+1:
			losses -= 2
			stay -= 2
			w.crashTwo()
		case what < 3 && losses > 0 && stay > keep:
			losses--
			stay--
			w.crashOne()
		case what == 3 && losses > 0 && stay > keep && quiet:
			quiet = false
			losses--
			stay--
			w.pauseOne(w.between(silenceTimeout+time.Second, 3*silenceTimeout))
		case what == 12 && losses > 0 && stay > keep && quiet:
			n := min(1+w.random.IntN(losses), stay-keep)
			if w.splitOff(n) {
				quiet = false
				losses -= n
				stay -= n
			}
		case what == 13 && quiet:
			w.interrupt()
		case what == 4 && losses > 0 && stay > 2 && quiet:
			quiet = false
			losses--
			stay--
			keep = 2
			w.cutOne(w.between(silenceTimeout+time.Second, 3*silenceTimeout))
		case what == 5 && quiet:
			quiet = false
			w.pauseOne(w.between(10*time.Millisecond, silenceTimeout/2))
		case what < 8 && quiet && len(w.living()) < maxMembers:
			w.joinSome()
		case what < 10 && stay > keep:
			stay -= w.leaveSome(stay - keep)
			losses = min(losses, stay-keep)
		case what == 10:
			w.breakLanes()
		default:
			w.slowDown()
		}
		w.Run(w.between(0, time.Second))
	}
	w.Run(w.between(time.Second, 4*time.Second))
	if w.settle() && w.random.IntN(3) == 0 && w.stop() {
		w.compare()
		w.resume()
	}
}

// steady are the processes that nothing has been done to in this round.
func (w *World) steady() []*process {
	var found []*process
	for _, p := range w.living() {
		if !p.paused && !p.leaving && !p.exiled && p.node.View().Joined {
			found = append(found, p)
		}
	}
	return found
}

func (w *World) anyOf(processes []*process) *process {
	if len(processes) == 0 {
		return nil
	}
	return processes[w.random.IntN(len(processes))]
}

func (w *World) crashOne() {
	p := w.anyOf(w.steady())
	if p == nil {
		return
	}
	p.crash()
	if w.random.IntN(2) == 0 && w.nobodySilent() { // its supervisor starts it again
		place := int(p.address.Port) - firstPort
		w.after(w.between(0, 300*time.Millisecond), func() {
			if w.nobodySilent() && w.isFree(place) {
				w.Figures.Faults["restart"]++
				w.start(place)
			}
		})
	}
}

func (w *World) nobodySilent() bool {
	if w.cuts > 0 || w.split != nil {
		return false
	}
	for _, p := range w.living() {
		if p.paused {
			return false
		}
	}
	return true
}

func (w *World) pauseOne(d time.Duration) {
	for _, p := range w.living() {
		if !p.joined() {
			return // who looks for a cluster must not find a silent one
		}
	}
	if p := w.anyOf(w.steady()); p != nil {
		p.pause(d)
	}
}

// cutOne cuts the coordinator and another member off from one another, and from nobody else.
func (w *World) cutOne(d time.Duration) {
	steady := w.steady()
	if len(steady) < 3 {
		return
	}
	a := w.owner(steady[0].node.View().List.Coordinator().ID)
	b := w.anyOf(steady)
	if a == nil || a == b || a.leaving {
		return
	}
	w.fault("cut", "%s and %s for %v", a.name, b.name, d)
	w.net.Partition(a.address, b.address)
	w.lose()
	w.cuts++
	w.after(d, func() {
		w.cuts--
		w.note("%s and %s are connected again", a.name, b.name)
		w.net.Heal(a.address, b.address)
	})
}

// joinSome starts new members, at addresses that are free.
func (w *World) joinSome() {
	if !w.nobodySilent() {
		return
	}
	for range 1 + w.random.IntN(3) {
		place := w.freePlace()
		if place >= maxMembers {
			return
		}
		w.fault("join", "at place %d", place)
		w.start(place)
		w.Run(w.between(0, 5*time.Millisecond))
	}
}

func (w *World) freePlace() int {
	for place := 0; ; place++ {
		if w.isFree(place) {
			return place
		}
	}
}

func (w *World) isFree(place int) bool {
	return !slices.ContainsFunc(w.living(), func(p *process) bool { return int(p.address.Port) == firstPort+place })
}

// leaveSome lets up to most members leave at once and returns how many.
func (w *World) leaveSome(most int) int {
	n := 1 + w.random.IntN(most)
	left := 0
	for range n {
		steady := w.steady()
		if len(steady) < 2 {
			break
		}
		w.anyOf(steady).leave()
		left++
	}
	return left
}

// breakLanes breaks some connections between members, some of them more than once.
func (w *World) breakLanes() {
	for range 1 + w.random.IntN(12) {
		up := w.living()
		a, b := w.anyOf(up), w.anyOf(up)
		lane := link.Lane(w.random.IntN(int(link.Lanes)))
		if a != nil && a != b && w.net.Break(a.node.View().Self, b.node.View().Self, lane) {
			w.fault("break", "lane %d between %s and %s", lane, a.name, b.name)
		}
		w.Run(w.between(0, 50*time.Millisecond))
	}
}

// slowDown makes the network slow for a while, between all members or on the way to or from one of them.
func (w *World) slowDown() {
	most := w.between(5*time.Millisecond, 300*time.Millisecond)
	victim := w.anyOf(w.steady())
	if victim == nil || w.random.IntN(3) == 0 {
		w.fault("slow", "up to %v", most)
		w.net.SetDelay(memlink.Uniform(least, most))
	} else {
		w.slowMember(victim, most, w.random.IntN(2) == 0)
	}
	w.after(w.between(time.Second, 5*time.Second), func() { w.net.SetDelay(memlink.Uniform(least, w.usual)) })
}

// crashTwo crashes two members in quick succession, while another hears of everything late.
func (w *World) crashTwo() {
	w.slowDown()
	w.Run(w.between(100*time.Millisecond, time.Second))
	w.crashOne()
	w.Run(w.between(0, 100*time.Millisecond))
	w.crashOne()
}
