package gateway

import (
	"fmt"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Where a message about one partition runs: here, at once or later, or at another member.

// submit runs a message about one partition where that is.
func (s *Session) submit(r reply, m wire.Message, known *ahead) {
	h := r.h
	id := m.PartitionID()
	if h.keyed && id == -1 {
		key, err := keyOf(m)
		if err != nil {
			r.fail(err)
			return
		}
		id = s.g.placeOf(key)
		m.SetPartitionID(id)
	}
	if h.spread != nil {
		if done, err := h.spread(s, m, r); err != nil || done {
			if err != nil {
				r.fail(err)
			}
			return
		}
		id = m.PartitionID()
	}
	if id < 0 || id >= s.g.Grid.Count() {
		r.fail(fmt.Errorf("%w: %d, there are %d partitions", partition.ErrRange, id, s.g.Grid.Count()))
		return
	}
	if s.pending.Load() >= maxPending {
		r.fail(partition.ErrOverloaded)
		return
	}
	q := &s.request
	*q = partition.Request{
		Partition: partition.ID(id), Client: s.client.id, Answerer: s, Message: m, Runner: s.g.runner, Now: s.millis,
		Hash: known.hash, Hashed: known.hashed,
	}
	s.asked = slot{handler: h, correlation: r.correlation, start: r.start}
	at := len(s.direct)
	out, answered, ran := s.g.Grid.Try(&s.tx, q, s.direct)
	if !ran {
		if !s.g.isHere(q, h) {
			s.Keep(q)
			s.g.send(q)
			return
		}
		out, answered = s.g.Grid.Run(&s.tx, q, s.direct)
	}
	if s.direct = out; answered {
		wire.Message(out[at:]).SetCorrelationID(r.correlation)
		s.done.add(h, out[at:])
	}
}

// route gives a request of this member's clients to the grid or to the partition's primary.
func (g *Gateway) route(q *partition.Request, h *handler) {
	if g.isHere(q, h) {
		g.Grid.Submit(q)
		return
	}
	g.send(q)
}

// isHere tells whether a request runs on this member, and by which table.
func (g *Gateway) isHere(q *partition.Request, h *handler) bool {
	v := g.Cluster.View()
	if v.Table == nil || int(q.Partition) >= len(v.Table.Partitions) {
		return false
	}
	a := &v.Table.Partitions[q.Partition]
	if a.Primary() != g.Self {
		if h.onBackup == nil {
			return false
		}
		i := a.Find(g.Self)
		q.OnBackup = i > 0 && a.Replicas[i].State == cluster.InSync && h.onBackup(g, wire.Message(q.Message))
		if !q.OnBackup {
			return false
		}
	}
	q.Table = v.Table.Version
	return true
}

// send sends a request to its partition's primary.
func (g *Gateway) send(q *partition.Request) {
	g.forward.add(q, cluster.MemberID{}, 0)
	g.forward.pump()
}
