package gateway

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// begin gives a message to the session, but nothing happens yet.
func (c *client) begin(m []byte) {
	c.w.tb.Helper()
	c.s.Attend()
	if err := c.s.Handle(slices.Clone(m)); err != nil {
		c.w.tb.Fatal(err)
	}
	c.s.Settle()
}

func (c *client) fill(perPartition int) (keys [][]byte) {
	for i := 0; len(keys) < perPartition*partitions; i++ {
		key := data("entry " + strconv.Itoa(i))
		c.call(c.w.set("m", key, data(strconv.Itoa(i))))
		keys = append(keys, key)
	}
	return keys
}

func (w *world) askSize() []byte {
	return protocol.AppendMapSizeRequest(nil, w.correlation(), -1, &protocol.MapSizeRequest{Name: []byte("m")})
}

// TestFanOutSeesMovedPartitions: every partition is counted once, although one moves while the question is under way.
func TestFanOutSeesMovedPartitions(t *testing.T) {
	for _, x := range []struct {
		name     string
		from, to int
	}{
		{"from here", 0, 1}, {"to here", 1, 0}, {"between others", 1, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, 3, nil)
			c := w.nodes[0].connect()
			c.fill(2)
			want := c.size()
			if want != 2*partitions {
				t.Fatalf("size %d", want)
			}
			m := w.askSize()
			c.begin(m)
			// What is asked by the old table arrives at owners that have the new one. The partition comes without its
			// data in this world: what it had is counted as gone, not twice, and the others are counted once.
			moved := x.from
			w.move(moved, x.to)
			gone := 0
			for i := range 2 * partitions {
				if place(data("entry "+strconv.Itoa(i))) == int32(moved) {
					gone++
				}
			}
			w.install()
			var a protocol.MapSizeResponse
			if err := protocol.DecodeMapSizeResponse(c.answer(wire.Message(m).CorrelationID()), &a); err != nil {
				t.Fatal(err)
			}
			if int(a.Response) != want && int(a.Response) != want-gone {
				t.Errorf("size %d; there were %d, of which %d moved", a.Response, want, gone)
			}
		})
	}
}

// TestFanOutSurvivesAnOwner: questions that may be asked twice are, when an owner dies.
func TestFanOutSurvivesAnOwner(t *testing.T) {
	w := newWorld(t, 3, nil)
	c := w.nodes[0].connect()
	c.fill(2)
	m := w.askSize()
	c.begin(m)
	// Its questions are on their way to the third member.
	for len(w.jobs) > 0 {
		job := w.jobs[0]
		w.jobs = w.jobs[1:]
		job()
	}
	w.kill(w.nodes[2])
	w.list = &cluster.List{Mark: cluster.Mark{Version: 2}, Members: w.list.Members[:2]}
	for id := range w.table.Partitions {
		if w.table.Partitions[id].Primary() == w.nodes[2].id {
			w.move(id, 1)
		}
	}
	w.install()
	var a protocol.MapSizeResponse
	if err := protocol.DecodeMapSizeResponse(c.answer(wire.Message(m).CorrelationID()), &a); err != nil {
		t.Fatal(err)
	}
	left := 0
	for i := range 2 * partitions {
		if place(data("entry "+strconv.Itoa(i)))%3 != 2 {
			left++
		}
	}
	if int(a.Response) != left {
		t.Errorf("size %d, want the %d that the others have", a.Response, left)
	}
	if n := w.nodes[0].g.forward.fans.n.Load(); n != 0 {
		t.Errorf("%d fan-outs are still counted", n)
	}
}

