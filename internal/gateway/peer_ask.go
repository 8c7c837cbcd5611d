package gateway

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/wire"
)

// What other members ask of this one, beside requests of their clients.

// onAsk answers another member's question.
func (p *peer) onAsk(r *packed.Reader) error {
	id, op := r.Uvarint(), r.Byte()
	if r.Err() != nil {
		return r.Err()
	}
	switch op {
	case askListen:
		if reg := readRegistration(r); r.Err() == nil {
			p.listen(reg)
			p.answerAsk(id, nil)
		}
	case askUnlisten:
		service, name := r.String(), r.String()
		var registration cluster.UUID
		if copy(registration[:], r.Take(len(registration))); r.Err() == nil {
			p.unlisten(service, name, registration)
			p.answerAsk(id, nil)
		}
	case askForget:
		if service, name := r.String(), r.String(); r.Err() == nil {
			p.g.listeners.destroyed(service, name)
			p.answerAsk(id, nil)
		}
	case askLosses:
		p.answerAsk(id, p.g.lost.append(nil))
	case askMerge:
		p.onMerge(id, r)
	case askMetadata:
		p.g.metadata(wire.Message(slices.Clone(r.Rest())), func(body []byte) { p.answerAsk(id, body) })
	default:
		p.g.Logger.Warn("another member asks for an unknown operation", slog.Int("operation", int(op)))
		p.answerAsk(id, appendFault(nil, 0, fmt.Errorf("%w: member operation %d", fault.ErrUnsupportedOperation, op)))
	}
	return r.Err()
}

func (p *peer) answerAsk(id uint64, body []byte) {
	out := p.begin(frameAnswer)
	at := len(out) - 5
	out = packed.AppendUvarint(out, id)
	p.end(at, append(out, body...))
}

func (p *peer) listen(reg event.Registration) {
	reg.Sink = p
	p.mu.Lock()
	p.mu.heard = slices.DeleteFunc(p.mu.heard, func(h event.Registration) bool { return h.ID == reg.ID })
	p.mu.heard = append(p.mu.heard, reg)
	p.mu.Unlock()
	p.g.Events.Add(reg)
}

func (p *peer) unlisten(service, name string, id cluster.UUID) {
	p.mu.Lock()
	p.mu.heard = slices.DeleteFunc(p.mu.heard, func(h event.Registration) bool { return h.ID == id })
	p.mu.Unlock()
	p.g.Events.Remove(service, name, id)
}
