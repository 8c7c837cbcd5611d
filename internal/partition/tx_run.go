package partition

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// outcome gathers what an operation has done.
type outcome struct {
	need   replica.Need
	parked bool
	// lane is which of the partition's queues the answer is held in, ordered whether an effect has said so: the events of a
	// structure stay in order. A read goes by what it waits for.
	lane    uint8
	ordered bool
}

// An effect in the tail and on the wire: kind, name, and the structure's own bytes.

func (p *Partition) beginEffect(kind Kind, name []byte) []byte {
	p.effect = append(p.effect[:0], byte(kind))
	p.effect = packed.AppendBytes(p.effect, name)
	return p.effect
}

func (p *Partition) commitEffect(tx *Tx, effect []byte) {
	p.effect = effect
	need := p.rep.Append(effect, p.waitsFor(tx.effectWants.Sync), tx.effectHash, tx.effectHashed)
	if need.Backups > 0 {
		tx.outcome.need.Join(need)
	}
	tx.outcome.lane, tx.outcome.ordered = max(tx.outcome.lane, need.Backups), true
	p.send(p.rep.Last, effect)
}

// waitsFor is how many backups an effect waits for whose structure asks for so many.
func (p *Partition) waitsFor(sync uint8) uint8 {
	if sync > 0 && p.grid.first != nil && !p.grid.first() {
		return cluster.MaxBackups
	}
	return sync
}

// apply brings an effect into its fragment.
func (p *Partition) apply(seq uint64, effect []byte) error {
	r := packed.NewReader(effect)
	kind, name := Kind(r.Byte()), r.Bytes()
	body := r.Rest()
	switch {
	case r.Err() != nil:
		return r.Err()
	case kind == KindNone && len(body) > 0 && Kind(body[0]) < Kinds:
		p.drop(Kind(body[0]), body[1:])
		return nil
	case kind >= Kinds || p.grid.structures[kind] == nil:
		return errUnknownKind
	}
	f := p.open(kind, name)
	if seq <= p.old {
		if f, ok := f.(Recalling); ok {
			return f.ApplyOld(body)
		}
	}
	return f.Apply(body)
}

func (p *Partition) saw(tx *Tx, hash uint32) {
	if need := p.rep.SawKey(hash); !p.rep.Confirmed(need) {
		tx.outcome.need.Join(need)
	}
}

func (p *Partition) sawAll(tx *Tx) {
	if need := p.rep.SawAll(); !p.rep.Confirmed(need) {
		tx.outcome.need.Join(need)
	}
}

func (p *Partition) publish(e *event.Event) {
	b := p.events
	b = packed.AppendString(b, e.Service)
	b = packed.AppendString(b, e.Name)
	b = packed.AppendUint32(b, uint32(e.Type))
	b = packed.AppendNullable(b, e.Key)
	b = packed.AppendNullable(b, e.Value)
	b = packed.AppendNullable(b, e.OldValue)
	b = packed.AppendUint32(b, uint32(e.Count))
	b = append(b, e.Source[:]...)
	b = packed.AppendInt64(b, e.Sequence)
	p.events = b
}

func (p *Partition) deliverEvents(b []byte) {
	if len(b) == 0 {
		return
	}
	r := packed.NewReader(b)
	for r.Len() > 0 && r.Err() == nil {
		e := event.Event{
			Service: r.String(), Name: r.String(), Type: event.Type(r.Uint32()),
			Key: r.Nullable(), Value: r.Nullable(), OldValue: r.Nullable(), Count: int32(r.Uint32()),
		}
		copy(e.Source[:], r.Take(16))
		e.Sequence = r.Int64()
		e.Member, e.Partition, e.PartitionUUID = p.grid.self, int32(p.id), p.uuid
		p.grid.events.Publish(&e)
	}
}
