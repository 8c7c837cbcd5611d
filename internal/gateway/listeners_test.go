package gateway

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// listen adds an entry listener and returns its correlation and registration ids.
func (c *client) listen(values, local bool) (correlation int64, id protocol.UUID) {
	c.w.tb.Helper()
	correlation = c.w.correlation()
	var a protocol.MapAddEntryListenerResponse
	m := protocol.AppendMapAddEntryListenerRequest(nil, correlation, -1, &protocol.MapAddEntryListenerRequest{
		Name: []byte("m"), IncludeValue: values, ListenerFlags: int32(everything), LocalOnly: local,
	})
	if err := protocol.DecodeMapAddEntryListenerResponse(c.call(m), &a); err != nil {
		c.w.tb.Fatal(err)
	}
	return correlation, a.Response
}

// entryEvents returns the entry events for a listener.
func (c *client) entryEvents(correlation int64) (events []protocol.MapAddEntryListenerEntryEvent) {
	c.w.tb.Helper()
	for _, m := range c.got {
		if m.CorrelationID() != correlation || m.Flags()&wire.FlagEvent == 0 {
			continue
		}
		var e protocol.MapAddEntryListenerEntryEvent
		if err := protocol.DecodeMapAddEntryListenerEntryEvent(m, &e); err != nil {
			c.w.tb.Fatal(err)
		}
		if e.Key != nil && m.PartitionID() != place(e.Key) {
			c.w.tb.Errorf("event names partition %d, its key belongs to %d", m.PartitionID(), place(e.Key))
		}
		events = append(events, e)
	}
	return events
}

const everything = event.Added | event.Removed | event.Updated | event.ClearAll

// TestEventsReachEveryListenerOnce: whichever member the listener, the writer and the partition are at.
func TestEventsReachEveryListenerOnce(t *testing.T) {
	w := newWorld(t, 3, nil)
	// A client connected to all members listens at each for what happens there; the other
	// listens at one for everything.
	var smart []*client
	var atEach []int64
	for _, n := range w.nodes {
		c := n.connect()
		correlation, _ := c.listen(true, true)
		smart, atEach = append(smart, c), append(atEach, correlation)
	}
	one := w.nodes[1].connect()
	everywhere, _ := one.listen(false, false)
	writer := w.nodes[2].connect()
	for id := range int32(partitions) {
		writer.call(w.set("m", keyAt(id), data(strconv.Itoa(int(id)))))
	}
	heard := func() map[event.Type]int {
		count := map[event.Type]int{}
		for i, c := range smart {
			for _, e := range c.entryEvents(atEach[i]) {
				count[event.Type(e.EventType)]++
				if cluster.MemberID(e.UUID) != w.nodes[i].id {
					t.Errorf("member %d tells of an event at %v", i, e.UUID)
				}
				if event.Type(e.EventType) == event.Added && len(e.Value) == 0 {
					t.Error("no value")
				}
			}
		}
		return count
	}
	if n := heard(); n[event.Added] != partitions {
		t.Errorf("%d events on all connections, want %d", n[event.Added], partitions)
	}
	events := one.entryEvents(everywhere)
	if len(events) != partitions {
		t.Errorf("%d events on one connection, want %d", len(events), partitions)
	}
	for _, e := range events {
		if e.Value != nil || e.NumberOfAffectedEntries != 1 {
			t.Errorf("event %+v", e)
		}
	}
	wipe := protocol.AppendMapClearRequest(nil, w.correlation(), -1, &protocol.MapClearRequest{Name: []byte("m")})
	if a := writer.call(wipe); a.Type() != protocol.MapClearResponseType {
		t.Fatalf("answer %#06x", a.Type())
	}
	if n := heard(); n[event.ClearAll] != 1 {
		t.Errorf("%d events of the clear on all connections, want 1", n[event.ClearAll])
	}
	events = one.entryEvents(everywhere)
	if last := events[len(events)-1]; event.Type(last.EventType) != event.ClearAll || last.NumberOfAffectedEntries != int32(partitions) || last.Key != nil {
		t.Errorf("last event %+v", last)
	}
	if n := writer.size(); n != 0 {
		t.Errorf("size %d", n)
	}
}

func TestListenerEnds(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, other := w.nodes[0].connect(), w.nodes[0].connect()
	correlation, id := c.listen(true, false)
	_, _ = other.listen(true, false)
	remove := func(id protocol.UUID) bool {
		var a protocol.MapRemoveEntryListenerResponse
		m := protocol.AppendMapRemoveEntryListenerRequest(nil, w.correlation(), -1,
			&protocol.MapRemoveEntryListenerRequest{Name: []byte("m"), RegistrationID: id})
		if err := protocol.DecodeMapRemoveEntryListenerResponse(c.call(m), &a); err != nil {
			t.Fatal(err)
		}
		return a.Response
	}
	if remove(protocol.UUID{9}) || !remove(id) || remove(id) {
		t.Error("want true for the listener that is there only")
	}
	other.s.Closed()
	w.run()
	for i, n := range w.nodes {
		if wanted := n.g.Events.Wanted("hz:impl:mapService", "m"); wanted != 0 {
			t.Errorf("member %d still wants %b", i, wanted)
		}
	}
	c.call(w.set("m", keyAt(1), data("v")))
	if n := len(c.entryEvents(correlation)); n != 0 {
		t.Errorf("%d events for a listener that is gone", n)
	}
}

