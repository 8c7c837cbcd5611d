package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

func listenerOperations() []operation {
	return []operation{
		{name: "listener", messages: []string{"addEntryListener", "removeEntryListener"}, run: playListener, events: true},
		{name: "listener-without-values", messages: []string{"addEntryListener"}, run: playListenerWithoutValues, events: true},
		{name: "listener-to-key", messages: []string{"addEntryListenerToKey"}, run: playListenerToKey, events: true},
		{name: "listener-to-map-events", messages: []string{"addEntryListener", "clear", "evictAll"}, run: playMapEvents, events: true},
		{name: "listener-to-one-type", messages: []string{"addEntryListener"}, run: playListenerToOneType, events: true},
		{name: "listener-expiry", messages: []string{"addEntryListener", "evict"}, run: playExpiryEvents, events: true},
		{name: "listener-order", messages: []string{"addEntryListener"}, run: playListenerOrder, events: true},
	}
}

// recorder keeps events as short texts. Its handlers run on the client's
// goroutines.
type recorder struct {
	mu     sync.Mutex
	events []string
	stray  bool // an event named no member of the cluster
}

func (r *recorder) add(e *hazelcast.EntryNotified) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stray = r.stray || e.Member.UUID == types.UUID{}
	r.events = append(r.events, describe(e))
}

func (r *recorder) namesMembers() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.stray
}

// describe is "type key value old count".
func describe(e *hazelcast.EntryNotified) string {
	names := map[hazelcast.EntryEventType]string{
		hazelcast.EntryAdded: "added", hazelcast.EntryRemoved: "removed", hazelcast.EntryUpdated: "updated",
		hazelcast.EntryEvicted: "evicted", hazelcast.EntryExpired: "expired", hazelcast.EntryAllEvicted: "all-evicted",
		hazelcast.EntryAllCleared: "all-cleared",
	}
	text := fmt.Sprintf("%s %v %v %v", names[e.EventType], e.Key, e.Value, e.OldValue)
	if e.EventType == hazelcast.EntryAllEvicted || e.EventType == hazelcast.EntryAllCleared {
		text += fmt.Sprintf(" %d", e.NumberOfAffectedEntries)
	}
	return strings.ReplaceAll(text, "<nil>", "-")
}

// seen returns the events so far, sorted: events of different partitions have
// no order between them.
func (r *recorder) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.events)
	slices.Sort(out)
	return out
}

// expect waits until exactly these events have come, in any order.
func (r *recorder) expect(s *scene, want ...string) error {
	slices.Sort(want)
	return eventually(s.ctx, eventTimeout, func() error { return same("the events", r.seen(), want) })
}

func (r *recorder) listener() hazelcast.MapListener {
	return hazelcast.MapListener{
		EntryAdded: r.add, EntryRemoved: r.add, EntryUpdated: r.add, EntryEvicted: r.add, EntryExpired: r.add,
		MapEvicted: r.add, MapCleared: r.add,
	}
}

func playListener(s *scene) error {
	r := &recorder{}
	id, err := s.m.AddListener(s.ctx, r.listener(), true)
	if err != nil {
		return err
	}
	if err := first(
		s.second.Set(s.ctx, "k", "v1"),
		s.second.Set(s.ctx, "k", "v2"),
		s.second.Set(s.ctx, "k", "v2"),
		answer[any]("remove", "v2")(s.m.Remove(s.ctx, "k")),
		answer[any]("remove of an absent key", nil)(s.m.Remove(s.ctx, "k")),
		r.expect(s, "added k v1 -", "updated k v2 v1", "updated k v2 v2", "removed k - v2"),
		same("every event names its member", r.namesMembers(), true),
		s.m.RemoveListener(s.ctx, id),
		s.second.Set(s.ctx, "after", "v"),
	); err != nil {
		return err
	}
	// A second listener shows that the event of the last write has passed.
	late := &recorder{}
	if _, err := s.m.AddListener(s.ctx, late.listener(), false); err != nil {
		return err
	}
	return first(
		s.second.Set(s.ctx, "late", "v"),
		late.expect(s, "added late - -"),
		same("events after the removal", len(r.seen()), 4),
	)
}

func playListenerWithoutValues(s *scene) error {
	r := &recorder{}
	if _, err := s.m.AddListener(s.ctx, r.listener(), false); err != nil {
		return err
	}
	return first(
		s.second.Set(s.ctx, "k", "v1"),
		answer[any]("put", "v1")(s.second.Put(s.ctx, "k", "v2")),
		answer[any]("remove", "v2")(s.second.Remove(s.ctx, "k")),
		r.expect(s, "added k - -", "updated k - -", "removed k - -"),
	)
}

func playListenerToKey(s *scene) error {
	r := &recorder{}
	if _, err := s.m.AddListenerWithKey(s.ctx, r.listener(), "k", true); err != nil {
		return err
	}
	for i := range int64(20) {
		if err := s.second.Set(s.ctx, i, i); err != nil {
			return err
		}
	}
	return first(
		s.second.Set(s.ctx, "k", "v"),
		answer[any]("remove", "v")(s.second.Remove(s.ctx, "k")),
		r.expect(s, "added k v -", "removed k - v"),
	)
}

// playMapEvents: clear and evictAll are one event each, with the number of
// entries over all partitions.
func playMapEvents(s *scene) error {
	r := &recorder{}
	if _, err := s.m.AddListener(s.ctx, hazelcast.MapListener{MapEvicted: r.add, MapCleared: r.add}, true); err != nil {
		return err
	}
	fill := func() error {
		for i := range int64(30) {
			if err := s.second.Set(s.ctx, i, "v"); err != nil {
				return err
			}
		}
		return nil
	}
	return first(
		fill(),
		s.second.Clear(s.ctx),
		r.expect(s, "all-cleared - - - 30"),
		fill(),
		s.second.EvictAll(s.ctx),
		r.expect(s, "all-cleared - - - 30", "all-evicted - - - 30"),
	)
}

func playListenerToOneType(s *scene) error {
	r := &recorder{}
	if _, err := s.m.AddListener(s.ctx, hazelcast.MapListener{EntryRemoved: r.add}, true); err != nil {
		return err
	}
	return first(
		s.second.Set(s.ctx, "k", "v1"),
		s.second.Set(s.ctx, "k", "v2"),
		answer[any]("remove", "v2")(s.second.Remove(s.ctx, "k")),
		r.expect(s, "removed k - v2"),
	)
}

// playExpiryEvents: expiry shows by itself, without a read.
func playExpiryEvents(s *scene) error {
	r := &recorder{}
	if _, err := s.m.AddListener(s.ctx, r.listener(), true); err != nil {
		return err
	}
	return first(
		s.second.SetWithTTL(s.ctx, "short", "v", lifetime),
		s.second.Set(s.ctx, "k", "v"),
		answer[bool]("evict", true)(s.second.Evict(s.ctx, "k")),
		r.expect(s, "added short v -", "added k v -", "evicted k - v", "expired short - v"),
	)
}

// playListenerOrder: the events of one key come in the order of its changes.
func playListenerOrder(s *scene) error {
	const changes = 100
	r := &recorder{}
	if _, err := s.m.AddListener(s.ctx, r.listener(), true); err != nil {
		return err
	}
	want := []string{"added k 0 -"}
	for i := range int64(changes) {
		if err := s.second.Set(s.ctx, "k", i); err != nil {
			return err
		}
		if i > 0 {
			want = append(want, fmt.Sprintf("updated k %d %d", i, i-1))
		}
	}
	return eventually(s.ctx, eventTimeout, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		return same("the events in order", slices.Clone(r.events), want)
	})
}
