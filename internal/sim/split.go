package sim

import (
	"slices"
	"strings"
	"time"
)

// A split is a part of the cluster that is cut off from the rest for longer than the silence timeout: no more members
// than the cluster may lose. The rest must go on with everything that was acknowledged, and none of it may be given up for those who were
// cut off. Clients stay with the rest; those of the part that is cut off are cut off from it before it may go on by itself.
type split struct {
	out  []*process
	ends time.Duration
}

// way is which frames of those between two sides vanish.
type way int

const (
	bothWays way = iota
	mute         // those from the part that is cut off
	deaf         // those to it
	ways
)

func (y way) String() string { return [...]string{"both ways", "mute", "deaf"}[y] }

// block lets frames between two sides vanish.
func (w *World) block(out, rest []*process, y way) {
	for _, a := range out {
		for _, b := range rest {
			if y != deaf {
				w.net.PartitionOneWay(a.address, b.address)
			}
			if y != mute {
				w.net.PartitionOneWay(b.address, a.address)
			}
		}
	}
}

func names(processes []*process) string {
	var all []string
	for _, p := range processes {
		all = append(all, p.name)
	}
	return strings.Join(all, ",")
}

// silenced are the living that are cut off, or have been silent for long.
func (w *World) silenced() []*process {
	return slices.DeleteFunc(w.living(), func(p *process) bool { return !p.silenced })
}

// without are the living that are not among some.
func (w *World) without(some []*process) []*process {
	return slices.DeleteFunc(w.living(), func(p *process) bool { return slices.Contains(some, p) })
}

// allJoined: who looks for a cluster must not find one that is silent.
func (w *World) allJoined() bool {
	return !slices.ContainsFunc(w.living(), func(p *process) bool { return !p.joined() })
}

// splitOff cuts some members off, fewer than stay: when halves of one size merge, neither keeps all that it wrote.
func (w *World) splitOff(n int) bool {
	steady := w.steady()
	if n = min(n, (len(w.living())-1)/2); n < 1 {
		return false
	}
	if !w.allJoined() || w.split != nil || len(steady) <= n {
		return false
	}
	w.random.Shuffle(len(steady), func(i, j int) { steady[i], steady[j] = steady[j], steady[i] })
	out, y := steady[:n], way(w.random.IntN(int(ways)))
	if y == deaf && 2*n >= len(w.living()) && coordinatorIn(out) {
		y = bothWays // the rest cannot tell, and would obey a coordinator that has half of the members behind it
	}
	w.cutOff(out, y, w.between(silenceTimeout+time.Second, 3*silenceTimeout))
	return true
}

// coordinatorIn tells whether the coordinator is among some.
func coordinatorIn(some []*process) bool {
	return slices.ContainsFunc(some, func(p *process) bool { return p.node.View().List.Coordinator().ID == p.node.View().Self })
}

func (w *World) cutOff(out []*process, y way, d time.Duration) {
	w.fault("split, "+y.String(), "%s for %v at least", names(out), d)
	w.lose()
	w.split = &split{out: out, ends: w.now + d}
	w.block(out, w.without(out), y)
	for _, p := range out {
		p.silenced = true
		w.after(w.between(0, silenceTimeout/2), p.exile)
	}
}

// exile keeps clients from a process.
func (p *process) exile() {
	p.exiled = true
	for _, k := range slices.Clone(p.conns) {
		k.stick()
	}
}

// reachable are the processes that clients can reach.
func (w *World) reachable() []*process {
	return slices.DeleteFunc(w.living(), func(p *process) bool { return p.exiled })
}

// reunion is how long members that were cut off may take to be of the cluster again, if they did not go on by
// themselves.
const reunion = 10 * time.Second

// mend ends a split. Now and then it does so only when the rest is a whole cluster. A
// part that went on by itself merges into the rest, unless somebody is of a release that merges nothing: then it is started anew, as an
// operator would do it.
func (w *World) mend() {
	if s := w.split; s != nil {
		w.Run(max(0, s.ends-w.now))
		why := ""
		if (w.random.IntN(2) == 0 || w.areRivals(s.out)) && !w.until(quietLimit, func() bool { why = w.unsettledAmong(w.without(s.out)); return why == "" }) {
			w.fail("the rest is not whole after %v: %s\n%s", quietLimit, why, w.picture())
			return
		}
		w.endRivals(s.out)
		w.note("%s are connected again", names(s.out))
		w.net.HealAll()
		w.split = nil
	}
	w.until(quietLimit, func() bool { return w.nobodySilent() })
	out := slices.DeleteFunc(w.living(), func(p *process) bool { return !p.silenced && !p.exiled })
	rest := w.without(out)
	w.until(reunion, func() bool {
		return !slices.ContainsFunc(out, func(p *process) bool { return p.up && !w.isOf(p, rest) })
	})
	for _, p := range out {
		p.exiled, p.silenced = false, false
		if p.up && !w.isOf(p, rest) {
			w.note("%s is another cluster", p.name)
			if v := p.node.View(); v.Joined && v.Version().HasMerge() && len(rest) > 0 && rest[0].node.View().Version().HasMerge() {
				w.fail("%s is another cluster %v after the network's return\n%s", p.name, reunion, w.picture())
			}
			w.Figures.Faults["restart after a split"]++
			p.end()
			w.start(int(p.address.Port) - firstPort)
		}
	}
}

// areRivals tells whether those that are cut off are so many by now that the rest might give itself up for them: its writes
// would be at the mercy of the merge policy.
func (w *World) areRivals(out []*process) bool { return 2*len(out) >= len(w.living()) }

// endRivals starts the members that were cut off anew while they still are, if there are too many of them.
func (w *World) endRivals(out []*process) {
	if !w.areRivals(out) {
		return
	}
	for _, p := range out {
		if p.up {
			w.Figures.Faults["restart before a merge"]++
			p.end()
			place := int(p.address.Port) - firstPort
			w.after(time.Second, func() {
				if w.isFree(place) {
					w.start(place)
				}
			})
		}
	}
}

// isOf tells whether a process is a member of the cluster that others are.
func (*World) isOf(p *process, others []*process) bool {
	return p.joined() && slices.ContainsFunc(others, func(o *process) bool {
		return o.joined() && o.node.View().List.Find(p.node.View().Self) >= 0 && p.node.View().List.Mark == o.node.View().List.Mark
	})
}

// interrupt cuts the network in two for less than the silence timeout: nobody is removed. A connection that has sent in vain sends again
// after at most as long as that was, so until then some may be silent still, and another interruption would add to it.
func (w *World) interrupt() {
	up := w.steady()
	if len(up) < 2 || !w.allJoined() || !w.nobodySilent() {
		return
	}
	w.random.Shuffle(len(up), func(i, j int) { up[i], up[j] = up[j], up[i] })
	n := 1 + w.random.IntN(len(up)-1)
	y, d := way(w.random.IntN(int(ways))), w.between(10*time.Millisecond, interruption)
	w.interruptBetween(up[:n], up[n:], y, d)
}

func (w *World) interruptBetween(some, others []*process, y way, d time.Duration) {
	w.fault("interruption, "+y.String(), "%s from %s for %v", names(some), names(others), d)
	w.block(some, others, y)
	w.cuts++
	w.Run(d)
	w.cuts--
	w.silentUntil = w.now + d
	w.note("%s are connected again", names(some))
	w.net.HealAll()
}

// interruption is the longest time for which everybody may be silent without being removed, with what it takes to
// connect again.
const interruption = silenceTimeout * 2 / 5