// TestDestroyEndsListeners: they do not hear of the object that is made anew.
func TestDestroyEndsListeners(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, other := w.nodes[0].connect(), w.nodes[1].connect()
	local, _ := c.listen(true, true)
	everywhere, _ := other.listen(true, false)
	c.call(protocol.AppendClientDestroyProxyRequest(nil, w.correlation(), -1,
		&protocol.ClientDestroyProxyRequest{Name: []byte("m"), ServiceName: []byte("hz:impl:mapService")}))
	for id := range int32(partitions) {
		c.call(w.set("m", keyAt(id), data("v")))
	}
	if n := len(c.entryEvents(local)) + len(other.entryEvents(everywhere)); n != 0 {
		t.Errorf("%d events", n)
	}
}

// TestListenersFollowConnections: what a member had registered elsewhere goes with its connection, and comes back with it.
func TestListenersFollowConnections(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	correlation, _ := c.listen(true, false)
	if !w.net.Break(w.nodes[0].id, w.nodes[1].id, 2) {
		t.Fatal("no connection to break")
	}
	w.pass(2 * time.Second)
	c.call(w.set("m", keyAt(1), data("v")))
	if n := len(c.entryEvents(correlation)); n != 1 {
		t.Errorf("%d events after the connection was broken, want 1", n)
	}
	w.kill(w.nodes[0])
	if wanted := w.nodes[1].g.Events.Wanted("hz:impl:mapService", "m"); wanted != 0 {
		t.Errorf("the other member still wants %b", wanted)
	}
}

func TestKeyListener(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	m := protocol.AppendMapAddEntryListenerToKeyRequest(nil, 77_000, -1, &protocol.MapAddEntryListenerToKeyRequest{
		Name: []byte("m"), Key: data("k"), IncludeValue: true, ListenerFlags: int32(event.Updated), LocalOnly: true,
	})
	if a := c.call(m); a.Type() != protocol.MapAddEntryListenerToKeyResponseType {
		t.Fatalf("answer %#06x", a.Type())
	}
	for _, x := range []string{"k", "other", "k", "other"} {
		c.call(w.set("m", data(x), data("v")))
	}
	var events int
	for _, m := range c.got {
		if m.Type() != protocol.MapAddEntryListenerToKeyEntryEventType {
			continue
		}
		events++
		var e protocol.MapAddEntryListenerToKeyEntryEvent
		if err := protocol.DecodeMapAddEntryListenerToKeyEntryEvent(m, &e); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(e.Key, data("k")) || !bytes.Equal(e.OldValue, data("v")) || m.CorrelationID() != 77_000 {
			t.Errorf("event %+v", e)
		}
	}
	if events != 1 {
		t.Errorf("%d events, want that of the update", events)
	}
}

func TestNearCache(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	correlation := w.correlation()
	m := protocol.AppendMapAddNearCacheInvalidationListenerRequest(nil, correlation, -1,
		&protocol.MapAddNearCacheInvalidationListenerRequest{Name: []byte("m"), ListenerFlags: int32(event.Invalidation)})
	c.call(m)
	metadata := func(member cluster.MemberID) *protocol.MapFetchNearCacheInvalidationMetadataResponse {
		var a protocol.MapFetchNearCacheInvalidationMetadataResponse
		m := protocol.AppendMapFetchNearCacheInvalidationMetadataRequest(nil, w.correlation(), -1,
			&protocol.MapFetchNearCacheInvalidationMetadataRequest{Names: [][]byte{[]byte("m"), []byte("none")}, UUID: protocol.UUID(member)})
		if err := protocol.DecodeMapFetchNearCacheInvalidationMetadataResponse(c.call(m), &a); err != nil {
			t.Fatal(err)
		}
		return &a
	}
	// The first member owns the even partitions, the second the odd ones; the client asks the first about both.
	uuids := map[int32]protocol.UUID{}
	for i, n := range w.nodes {
		a := metadata(n.id)
		if len(a.NamePartitionSequenceList) != 2 || a.NamePartitionSequenceList[1].Key != "none" {
			t.Errorf("names %+v", a.NamePartitionSequenceList)
		}
		for _, p := range a.PartitionUUIDList {
			if int(p.Key)%2 != i || p.Value.IsNull() {
				t.Errorf("member %d tells of partition %d: %v", i, p.Key, p.Value)
			}
			uuids[p.Key] = p.Value
		}
	}
	if len(uuids) != partitions {
		t.Errorf("UUIDs of %d partitions", len(uuids))
	}
	for _, id := range []int32{0, 1, 1} {
		c.call(w.set("m", keyAt(id), data("v")))
	}
	var sequences []int64
	for _, m := range c.got {
		if m.Type() != protocol.MapAddNearCacheInvalidationListenerIMapInvalidationEventType || m.CorrelationID() != correlation {
			continue
		}
		var e protocol.MapAddNearCacheInvalidationListenerIMapInvalidationEvent
		if err := protocol.DecodeMapAddNearCacheInvalidationListenerIMapInvalidationEvent(m, &e); err != nil {
			t.Fatal(err)
		}
		if e.PartitionUUID != uuids[place(e.Key)] || cluster.UUID(e.SourceUUID) != c.id {
			t.Errorf("event %+v", e)
		}
		sequences = append(sequences, e.Sequence)
	}
	if fmt.Sprint(sequences) != "[1 1 2]" {
		t.Errorf("sequences %v", sequences)
	}
	if a := metadata(w.nodes[1].id); len(a.NamePartitionSequenceList[0].Value) != 1 || a.NamePartitionSequenceList[0].Value[0].Value != 2 {
		t.Errorf("sequences %+v", a.NamePartitionSequenceList)
	}
	// A member that has left owns nothing; a client would repeat the question for two minutes after an error.
	if a := metadata(cluster.MemberID{1}); len(a.NamePartitionSequenceList) != 2 || len(a.PartitionUUIDList) != 0 {
		t.Errorf("of a member that has left: %+v", a)
	}
}