func TestLists(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	keys := c.fill(3)
	name := []byte("m")
	var k protocol.MapKeySetResponse
	m := protocol.AppendMapKeySetRequest(nil, w.correlation(), -1, &protocol.MapKeySetRequest{Name: name})
	if err := protocol.DecodeMapKeySetResponse(c.call(m), &k); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(k.Response, bytes.Compare)
	slices.SortFunc(keys, bytes.Compare)
	if !slices.EqualFunc(k.Response, keys, bytes.Equal) {
		t.Errorf("keys %q", k.Response)
	}
	var v protocol.MapValuesResponse
	m = protocol.AppendMapValuesRequest(nil, w.correlation(), -1, &protocol.MapValuesRequest{Name: name})
	if err := protocol.DecodeMapValuesResponse(c.call(m), &v); err != nil || len(v.Response) != len(keys) {
		t.Errorf("values %q %v", v.Response, err)
	}
	var e protocol.MapEntrySetResponse
	m = protocol.AppendMapEntrySetRequest(nil, w.correlation(), -1, &protocol.MapEntrySetRequest{Name: name})
	if err := protocol.DecodeMapEntrySetResponse(c.call(m), &e); err != nil || len(e.Response) != len(keys) {
		t.Errorf("entries %q %v", e.Response, err)
	}
	for value, want := range map[string]bool{"3": true, "none": false} {
		var a protocol.MapContainsValueResponse
		m = protocol.AppendMapContainsValueRequest(nil, w.correlation(), -1, &protocol.MapContainsValueRequest{Name: name, Value: data(value)})
		if err := protocol.DecodeMapContainsValueResponse(c.call(m), &a); err != nil || a.Response != want {
			t.Errorf("contains %q: %v %v", value, a.Response, err)
		}
	}
	for name, want := range map[string]bool{"m": false, "unused": true} {
		var a protocol.MapIsEmptyResponse
		m = protocol.AppendMapIsEmptyRequest(nil, w.correlation(), -1, &protocol.MapIsEmptyRequest{Name: []byte(name)})
		if err := protocol.DecodeMapIsEmptyResponse(c.call(m), &a); err != nil || a.Response != want {
			t.Errorf("%s is empty: %v %v", name, a.Response, err)
		}
	}
}

// TestListsInSteps: partitions with more than one step's worth, each entry once.
func TestListsInSteps(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	count := 60 * partitions
	for i := range count {
		c.call(w.set("m", data("entry "+strconv.Itoa(i)), data(strings.Repeat("x", 8000))))
	}
	m := protocol.AppendMapEntrySetRequest(nil, w.correlation(), -1, &protocol.MapEntrySetRequest{Name: []byte("m")})
	var e protocol.MapEntrySetResponse
	if err := protocol.DecodeMapEntrySetResponse(c.call(m), &e); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, entry := range e.Response {
		seen[string(entry.Key)]++
	}
	for i := range count {
		if n := seen[string(data("entry "+strconv.Itoa(i)))]; n != 1 {
			t.Errorf("entry %d was seen %d times", i, n)
		}
	}
	var a protocol.MapContainsValueResponse
	m = protocol.AppendMapContainsValueRequest(nil, w.correlation(), -1, &protocol.MapContainsValueRequest{Name: []byte("m"), Value: data("y")})
	if err := protocol.DecodeMapContainsValueResponse(c.call(m), &a); err != nil || a.Response {
		t.Errorf("contains: %v %v", a.Response, err)
	}
}

// TestBatchesOfManyPartitions: what clients send one partition at a time is served in one message, too.
func TestBatchesOfManyPartitions(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	put := protocol.MapPutAllRequest{Name: []byte("m")}
	get := protocol.MapGetAllRequest{Name: []byte("m"), Keys: [][]byte{data("missing")}}
	for i := range 20 {
		key := data(strconv.Itoa(i))
		put.Entries = append(put.Entries, protocol.Entry{Key: key, Value: key})
		get.Keys = append(get.Keys, key)
	}
	for _, id := range []int32{-1, 3} {
		if a := c.call(protocol.AppendMapPutAllRequest(nil, w.correlation(), id, &put)); a.Type() != protocol.MapPutAllResponseType {
			t.Fatalf("answer %#06x", a.Type())
		}
		var got protocol.MapGetAllResponse
		if err := protocol.DecodeMapGetAllResponse(c.call(protocol.AppendMapGetAllRequest(nil, w.correlation(), id, &get)), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Response) != 20 {
			t.Errorf("%d entries", len(got.Response))
		}
		for _, e := range got.Response {
			if !bytes.Equal(e.Key, e.Value) {
				t.Errorf("entry %q %q", e.Key, e.Value)
			}
		}
	}
	if n := c.size(); n != 20 {
		t.Errorf("size %d", n)
	}
	var one protocol.MapGetAllResponse
	m := protocol.AppendMapGetAllRequest(nil, w.correlation(), -1, &protocol.MapGetAllRequest{Name: []byte("m"), Keys: [][]byte{data("7")}})
	if err := protocol.DecodeMapGetAllResponse(c.call(m), &one); err != nil || len(one.Response) != 1 {
		t.Errorf("one key without a partition: %q %v", one.Response, err)
	}
}

