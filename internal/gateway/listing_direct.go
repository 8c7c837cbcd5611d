package gateway

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Most lists are of a few keys of one partition, and answered at once, in one step: they get no listing, but are answered as other requests
// about one partition are. They become a listing when they cannot be answered at once, or when one step is not enough.

// directList is the Answerer of such a request, one in a session at a time.
type directList struct {
	s *Session
	r reply
	// room is what the step may bring.
	room int
}

// listDirectly answers a message with a list of a partition that is here, and tells whether it did. Not while as many listings as may be are
// under way: those that wait for a partition become some more, and would not be counted.
func (s *Session) listDirectly(r reply, m wire.Message, id int32) bool {
	if s.listing.Load() >= maxLists {
		return false
	}
	d := &s.list
	*d = directList{s: s, r: r, room: min(stepBytes, s.g.Limits.ListingBytes/4)}
	q := &s.request
	*q = partition.Request{
		Partition: partition.ID(id), Client: s.client.id, Answerer: d, Message: m, Runner: s.g.runner, Now: s.millis,
	}
	setStep(m, 0, d.room)
	if !s.g.isHere(q, r.h) {
		return false
	}
	at := len(s.direct)
	out, answered := s.g.Grid.Run(&s.tx, q, s.direct)
	if s.direct = out; !answered {
		return true
	}
	answer := wire.Message(out[at:])
	next := answer.CorrelationID()
	if next == 0 || isFault(answer) {
		answer.SetCorrelationID(r.correlation)
		s.done.add(r.h, answer)
		return true
	}
	l, err := s.g.newListing(r, 1, len(m))
	if err == nil {
		l.mu.items, err = itemsOf(answer)
		l.mu.items = slices.Clone(l.mu.items)
	}
	s.direct = out[:at]
	if err != nil {
		r.fail(err)
		return true
	}
	l.mu.parts = []part{{
		id: q.Partition, message: slices.Clone(m), own: true, cursor: next, room: l.roomAfter(d.room, len(l.mu.items)),
	}}
	l.enqueue()
	return true
}

// Keep implements partition.Answerer: the request is answered later, so it is the first step of a listing from here on.
func (d *directList) Keep(q *partition.Request) {
	l := d.s.g.makeListing(d.r, 1, len(q.Message))
	l.g.forward.fans.force(l.bytes)
	l.mu.parts = []part{{id: q.Partition, message: slices.Clone(q.Message), own: true, room: d.room, asked: l.g.Clock()}}
	l.mu.left, l.mu.under, l.mu.asked = 1, 1, d.room
	d.s.forceList(l)
	q.Answerer, q.Token = l, 0
}

// Answer implements partition.Answerer; it is not called: what is kept has another answerer.
func (*directList) Answer(*partition.Request, []byte) {}

// Reroute implements partition.Answerer, likewise.
func (*directList) Reroute(*partition.Request) {}

// onePlace returns the partition of all keys of a message that has its name and then a list, whose items are each frames long and begin with
// a key; false if they are of several, too many for one step, or not what they should be.
func (g *Gateway) onePlace(m wire.Message, frames int) (id int32, ok bool) {
	f := m.Frames()
	f.Next()
	f.Next()
	if begin, is := f.Next(); !is || !begin.IsBegin() || len(m) > stepBytes {
		return 0, false
	}
	for n := 0; ; n++ {
		key, is := f.Next()
		switch {
		case !is || key.IsNull() || key.IsBegin() || n > batchKeys:
			return 0, false
		case key.IsEnd():
			return id, n > 0
		case !serial.Valid(key.Payload):
			return 0, false
		}
		if at := g.placeOf(key.Payload); n == 0 {
			id = at
		} else if at != id {
			return 0, false
		}
		for range frames - 1 {
			f.Next()
		}
	}
}