// TestClientGone: the locks of a client go once it has no connection left, and not before.
func TestClientGone(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, second := w.nodes[0].connect(), w.nodes[1].raw()
	second.call(authentication(w.correlation(), "dev", "", "", c.id))
	key := keyAt(1)
	c.call(protocol.AppendMapLockRequest(nil, w.correlation(), 1, &protocol.MapLockRequest{Name: []byte("m"), Key: key, ThreadID: 1, TTL: -1}))
	other := w.nodes[1].connect()
	locked := func() bool {
		var a protocol.MapIsLockedResponse
		m := protocol.AppendMapIsLockedRequest(nil, w.correlation(), 1, &protocol.MapIsLockedRequest{Name: []byte("m"), Key: key})
		if err := protocol.DecodeMapIsLockedResponse(other.call(m), &a); err != nil {
			t.Fatal(err)
		}
		return a.Response
	}
	c.s.Closed()
	w.pass(2 * goneAfter)
	if !locked() {
		t.Fatal("released although the client has another connection")
	}
	second.s.Closed()
	for _, n := range w.nodes { // they could not hear where the client has gone
		n.deaf = w.now
	}
	w.pass(2 * goneAfter)
	if !locked() {
		t.Fatal("released by members that hear nobody")
	}
	for _, n := range w.nodes {
		n.deaf = 0
	}
	w.pass(time.Second)
	if locked() {
		t.Error("still locked by a client that is gone")
	}
	first := w.nodes[0].connect()
	first.call(protocol.AppendMapLockRequest(nil, w.correlation(), 1, &protocol.MapLockRequest{Name: []byte("m"), Key: key, ThreadID: 1, TTL: -1}))
	first.s.Closed()
	w.pass(goneAfter / 2)
	if !locked() {
		t.Fatal("released although the client may come back")
	}
	w.pass(goneAfter)
	if locked() {
		t.Error("still locked by a client that is gone")
	}
}

// TestClientOfASilentMember: a client that is nowhere known to be may have been with a member that was silent. When that is removed, the
// client has time to connect to another before its locks go.
func TestClientOfASilentMember(t *testing.T) {
	w := newWorld(t, 3, nil)
	c, other, owner := w.nodes[0].connect(), w.nodes[1].connect(), w.nodes[1]
	key := keyAt(1)
	lock := func(c *client) (took bool) {
		var a protocol.MapTryLockResponse
		m := protocol.AppendMapTryLockRequest(nil, w.correlation(), 1, &protocol.MapTryLockRequest{Name: []byte("m"), Key: key, ThreadID: 1, Lease: -1})
		if err := protocol.DecodeMapTryLockResponse(c.call(m), &a); err != nil {
			t.Fatal(err)
		}
		return a.Response
	}
	if !lock(c) {
		t.Fatal("not locked")
	}
	c.s.Closed() // it goes to the third member, of which the others hear nothing
	for _, n := range w.nodes[:2] {
		n.deaf = w.now
	}
	w.pass(goneAfter)
	w.kill(w.nodes[2])
	for id := 2; id < partitions; id += 3 {
		w.move(id, 0)
	}
	w.list = &cluster.List{Mark: cluster.Mark{Version: 2}, Members: w.list.Members[:2]}
	owner.deaf, w.nodes[0].deaf = 0, 0
	w.install()
	w.pass(goneAfter / 2)
	if lock(other) {
		t.Fatal("released before the client could connect to another member")
	}
	w.pass(goneAfter)
	if !lock(other) {
		t.Error("still locked by a client that is gone")
	}
}
