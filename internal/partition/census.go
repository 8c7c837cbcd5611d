package partition

import (
	"github.com/filbertgrid/filbert/internal/metric"
	"github.com/filbertgrid/filbert/internal/replica"
)

// Census counts what a member's partitions are and what waits in them.
type Census struct {
	// Primaries and Backups are replicas of this member; Alone are primaries
	// without any backup in sync; Receiving are backups that get a transfer.
	Primaries, Backups, Alone, Receiving int
	// Held are answers and events that wait for acknowledgements, Parked are
	// operations that wait for something of their structure, Stalled those that wait for
	// a hand-over, a promotion or room to a backup.
	Held, Parked, Stalled int
	// Promotions is how often this member became a primary that it had backed up.
	Promotions uint64
	// Compared are the pieces of its backups that this member has compared with their primaries', Differing its backups that were
	// found to differ, and copied anew.
	Compared, Differing uint64
	// HandOvers is how long requests to a partition stood still when this member handed it over.
	HandOvers metric.HistogramSnapshot
}

// Census looks at all partitions, one after the other.
func (g *Grid) Census() Census {
	c := Census{Promotions: g.promotions.Load(), Compared: g.compared.Load(), Differing: g.differing.Load(), HandOvers: g.handOvers.Snapshot()}
	g.each(func(p *Partition) {
		c.Held += p.waiting()
		c.Parked += len(p.parks)
		c.Stalled += len(p.stalled.items)
		switch p.rep.Role {
		case replica.Primary:
			c.Primaries++
			alone := true
			for i := range p.rep.Peers {
				alone = alone && !p.rep.Peers[i].InSync
			}
			if alone {
				c.Alone++
			}
		case replica.Backup:
			c.Backups++
			if p.receiving != nil {
				c.Receiving++
			}
		case replica.None:
		}
	})
	return c
}
