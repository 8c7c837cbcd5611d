package partition

import (
	"hash/fnv"

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
	d := Digest{Role: p.rep.Role, At: p.rep.Last, Waiting: p.held.len() + len(p.stalled.items) + len(p.parks)}
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