func TestIteration(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	keys := c.fill(20)
	seen := map[string]int{}
	for id := range int32(partitions) {
		pointers := []protocol.Pair[int32, int32]{{Key: 1<<31 - 1, Value: -1}}
		for pointers[len(pointers)-1].Key >= 0 {
			var a protocol.MapFetchEntriesResponse
			m := protocol.AppendMapFetchEntriesRequest(nil, w.correlation(), id,
				&protocol.MapFetchEntriesRequest{Name: []byte("m"), IterationPointers: pointers, Batch: 3})
			if err := protocol.DecodeMapFetchEntriesResponse(c.call(m), &a); err != nil {
				t.Fatal(err)
			}
			if len(a.Entries) > 3 {
				t.Errorf("batch of %d", len(a.Entries))
			}
			for _, e := range a.Entries {
				seen[string(e.Key)]++
			}
			pointers = slices.Clone(a.IterationPointers)
		}
	}
	for _, key := range keys {
		if seen[string(key)] != 1 {
			t.Errorf("key %q was seen %d times", key, seen[string(key)])
		}
	}
}

// TestLargeBatchesOfIteration: however many entries a client asks for at a time, it gets no more than one step may bring.
func TestLargeBatchesOfIteration(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	const size, count = 10_000, 700
	c.load(count, size)
	seen := 0
	for id := range int32(partitions) {
		pointers := []protocol.Pair[int32, int32]{{Key: 1<<31 - 1, Value: -1}}
		for pointers[len(pointers)-1].Key >= 0 {
			m := c.call(protocol.AppendMapFetchEntriesRequest(nil, w.correlation(), id,
				&protocol.MapFetchEntriesRequest{Name: []byte("m"), IterationPointers: pointers, Batch: 1 << 30}))
			var a protocol.MapFetchEntriesResponse
			if err := protocol.DecodeMapFetchEntriesResponse(m, &a); err != nil || len(m) > maxFetchBytes+2*size {
				t.Fatalf("a batch of %d bytes: %v", len(m), err)
			}
			seen += len(a.Entries)
			pointers = slices.Clone(a.IterationPointers)
		}
	}
	if seen != count {
		t.Errorf("%d entries, want %d", seen, count)
	}
}

// TestGoneClientTakesNoLock: a request that waits for a primary ends with its session.
func TestGoneClientTakesNoLock(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, other := w.nodes[0].connect(), w.nodes[0].connect()
	w.table = w.table.Clone()
	w.table.Version++
	w.table.Partitions[1] = cluster.Assignment{Epoch: 2}
	w.install()
	key := keyAt(1)
	c.send(protocol.AppendMapLockRequest(nil, w.correlation(), 1, &protocol.MapLockRequest{Name: []byte("m"), Key: key, ThreadID: 1, TTL: -1}))
	c.s.Closed()
	w.pass(goneAfter * 2)
	w.move(1, 1)
	w.install()
	var a protocol.MapIsLockedResponse
	m := protocol.AppendMapIsLockedRequest(nil, w.correlation(), 1, &protocol.MapIsLockedRequest{Name: []byte("m"), Key: key})
	if err := protocol.DecodeMapIsLockedResponse(other.call(m), &a); err != nil || a.Response {
		t.Errorf("locked %v, %v", a.Response, err)
	}
	if n := w.nodes[0].g.forward.bytes.Load(); n != 0 {
		t.Errorf("%d bytes are left over", n)
	}
}
