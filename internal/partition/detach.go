package partition

import (
	"math"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// Detached is a structure's part in a partition, taken out of a grid that has ended: what a member keeps of its former
// cluster, to merge it into another one. Nobody changes it any more; Snapshot reads it, Release gives it back.
type Detached struct {
	Partition ID
	Kind      Kind
	Name      string
	// Backup: it was not the primary's, but a copy of that, as recent as what is acknowledged.
	Backup   bool
	Fragment Fragment
}

// Recalling is a fragment that remembers what was done of late, beside what there is: after a split, what the other half cannot know.
type Recalling interface {
	// ApplyOld is Apply for an effect that is no write of late, with which a backup is levelled.
	ApplyOld(effect []byte) error
	// Recall takes an effect, as Apply does, that a backup has not acknowledged although the partition goes on
	// without that backup.
	Recall(effect []byte)
	// RecallAll says that there are too many of those.
	RecallAll()
	// Recalled calls emit with effects of what the fragment remembers, which end a copy of it: to Apply what a copy is made of is no
	// write of late. The slices are valid during the calls.
	Recalled(emit func(effect []byte))
}

// Detach takes what this member has out of the grid, but for copies that are not complete, in the order of partitions, kinds
// and names. The member's lease must have ended: no operation runs from here on, and those that have run are not answered.
func (g *Grid) Detach() (parts []Detached) {
	g.each(func(p *Partition) {
		backup := p.rep.Role == replica.Backup
		if p.rep.Role == replica.None || (backup && (!p.rep.Established || p.receiving != nil)) {
			return
		}
		p.stalls, p.sending = !backup, nil
		for kind := range p.fragments {
			for _, name := range p.names(Kind(kind)) {
				parts = append(parts, Detached{
					Partition: p.id, Kind: Kind(kind), Name: name, Backup: backup, Fragment: p.fragments[kind][name],
				})
			}
			p.fragments[kind], p.sorted[kind] = nil, nil
			p.last.fragment = nil
		}
	})
	return parts
}

// Release ends the grid, which nobody may need any more, and gives back what its fragments hold. What is called afterwards
// finds no replica here.
func (g *Grid) Release() {
	g.each(func(p *Partition) {
		p.dropReceiving()
		p.sending, p.primary = nil, cluster.MemberID{}
		p.rep = replica.Replica{Epoch: math.MaxUint64, Promised: math.MaxUint64} // no table brings another one
		p.clear()
	})
}

// BeginEra says that members have gone without leaving, before the table without them is installed: what is written from now on is of late, and
// what a backup has not acknowledged, which is recalled then. Who has it from another primary, and is the primary next, knows no more of it than
// that it is older.
func (g *Grid) BeginEra() { g.each(func(p *Partition) { p.old = p.rep.Settled() }) }

// recall lets the fragments of a primary remember what its backups have not acknowledged, before a table takes one of
// them away: it may live on in another half of a split cluster, and the callers will be told that all is well.
func (p *Partition) recall() {
	complete := p.rep.Unconfirmed(func(effect []byte) {
		r := packed.NewReader(effect)
		kind, name := Kind(r.Byte()), r.Bytes()
		if r.Err() != nil || kind >= Kinds {
			return
		}
		if f, ok := p.fragments[kind][string(name)].(Recalling); ok {
			f.Recall(r.Rest())
		}
	})
	if complete {
		return
	}
	for kind := range p.fragments {
		for _, name := range p.names(Kind(kind)) {
			if f, ok := p.fragments[kind][name].(Recalling); ok {
				f.RecallAll()
			}
		}
	}
}
