package sim

import (
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/link/memlink"
)

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
	if w.cuts > 0 || w.split != nil || w.now < w.silentUntil {
		return false
	}
	for _, p := range w.living() {
		if p.paused && !p.slow {
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
	b.silenced = true
	w.cuts++
	w.after(d, func() {
		w.cuts--
		w.note("%s and %s are connected again", a.name, b.name)
		w.net.Heal(a.address, b.address)
	})
}

// cutPair cuts two members off from one another that both have the coordinator, which goes on without the one as a backup of the
// other.
func (w *World) cutPair(d time.Duration) {
	others := w.steady()
	if len(others) < 3 {
		return
	}
	coordinator := others[0].node.View().List.Coordinator().ID
	others = slices.DeleteFunc(others, func(p *process) bool { return p.node.View().Self == coordinator })
	w.random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	a, b, y := others[0], others[1], way(w.random.IntN(int(ways)))
	w.fault("pair cut, "+y.String(), "%s and %s for %v", a.name, b.name, d)
	w.lose()
	w.block([]*process{a}, []*process{b}, y)
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
	n := 1 + w.random.IntN(3)
	if w.discovery == door {
		n = 1
	}
	for range n {
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

// crashUnsteady crashes a member that is just starting, joining or leaving.
func (w *World) crashUnsteady() {
	var found []*process
	for _, p := range w.living() {
		if !p.paused && !p.exiled && (p.leaving || !p.joined()) {
			found = append(found, p)
		}
	}
	p := w.anyOf(found)
	if p == nil {
		w.crashOne()
		return
	}
	w.fault("crash of one that comes or goes", "%s", p.name)
	p.crash()
}

// reset breaks all connections between one member and all others, several times in a row now and then.
func (w *World) reset() {
	p := w.anyOf(w.steady())
	if p == nil {
		return
	}
	for range 1 + w.random.IntN(4) {
		w.fault("reset", "%s", p.name)
		for _, q := range w.living() {
			for lane := range link.Lanes {
				w.net.Break(p.node.View().Self, q.node.View().Self, lane)
			}
		}
		w.Run(w.between(0, 300*time.Millisecond))
	}
}

// slowLane makes one kind of traffic slow for a while, so that the others overtake it. That of heartbeats is only so slow that members whose
// connection breaks meanwhile hear of one another in time: the news of the break, a new connection and the next heartbeat all take as long.
func (w *World) slowLane() {
	lane := link.Lane(w.random.IntN(int(link.Lanes)))
	most := w.between(50*time.Millisecond, 2*time.Second)
	if lane == link.Control {
		most = min(most, silenceTimeout/5)
	}
	w.fault("slow lane", "%d, up to %v", lane, most)
	w.net.SetLaneDelay(lane, memlink.Uniform(0, most))
	w.after(w.between(time.Second, 5*time.Second), func() { w.net.SetLaneDelay(lane, nil) })
}

// stutter lets a member run only for moments, for a while.
func (w *World) stutter(d time.Duration) {
	if p := w.anyOf(w.steady()); p != nil {
		w.fault("slow member", "%s for %v", p.name, d)
		p.slow = true
		p.stutter(w.now + d)
	}
}

func (p *process) stutter(until time.Duration) {
	w := p.w
	if !p.up || p.paused || w.now >= until {
		p.slow = false
		return
	}
	p.paused = true
	w.net.Pause(p.address)
	w.after(w.between(10*time.Millisecond, 400*time.Millisecond), func() {
		p.resume()
		w.after(w.between(5*time.Millisecond, 60*time.Millisecond), func() { p.stutter(until) })
	})
}
