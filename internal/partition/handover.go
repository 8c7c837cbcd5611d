package partition

import (
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/replica"
)

// handing is a hand-over under way at a primary.
type handing struct {
	to cluster.MemberID
	// ordered is when the coordinator last asked for it, reported when it was last told
	// that it is done, 0 while it is not; both in ms of cluster time.
	ordered, reported int64
	// since is when requests began to stand still.
	since int64
}

const (
	// handOverPatience is how long, in ms, a primary waits for its backup without hearing from the
	// coordinator, which repeats its order every second.
	handOverPatience = 3000
	// reportAgain is how often, in ms, a finished hand-over is reported until the next table comes.
	reportAgain = 1000
)

// HandOver begins the hand-over of a partition to one of its backups in sync:
// no operation starts any more, and once the backup has everything, HandedOver
// is reported. From then on only the next assignment ends it, whatever that says: the
// other member may be primary already. Before, it ends when the coordinator does not repeat it.
func (g *Grid) HandOver(id ID, epoch uint64, to cluster.MemberID) {
	if id < 0 || int(id) >= len(g.parts) {
		return
	}
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	h := &p.handing
	if p.rep.Role != replica.Primary || p.rep.Epoch != epoch || (h.reported != 0 && h.to != to) {
		return
	}
	if p.stalls = true; h.since == 0 {
		h.since = p.grid.now()
	}
	h.to, h.ordered = to, p.grid.now()
	p.handOver()
}

// handOver reports that the hand-over is done, if it is.
func (p *Partition) handOver() {
	h := &p.handing
	peer := p.rep.Peer(h.to)
	if peer != nil && peer.InSync && peer.Acked == p.rep.Last.Seq && peer.Streaming && p.waiting() == 0 {
		h.reported = p.grid.now()
		p.report(HandedOver, h.to)
	}
}

// TellLevel makes the primary report when its backups in sync have everything from before the epoch. Before that, no replica in
// sync may be dropped: it may have confirmed a write that the others do not have yet.
func (g *Grid) TellLevel(id ID, epoch uint64) {
	if id < 0 || int(id) >= len(g.parts) {
		return
	}
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	if p.rep.Role != replica.Primary || p.rep.Epoch != epoch {
		return
	}
	p.levelling = true
	p.tellLevel()
}

func (p *Partition) tellLevel() {
	if p.levelling && p.rep.Level() {
		p.levelling = false
		p.report(Level, cluster.MemberID{})
	}
}

func (p *Partition) tickHandOver(now int64) {
	h := &p.handing
	switch {
	case !p.stalls || h.to.IsZero():
	case h.reported != 0:
		if now-h.reported >= reportAgain {
			h.reported = now
			p.report(HandedOver, h.to)
		}
	case now-h.ordered > handOverPatience:
		p.endHandOver(now)
	default:
		p.handOver()
	}
}

// endHandOver lets requests go on, here or at the new primary, and notes how long they stood still.
func (p *Partition) endHandOver(now int64) {
	if p.handing.since != 0 {
		p.grid.handOvers.Observe(time.Duration(now-p.handing.since) * time.Millisecond)
	}
	p.stalls, p.handing = false, handing{}
}
