package sim

import (
	"errors"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/membership"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// A rolling upgrade. Processes of such a world are of the version before or of the present one, and replace one another in
// both directions among all other faults, until the version is raised. An old one is the present code that is told to be old, so
// it says nothing that the old version does not; what it is told is looked at: it must know every frame, and never see a
// cluster of a newer version. What a real old binary makes of the present one is tested with one (make upgrade-test).

// oldest and newest are the versions of the two builds.
func oldest() cluster.Version { return cluster.FirstVersion() }
func newest() cluster.Version { return cluster.CurrentVersion() }

// raiseLimit is how long the raise of the version may take when nothing else happens.
const raiseLimit = 10 * time.Second

// setUpgrade makes the world one of two versions. It is founded in the dialect of the older, whoever founds it.
func (w *World) setUpgrade() {
	w.options.Upgrade = true
	w.config.ClusterVersion.Init = oldest().String()
}

// drawVersion is what a process that starts is of.
func (w *World) drawVersion() cluster.Version {
	if w.options.Upgrade && !w.raised && w.random.IntN(2) == 0 {
		return oldest()
	}
	return newest()
}

func (p *process) old() bool { return p.version != newest() }

// oldOnes are the living of the version before.
func (w *World) oldOnes() []*process {
	return slices.DeleteFunc(w.living(), func(p *process) bool { return !p.old() })
}

// roll replaces a member by one of the other version, mostly by a new one.
func (r *round) roll() bool {
	w := r.w
	place := w.freePlace()
	if !r.quiet || r.stay <= r.keep || place > maxMembers || !w.nobodySilent() {
		return false
	}
	p := w.anyOf(w.steady())
	if p == nil || (!p.old() && (w.raised || w.random.IntN(3) > 0)) {
		return false
	}
	v := newest()
	if !p.old() {
		v = oldest()
	}
	w.fault("replaced by version "+v.String(), "%s", p.name)
	w.startOf(place, v)
	w.Run(w.between(0, 500*time.Millisecond))
	if len(w.steady()) > 1 && p.up && !p.leaving {
		p.leave()
		r.stay--
		r.losses = min(r.losses, r.stay-r.keep)
	}
	return true
}

// upgrade asks for the raise of a cluster that is whole: it must be refused as long as an old member is there, must work
// otherwise, and then no old one may come in.
func (w *World) upgrade() {
	p := w.anyOf(slices.DeleteFunc(w.steady(), func(p *process) bool { return p.old() }))
	if p == nil || w.raised || w.failure != nil {
		return
	}
	old := len(w.oldOnes())
	err, answered := w.raise(p)
	for asked := w.now; old == 0 && errors.Is(err, membership.ErrVersionOfMembers) && w.now-asked < raiseLimit && w.failure == nil; {
		w.Run(time.Second) // a member that has just joined has not heard from all others what they speak
		err, answered = w.raise(p)
	}
	switch {
	case w.failure != nil:
	case !answered:
		w.fail("%s has no answer to the raise after %v", p.name, raiseLimit)
	case old > 0 && !errors.Is(err, membership.ErrVersionOfMembers):
		w.fail("the raise beside %d old members ends with %v", old, err)
	case old == 0 && err != nil:
		w.fail("the raise is refused: %v", err)
	case old > 0:
		w.Figures.Faults["raise refused"]++
	default:
		w.Figures.Faults["raise"]++
		w.raised = true
		w.checkVersions()
		w.late()
	}
}

// raise asks a process for the raise.
func (w *World) raise(p *process) (err error, answered bool) {
	w.note("%s is asked to raise the version", p.name)
	p.node.Raise(newest(), func(e error) { err, answered = e, true })
	w.until(raiseLimit, func() bool { return answered })
	return err, answered
}

// late starts an old process that comes too late: it must stay outside, and found nothing.
func (w *World) late() {
	place := w.freePlace()
	if w.random.IntN(2) == 0 || place > maxMembers {
		return
	}
	w.fault("old one too late", "at place %d", place)
	p := w.startOf(place, oldest())
	w.Run(w.between(time.Second, 4*time.Second))
	if p.node.View().Joined {
		w.fail("%s is of version %s and has joined a cluster that was raised", p.name, oldest())
	}
	w.note("%s is ended", p.name)
	p.end()
}

// checkVersions looks at every member's version when the cluster is whole.
func (w *World) checkVersions() {
	want := oldest()
	if w.raised {
		want = newest()
	}
	for _, p := range w.living() {
		if got := p.node.View().Version(); w.options.Upgrade && got != want {
			w.fail("%s has a cluster of version %s, not %s", p.name, got, want)
		}
	}
}

// The frames that version 0.1 knows: the last kind on each lane, and the first and last of those that migration has on the
// control lane.
const (
	oldControl    = 11
	oldTables     = 64
	oldLastTables = 69
	oldPartition  = 12
	oldForward    = 10
	// oldEffect is its last kind of effects of a map.
	oldEffect = 7
)

// The frames between replicas that carry effects.
const (
	frameEffect = 1
	frameChunk  = 7
)

// knowsEffects tells whether version 0.1 knows the effects in a frame between replicas.
func knowsEffects(frame []byte) bool {
	r := packed.NewReader(frame)
	kind := r.Byte()
	r.Uvarint() // the partition
	r.Uint64()  // the epoch
	known := true
	switch kind {
	case frameEffect:
		r.Take(16) // the position
		structure := partition.Kind(r.Byte())
		r.Bytes() // the map
		known = structure != partition.KindMap || isOld(r.Rest())
	case frameChunk:
		r.Uint64() // the transfer
		r.Byte()   // the kind of structure: there are maps only
		r.Bytes()  // the map
		for r.Len() > 0 {
			known = isOld(r.Bytes()) && known
		}
	}
	return known && r.Err() == nil
}

func isOld(effect []byte) bool { return len(effect) > 0 && effect[0] <= oldEffect }

// strict is the handler of an old process: what it does not know must not be sent to it.
type strict struct {
	link.Handler
	p *process
}

// Frame implements link.Handler.
func (s strict) Frame(from cluster.MemberID, lane link.Lane, frame []byte) error {
	kind := frame[0]
	known := kind > 0
	switch lane {
	case link.Control:
		known = known && (kind <= oldControl || (kind >= oldTables && kind <= oldLastTables))
	case link.Effects, link.Bulk:
		known = known && kind <= oldPartition && knowsEffects(frame)
	case link.Forward:
		known = known && kind <= oldForward
	case link.Lanes, link.AskLane:
	}
	if !known {
		s.p.w.fail("%s is of version %s and was sent a frame of kind %d on lane %d", s.p.name, oldest(), kind, lane)
	}
	if v := s.p.node.View().Version(); v != oldest() {
		s.p.w.fail("%s is of version %s in a cluster of %s", s.p.name, oldest(), v)
	}
	return s.Handler.Frame(from, lane, frame)
}
