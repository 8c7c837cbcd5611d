package partition

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/filbertgrid/filbert/internal/replica"
)

// Digest is what two replicas of a partition must agree on when nothing is
// under way, for tests and for whoever wants to compare replicas.
type Digest struct {
	Role replica.Role
	At   replica.Position
	// Sum does not depend on the order in which a replica keeps its entries.
	// Statistics that a structure counts for each replica are part of it.
	Sum     uint64
	Entries int64
	// Waiting are operations that stall, park, or wait for acknowledgements.
	Waiting int
}

// Digest computes the digest of this member's replica; it reads the whole partition under its lock.
func (g *Grid) Digest(id ID) Digest {
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	d := Digest{Role: p.rep.Role, At: p.rep.Last, Waiting: p.waiting() + len(p.stalled.items) + len(p.parks)}
	for kind := range p.fragments {
		for _, name := range p.names(Kind(kind)) {
			f := p.fragments[kind][name]
			var u Usage
			f.Usage(&u)
			d.Entries += u.Entries
			for cursor, done := uint64(0), false; !done; {
				cursor, done = f.Snapshot(cursor, chunkBytes, func(effect []byte) {
					h := fnv.New64a()
					_, _ = h.Write([]byte{byte(kind)}) // a hash does not fail
					_, _ = h.Write([]byte(name))
					_, _ = h.Write(effect)
					d.Sum += h.Sum64()
				})
			}
		}
	}
	return d
}

// Level tells whether this member is the partition's primary, and its backups in sync have everything from before its epoch: the
// loss of as many members as a structure has backups costs nothing that was acknowledged.
func (g *Grid) Level(id ID) bool {
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	return p.rep.Level()
}

// Describe tells how this member's replica of a partition stands, for people.
func (g *Grid) Describe(id ID) string {
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	var b strings.Builder
	r := &p.rep
	fmt.Fprintf(&b, "role %d epoch %d promised %d last %v source %v established %v primary %v stalls %v held %d stalled %d parked %d",
		r.Role, r.Epoch, r.Promised, r.Last, r.Source, r.Established, p.primary, p.stalls, p.waiting(), len(p.stalled.items), len(p.parks))
	if in := p.receiving; in != nil {
		fmt.Fprintf(&b, " receiving %d from %v, next %d", in.id, in.start, in.next)
	}
	for i := range r.Peers {
		fmt.Fprintf(&b, " peer %+v", r.Peers[i])
	}
	for i := range p.sending {
		s := &p.sending[i]
		fmt.Fprintf(&b, " sending %d to %v, kind %d, names %v, done %v", s.id, s.to, s.kind, s.names, s.done)
	}
	return b.String()
}
