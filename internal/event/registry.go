// Package event brings what happened in a partition to those who listen.
//
// The partition publishes while it holds its lock, and the event is released
// together with the answer of the operation that caused it, once the backups
// have it. Listeners are kept in an immutable table that is replaced on every
// change, so that asking whether anybody listens costs one load and one map
// look-up on the path of every write.
package event

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// Sink takes events for one listener. Deliver is called under a partition's
// lock: it must not wait, nor take another partition's lock, nor keep the event's slices.
type Sink interface {
	Deliver(registration cluster.UUID, e *Event)
}

// Registration is one listener on one object.
type Registration struct {
	ID            cluster.UUID
	Service, Name string
	// Types are the events it wants.
	Types Type
	// Key restricts it to one key, nil for all. Events without a key are always delivered.
	Key []byte
	// IncludeValue is false for listeners that get keys only.
	IncludeValue bool
	Sink         Sink
}

type object struct{ service, name string }

type table struct {
	byObject map[object][]Registration
}

// Registry knows the listeners of one member: those of its own clients, and
// those that other members have for clients that speak with one member only.
type Registry struct {
	mu      sync.Mutex
	current atomic.Pointer[table]
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	r := &Registry{}
	r.current.Store(&table{byObject: map[object][]Registration{}})
	return r
}

// Add registers a listener; one with the same id on the same object is replaced.
func (r *Registry) Add(reg Registration) {
	r.change(object{reg.Service, reg.Name}, func(regs []Registration) []Registration {
		regs = slices.DeleteFunc(slices.Clone(regs), func(o Registration) bool { return o.ID == reg.ID })
		return append(regs, reg)
	})
}

// Remove takes a listener away and tells whether it was there.
func (r *Registry) Remove(service, name string, id cluster.UUID) bool {
	found := false
	r.change(object{service, name}, func(regs []Registration) []Registration {
		return slices.DeleteFunc(slices.Clone(regs), func(o Registration) bool {
			found = found || o.ID == id
			return o.ID == id
		})
	})
	return found
}

func (r *Registry) change(o object, f func([]Registration) []Registration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.current.Load()
	next := &table{byObject: make(map[object][]Registration, len(old.byObject)+1)}
	maps.Copy(next.byObject, old.byObject)
	if regs := f(next.byObject[o]); len(regs) > 0 {
		next.byObject[o] = regs
	} else {
		delete(next.byObject, o)
	}
	r.current.Store(next)
}

// Wanted returns the union of the types that listeners of an object want, 0 when there is none.
func (r *Registry) Wanted(service, name string) Type {
	var types Type
	regs := r.current.Load().byObject[object{service, name}]
	for i := range regs {
		types |= regs[i].Types
	}
	return types
}

// Publish delivers an event to every listener that wants it.
func (r *Registry) Publish(e *Event) {
	regs := r.current.Load().byObject[object{e.Service, e.Name}]
	for i := range regs {
		reg := &regs[i]
		if reg.Types&e.Type == 0 || (reg.Key != nil && e.Key != nil && string(reg.Key) != string(e.Key)) {
			continue
		}
		out := *e
		if !reg.IncludeValue {
			out.Value, out.OldValue = nil, nil
		}
		reg.Sink.Deliver(reg.ID, &out)
	}
}
