package partition

import (
	"hash/fnv"
	"log/slog"
	"math"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// Anti-entropy: primaries have their backups compared with themselves, all the time and slowly.
//
// A primary goes through its fragments in steps, each under the lock for some 20 µs. A step sums up a range of
// cursors and puts the sum among the effects of every streaming backup, with the position of the last effect. Lanes keep
// order, so a backup that gets it is at that very position, and sums up the same range of its own: the two are of one moment,
// although writes go on between any two steps. A backup that is elsewhere passes over the step.
//
// A backup whose sum is another one is in doubt until it has been copied anew: it acknowledges nothing, serves no reads, tells its
// primary that it has no position, which is answered with a transfer, and says the same to whoever may promote it. Which of the two is wrong cannot be told; the primary's is what clients have been seeing, so it stays.
//
// The other way was a checksum kept up to date by every write. It was measured (imap's BenchmarkSum): to sum up an entry takes 57 ns
// with a value of 100 bytes and 210 ns with one of 1,000, and a write would do it twice, for the old state and the new one, on
// the primary and on each backup: a set of 190 ns would take 1.6 times as long, and more with larger values. And it would compare what
// was meant to be in memory: what has changed there since would not show before the entry is overwritten. Steps cost
// writers nothing but the lock's being taken now and then, and read what is there.

const (
	// compareStep is how many bytes one step sums up: 15 to 25 µs, a few times that when nothing of it is in a cache.
	compareStep = 64 << 10
	// compareBudget bounds what a tick sums up, a tenth of a second: 20 MiB a second, one percent of a core. A
	// member with more than fits into an interval takes longer for a pass.
	compareBudget = 2 << 20
	// compareIdle is what passing over a partition counts: a member without backups must not hold all locks in one tick for nothing.
	compareIdle = 1 << 10
)

// Sum is what a fragment holds in a range of cursors. It does not depend on how a replica keeps it; what
// replicas may differ in (access times, hits, statistics) is not in it.
type Sum struct {
	Entries, Bytes uint64
	// Hash is the sum of a hash of every entry, so that equal entries give equal sums in any order.
	Hash uint64
}

// comparing is where Grid.Tick is in its pass; only that touches it.
type comparing struct {
	began int64 // of the pass, in ms of cluster time
	part  int
	kind  Kind
	names []string // of kind, that are still to come
	// cursor is in names[0].
	cursor uint64
}

// compare takes as many steps as are due: partition i of n is, when i/n of the interval has passed since the pass began.
func (g *Grid) compare() {
	c := &g.comparing
	if g.compareInterval <= 0 {
		return
	}
	now := g.now()
	// A member that joins takes over the cluster's time, which may be long before its own.
	if c.began == 0 || now < c.began || (c.part == len(g.parts) && now-c.began >= g.compareInterval) {
		*c = comparing{began: now}
	}
	for budget := compareBudget; budget > 0 && c.part < len(g.parts); {
		if now-c.began < g.compareInterval*int64(c.part)/int64(len(g.parts)) {
			return
		}
		budget -= g.parts[c.part].compareStep(c)
	}
}

// next goes on to the next partition.
func (c *comparing) next() { *c = comparing{began: c.began, part: c.part + 1} }

// compareStep lets backups compare a piece of this partition, and returns what it cost.
func (p *Partition) compareStep(c *comparing) int {
	p.mu.Lock()
	defer p.unlock()
	if !p.comparable() {
		c.next()
		return compareIdle
	}
	for len(c.names) == 0 && c.kind < Kinds-1 {
		c.kind++
		c.names = p.names(c.kind)
	}
	if len(c.names) == 0 {
		s := p.contents()
		p.sendCompare(KindNone, "", 0, 0, s)
		c.next()
		return int(s.Bytes) + compareIdle
	}
	name, from := c.names[0], c.cursor
	f := p.fragments[c.kind][name]
	if f == nil {
		c.names, c.cursor = c.names[1:], 0
		return compareIdle
	}
	s, to, done := f.Sum(from, math.MaxUint64, compareStep)
	if done {
		to = math.MaxUint64
	}
	p.sendCompare(c.kind, name, from, to, s)
	if c.cursor = to; done {
		c.names, c.cursor = c.names[1:], 0
	}
	return int(s.Bytes) + compareIdle
}

// comparable tells whether a step is worth it now. A slow backup gets writes first.
func (p *Partition) comparable() bool {
	if p.rep.Role != replica.Primary || p.stalls || !p.room() {
		return false
	}
	for i := range p.rep.Peers {
		if peer := &p.rep.Peers[i]; peer.Streaming && peer.Transfer == 0 {
			return true
		}
	}
	return false
}

// contents sums up which fragments there are and how much each holds, but for empty ones: a
// primary may have opened one and put nothing into it.
func (p *Partition) contents() (s Sum) {
	for kind := range p.fragments {
		for _, name := range p.names(Kind(kind)) {
			var u Usage
			p.fragments[kind][name].Usage(&u)
			if u.Entries == 0 && u.Locks == 0 {
				continue
			}
			b := packed.AppendString([]byte{byte(kind)}, name)
			b = packed.AppendInt64(packed.AppendInt64(b, u.Entries), u.Locks)
			h := fnv.New64a()
			_, _ = h.Write(b) // a hash does not fail
			s.Entries++
			s.Bytes += uint64(len(b))
			s.Hash += h.Sum64()
		}
	}
	return s
}

func appendSum(b []byte, s Sum) []byte {
	b = packed.AppendUint64(b, s.Entries)
	b = packed.AppendUint64(b, s.Bytes)
	return packed.AppendUint64(b, s.Hash)
}

func readSum(r *packed.Reader) Sum {
	return Sum{Entries: r.Uint64(), Bytes: r.Uint64(), Hash: r.Uint64()}
}

func (p *Partition) sendCompare(kind Kind, name string, from, to uint64, s Sum) {
	b := p.frame(frameCompare, p.rep.Epoch)
	b = packed.AppendUint64(b, p.rep.Last.Seq)
	b = packed.AppendUint64(b, p.rep.Last.Epoch)
	b = append(b, byte(kind))
	b = packed.AppendString(b, name)
	b = packed.AppendUint64(b, from)
	b = packed.AppendUint64(b, to)
	b = appendSum(b, s)
	for i := range p.rep.Peers {
		if peer := &p.rep.Peers[i]; peer.Streaming && peer.Transfer == 0 {
			p.sendFrame(peer.Member, link.Effects, b)
		}
	}
}

// onCompare compares a piece of this backup with its primary's.
func (p *Partition) onCompare(source cluster.MemberID, at replica.Position, r *packed.Reader) error {
	kind, name := Kind(r.Byte()), r.String()
	from, to := r.Uint64(), r.Uint64()
	theirs := readSum(r)
	if r.Err() != nil {
		return r.Err()
	}
	if p.rep.Role != replica.Backup || source != p.rep.Source || !p.rep.Established || p.receiving != nil || p.rep.Last != at {
		return nil
	}
	if kind >= Kinds {
		return errUnknownKind
	}
	var ours Sum
	if kind == KindNone {
		ours = p.contents()
	} else if f := p.fragments[kind][name]; f != nil {
		// More than the primary has in the range is a difference, however much it is.
		ours, _, _ = f.Sum(from, to, int(theirs.Bytes)+compareStep)
	}
	p.grid.compared.Inc()
	if ours != theirs {
		p.rep.Doubtful = true
		p.grid.differing.Inc()
		p.grid.log.Error("this backup differs from its primary, it is copied anew",
			slog.Int("partition", int(p.id)), slog.String("name", name), slog.String("primary", source.String()),
			slog.Uint64("number", at.Seq), slog.Uint64("epoch", at.Epoch),
			slog.Group("sum", slog.Uint64("primary", theirs.Hash), slog.Uint64("backup", ours.Hash)),
			slog.Group("entries", slog.Uint64("primary", theirs.Entries), slog.Uint64("backup", ours.Entries)))
		p.tellPosition() // which is none: it is answered with a transfer
	}
	return nil
}
