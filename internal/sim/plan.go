package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/link/memlink"
)

// The size of a simulated cluster and of a run.
const (
	maxMembers  = 6
	manyMembers = 8 // that start at once, now and then
	maxRounds   = 5
	maxClients  = 8
)

// maxDrift is how fast clocks may go wrong, in millionths: two of them differ by less than the margin of leases, a tenth.
const maxDrift = 40_000

// least is the shortest time that a frame between members takes.
const least = 50 * time.Microsecond

// RunSeed runs the plan of a seed, and returns the world when it is over or something has failed.
func RunSeed(o Options) *World {
	if o.Backups == 0 {
		draw := rand.New(rand.NewPCG(o.Seed, 0xbacc))
		o.Backups = [...]int{NoBackups, 1, 1, 1, 1, 2, 2, 2, 3, 3}[draw.IntN(10)]
		o.Awaited = min(max(0, draw.IntN(o.Backups+2)), max(0, o.Backups)) // 0: all
	}
	if o.Zones == 0 && o.Seed%4 == 1 {
		o.Zones = 2 + int(o.Seed/4%2)
	}
	o.Upgrade = o.Upgrade || o.Seed%5 == 2
	if o.Splits = o.Splits || o.Seed%6 == 3; o.Splits {
		o.Backups = max(o.Backups, 2) // so that two may be cut off together
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
	for _, p := range w.processes {
		if p.up {
			p.release()
		}
	}
	return w
}

// found starts some members at once, and clients with them.
func (w *World) found() {
	w.pad = strings.Repeat("x", [...]int{0, 500, 4000}[w.random.IntN(3)])
	w.discovery = [...]kindOfDiscovery{shown, shown, shown, late, door}[w.random.IntN(5)]
	w.drift = [...]int64{0, 2000, maxDrift}[w.random.IntN(3)]
	w.net.Hold(w.random.IntN(2) == 0)
	w.usual = [...]time.Duration{time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond}[w.random.IntN(3)]
	w.net.SetDelay(memlink.Uniform(least, w.usual))
	size := 1 + w.random.IntN(maxMembers-1)
	if w.random.IntN(10) == 0 {
		size = manyMembers
	}
	if w.discovery == door {
		size = min(size, doorMost)
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

// A round is some faults at a time, and how many more may be injected until the cluster is whole again.
type round struct {
	w *World
	// losses is how many more members may be lost with their data, as many as the map waits for; stay how many are neither lost nor leaving, keep how many
	// of them must stay.
	losses, stay, keep int
	// quiet: nobody is silent or cut off.
	quiet bool
}

// round injects some faults, lets the clients work meanwhile, and waits until the cluster has recovered.
func (w *World) round() {
	stay := len(w.living())
	r := &round{w: w, losses: min(w.options.Awaited, stay-1), stay: stay, keep: 1, quiet: true}
	if w.options.Zones > 1 && r.losses > 0 && w.random.IntN(3) == 0 {
		if n := w.crashZone(w.random.IntN(w.options.Zones)); n > 0 { // however many: every partition stands in another zone, too
			r.stay -= n
			r.losses = 0
		}
	}
	for range 1 + w.random.IntN(4) {
		if w.random.IntN(8) == 0 { // several at the very same time
			r.inject()
			r.inject()
		}
		r.inject()
		w.Run(w.between(0, time.Second))
	}
	w.Run(w.between(time.Second, 4*time.Second))
	settled := w.settle()
	if settled && w.options.Upgrade {
		w.upgrade()
	}
	if settled && w.random.IntN(3) == 0 && w.stop() {
		w.compare()
		w.resume()
	}
}

// mayLose takes members that are to be lost from the budget, if it has them.
func (r *round) mayLose(n, keep int) bool {
	if n > r.losses || r.stay-n < max(keep, r.keep) {
		return false
	}
	r.losses -= n
	r.stay -= n
	r.keep = max(keep, r.keep)
	return true
}

// mayHush is mayLose for members that will be silent or cut off.
func (r *round) mayHush(n, keep int) bool {
	if !r.quiet || !r.mayLose(n, keep) {
		return false
	}
	r.quiet = false
	return true
}

// split cuts some members off if nobody is silent.
func (r *round) split() bool {
	n := 1 + r.w.random.IntN(max(1, r.losses))
	return r.mayHush(n, 1) && r.w.splitOff(n)
}

// inject injects one fault, or makes the network slow if the one that it has drawn is not possible.
func (r *round) inject() {
	w := r.w
	if w.options.Upgrade && w.random.IntN(3) == 0 && r.roll() {
		return
	}
	if w.options.Splits && w.random.IntN(3) == 0 && r.split() {
		return
	}
	switch what := w.random.IntN(20); {
	case what < 3 && r.mayLose(2, 1):
		w.crashTwo()
	case what < 3 && r.mayLose(1, 1):
		w.crashOne()
	case what == 3 && r.mayHush(1, 1):
		w.pauseOne(w.between(silenceTimeout+time.Second, 3*silenceTimeout))
	case what == 4 && r.mayHush(1, 2): // two cut off from one another need a third
		if d := w.between(silenceTimeout+time.Second, 3*silenceTimeout); w.random.IntN(2) == 0 {
			w.cutOne(d)
		} else {
			w.cutPair(d)
		}
	case what == 5 && r.quiet && w.nobodySilent():
		r.quiet = false
		w.pauseOne(w.between(10*time.Millisecond, silenceTimeout/2))
	case what < 8 && r.quiet && len(w.living()) < maxMembers:
		w.joinSome()
	case what < 10 && r.stay > r.keep:
		r.stay -= w.leaveSome(r.stay - r.keep)
		r.losses = min(r.losses, r.stay-r.keep)
	case what == 10:
		w.breakLanes()
	case what == 11:
		w.reset()
	case what == 12 && r.quiet:
		r.split()
	case what == 13 && r.quiet:
		w.interrupt()
	case what == 14:
		w.slowLane()
	case what == 15:
		w.stutter(w.between(time.Second, 8*time.Second))
	case what == 16 && r.mayLose(1, 1):
		w.crashUnsteady()
	default:
		w.slowDown()
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
