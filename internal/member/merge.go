package member

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/gateway"
	"github.com/filbertgrid/filbert/internal/membership"
)

// Merging a stash, in Step only: schemas and maps that the new cluster does not know are made known first; then each
// fragment goes to its partition's primary, batch by batch, each when the one before is acknowledged.
const (
	// mergeWindow is how many fragments are on their way at once: enough to keep several members busy, few enough
	// for clients to be served meanwhile.
	mergeWindow = 8
	// maxMergeBatch bounds merge-policy's batch-size: a batch is one operation under the partition's lock.
	maxMergeBatch = 500
	// mergeBytes is how much of a fragment is read at once, and about the most that one batch takes.
	mergeBytes = 64 << 10
	// mergeAgain is the pause after a batch that was not taken.
	mergeAgain = 50 * time.Millisecond
	// maxRegistering is how many changes of the document are asked for at once.
	maxRegistering = 64
)

// recaller is a fragment that knows which of its entries another cluster cannot have.
type recaller interface {
	News(ancestor, last int32) (isNew func(effect []byte) bool, all bool)
}

// registers is how far the new cluster knows the schemas and objects of the former.
type registers struct {
	registered bool
	pending    int
	refused    bool
}

// mergeOn goes on merging what this member carries, and leaves once it carries nothing if it shall.
func (n *Node) mergeOn() {
	s := n.o.Stash
	if carries := len(s.layers) > 0; n.carrying.Swap(carries) && !carries {
		n.members.Merged()
	}
	if len(s.layers) == 0 {
		if n.leaveAfter {
			n.leaveAfter = false
			n.members.Leave()
		}
		return
	}
	l, v := s.layers[0], n.View()
	if !v.Joined || v.Table == nil || v.Document == nil || n.o.Clock() < l.notBefore || !v.Version().HasMerge() {
		return
	}
	if !l.known {
		l.known, l.ancestor = true, l.list.Ancestor(v.List)
		relation := v.List.Against(l.other.Mark)
		l.astray = l.ancestor < 0 && relation != cluster.Same && relation != cluster.Newer
	}
	if !n.register(l, v) {
		return
	}
	busy := 0
	for _, p := range l.parts {
		if !p.busy && n.o.Clock() >= p.again {
			n.mergePart(l, p)
		}
		if p.Fragment != nil {
			busy++
		}
		if busy == mergeWindow {
			break
		}
	}
	l.parts = slices.DeleteFunc(l.parts, func(p *part) bool { return p.Fragment == nil })
	if len(l.parts) == 0 {
		s.layers = s.layers[1:]
		n.mergeDone(l)
		n.mergeOn()
	}
}

// mergeDone tells what has become of a former cluster's entries.
func (n *Node) mergeDone(l *layer) {
	names := slices.Sorted(maps.Keys(l.merged))
	for _, name := range names {
		n.log("merge").Info("map merged", slog.String("map", name),
			slog.Int64("entries_merged", l.merged[name]), slog.Int64("entries_dropped", l.dropped[name]))
	}
	n.log("merge").Info("merged what this member held of its former cluster", slog.Int("maps", len(names)),
		slog.Duration("took", n.o.Clock()-l.at))
}

// register makes known what the new cluster does not know, and tells whether all is.
func (n *Node) register(l *layer, v *cluster.View) bool {
	switch {
	case l.registered || l.document == nil:
		return true
	case l.pending > 0:
		return false
	}
	var missing []membership.Change
	for i := range l.document.Schemas {
		if s := l.document.Schemas[i]; v.Document.Schema(s.ID) == nil {
			missing = append(missing, membership.Change{Kind: membership.AddSchema, Schema: s})
		}
	}
	for i := range l.document.Objects {
		o := l.document.Objects[i]
		if _, known := v.Document.Find(o.Object); !known && l.ancestor < 0 {
			missing = append(missing, membership.Change{Kind: membership.AddObject, Object: o})
		}
	}
	if len(missing) == 0 || l.refused {
		l.registered = true
		return true
	}
	missing = missing[:min(len(missing), maxRegistering)]
	l.pending = len(missing)
	for _, change := range missing {
		n.lastToken++
		n.changes[n.lastToken] = func(err error) {
			l.pending--
			if err != nil {
				l.refused = true
				n.log("merge").Error("the cluster document cannot take what the former cluster had", slog.String("error", err.Error()))
			}
		}
		n.members.Change(n.lastToken, change)
	}
	return false
}

// mergePart sends the next batch of a fragment.
func (n *Node) mergePart(l *layer, p *part) {
	b := gateway.MergeBatch{
		Partition: p.Partition, Map: p.Name, Ancestor: l.ancestor,
		Shift: n.clusterMillis() - l.millis - (n.o.Clock() - l.at).Milliseconds(),
	}
	if !p.probed {
		f, knows := p.Fragment.(recaller)
		all := !knows || (p.Backup && l.astray)
		if knows && !p.Backup {
			p.isNew, all = f.News(l.ancestor, l.last)
		}
		if all {
			p.probed, p.isNew = true, nil
		} else {
			b.IfLost = true
		}
	}
	if p.probed {
		if b.Entries = n.nextEntries(p); len(b.Entries) == 0 {
			p.Fragment.Release()
			p.Fragment = nil
			n.o.Stash.left.Add(-1)
			return
		}
	}
	p.busy, p.sent = true, len(b.Entries)
	n.gateway.Merge(&b, func(result gateway.MergeResult, err error) {
		n.post(func() { n.mergeAnswered(l, p, result, err) })
	})
}

// nextEntries are those of the next batch, none when all are merged.
func (n *Node) nextEntries(p *part) [][]byte {
	for len(p.queue) == 0 && !p.scanned {
		p.cursor, p.scanned = p.Fragment.Snapshot(p.cursor, mergeBytes, func(effect []byte) {
			if p.isNew == nil || p.isNew(effect) {
				p.queue = append(p.queue, slices.Clone(effect))
			}
		})
	}
	size := maxMergeBatch
	if c, err := n.o.Config.Map(p.Name); err == nil && c.MergeBatchSize > 0 {
		size = min(size, c.MergeBatchSize)
	}
	return p.queue[:min(size, len(p.queue))]
}

// mergeAnswered takes what became of a batch.
func (n *Node) mergeAnswered(l *layer, p *part, result gateway.MergeResult, err error) {
	p.busy = false
	switch {
	case err == nil && !p.probed:
		p.probed = true
		switch {
		case !result.NotLost:
			p.isNew = nil // the new cluster has nothing of this partition
		case p.Backup:
			p.scanned = true
		}
	case err == nil:
		p.queue = p.queue[p.sent:]
		if p.Backup {
			result.Dropped = 0 // whoever was the primary counts it
		}
		l.merged[p.Name] += int64(result.Taken)
		l.dropped[p.Name] += int64(result.Dropped)
		n.o.Stash.count(p.Name, result.Taken, result.Dropped)
	default:
		p.again = n.o.Clock() + mergeAgain
		if errors.Is(err, gateway.ErrMergeFailed) {
			p.again += time.Second
		}
		if errors.Is(err, gateway.ErrMergeFailed) && !p.failed {
			p.failed = true
			n.log("merge").Error("entries cannot be merged, trying again", slog.String("map", p.Name),
				slog.Int("partition", int(p.Partition)), slog.String("error", err.Error()))
		}
	}
	n.mergeOn()
}
