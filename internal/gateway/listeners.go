package gateway

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/packed"
)

// listener is one listener of a session. Those on the entries of a map are in the registry of events: of this member
// only (local), which is what clients ask for that are connected to all members, or else of all
// members, which send the events here. The others hear of the cluster.
type listener struct {
	s           *Session
	correlation int64
	local       bool
	topic       topic
	// reg is in the registry for topicEntries; its Service and Name are the object's for topicMapLost, too.
	reg event.Registration
	// encode appends an event of the registry as the listener's message wants it.
	encode func(dst []byte, correlation int64, e *event.Event) []byte
}

var _ event.Sink = (*listener)(nil)

// topic is what a listener hears of.
type topic uint8

const (
	topicEntries topic = iota
	topicObjects
	topicLost
	topicMapLost
	topicMigrations
	topicBackups
)

// Deliver implements event.Sink.
func (l *listener) Deliver(_ cluster.UUID, e *event.Event) {
	l.s.deliver(func(dst []byte) []byte { return l.encode(dst, l.correlation, e) })
}

// listeners finds the listeners that other members send events for, and those that hear of the cluster.
type listeners struct {
	mu struct {
		sync.Mutex
		byID map[cluster.UUID]*listener
	}
}

func (ls *listeners) init() { ls.mu.byID = map[cluster.UUID]*listener{} }

// listen adds a listener to the session and answers with its id. A listener on entries everywhere is
// answered when all members have it.
func (s *Session) listen(l *listener, answer func(id cluster.UUID)) error {
	l.s = s
	l.reg.ID = s.g.UUID()
	l.reg.Sink = l
	s.mu.Lock()
	switch {
	case s.mu.closed || s.mu.listeners == nil:
		s.mu.Unlock()
		return nil // nobody waits for an answer
	case len(s.mu.listeners) >= maxListeners:
		s.mu.Unlock()
		return fmt.Errorf("%w: a client may have %d listeners on one connection", fault.ErrIllegalState, maxListeners)
	}
	s.mu.listeners[l.reg.ID] = l
	s.mu.Unlock()
	ls := &s.g.listeners
	ls.mu.Lock()
	ls.mu.byID[l.reg.ID] = l
	ls.mu.Unlock()
	if l.topic != topicEntries {
		answer(l.reg.ID)
		return nil
	}
	s.g.Events.Add(l.reg)
	if l.local {
		answer(l.reg.ID)
		return nil
	}
	s.g.everywhere(askListen, appendRegistration(nil, &l.reg), func() { answer(l.reg.ID) })
	return nil
}

// everywhere asks all other members and calls done once when all have answered or are gone.
func (g *Gateway) everywhere(op byte, body []byte, done func()) {
	var others []cluster.MemberID
	if list := g.Cluster.View().List; list != nil {
		for i := range list.Members {
			if id := list.Members[i].ID; id != g.Self {
				others = append(others, id)
			}
		}
	}
	var left atomic.Int32
	left.Store(int32(len(others)) + 1)
	count := func([]byte) {
		if left.Add(-1) == 0 {
			done()
		}
	}
	for _, id := range others {
		g.forward.ask(id, op, body, count)
	}
	count(nil)
}

// unlisten removes a listener of the session and tells whether it was there.
func (s *Session) unlisten(id cluster.UUID) bool {
	s.mu.Lock()
	l := s.mu.listeners[id]
	delete(s.mu.listeners, id)
	s.mu.Unlock()
	if l == nil {
		return false
	}
	s.g.listeners.remove(s.g, l)
	return true
}

// destroyed removes the listeners of an object that is destroyed, as Hazelcast does: who gets the
// object anew listens anew.
func (ls *listeners) destroyed(service, name string) {
	ls.mu.Lock()
	var gone []*listener
	for _, id := range sortedIDs(ls.mu.byID) {
		if l := ls.mu.byID[id]; l.reg.Service == service && l.reg.Name == name {
			gone = append(gone, l)
		}
	}
	ls.mu.Unlock()
	for _, l := range gone {
		l.s.unlisten(l.reg.ID)
	}
}

// drop removes the listeners of a session that has ended.
func (ls *listeners) drop(g *Gateway, gone map[cluster.UUID]*listener) {
	for _, id := range sortedIDs(gone) {
		ls.remove(g, gone[id])
	}
}

func (ls *listeners) remove(g *Gateway, l *listener) {
	ls.mu.Lock()
	delete(ls.mu.byID, l.reg.ID)
	ls.mu.Unlock()
	if l.topic != topicEntries {
		return
	}
	g.Events.Remove(l.reg.Service, l.reg.Name, l.reg.ID)
	if !l.local {
		body := packed.AppendString(packed.AppendString(nil, l.reg.Service), l.reg.Name)
		g.everywhere(askUnlisten, append(body, l.reg.ID[:]...), func() {})
	}
}

// greet gives a peer the listeners that want its events. The same listener twice does no harm.
func (ls *listeners) greet(p *peer) {
	for _, l := range ls.of(topicEntries) {
		if !l.local {
			p.g.forward.ask(p.id, askListen, appendRegistration(nil, &l.reg), func([]byte) {})
		}
	}
}

// of returns the listeners to a topic, in the order of their ids.
func (ls *listeners) of(t topic) []*listener {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	var found []*listener
	for _, id := range sortedIDs(ls.mu.byID) {
		if l := ls.mu.byID[id]; l.topic == t {
			found = append(found, l)
		}
	}
	return found
}

// deliver takes an event of another member.
func (ls *listeners) deliver(id cluster.UUID, e *event.Event) {
	ls.mu.Lock()
	l := ls.mu.byID[id]
	ls.mu.Unlock()
	if l != nil && l.topic == topicEntries {
		e.Service, e.Name = l.reg.Service, l.reg.Name
		l.Deliver(id, e)
	}
}

func sortedIDs(m map[cluster.UUID]*listener) []cluster.UUID {
	ids := make([]cluster.UUID, 0, len(m))
	//nolint:maprange // sorted below
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, cluster.UUID.Compare)
	return ids
}
