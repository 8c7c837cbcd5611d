package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// listWindow is the window of listings, by default.
const listWindow = 1 << 20

// load puts entries through a member, and returns their keys.
func (c *client) load(count, size int) (keys [][]byte) {
	c.w.tb.Helper()
	value := data(strings.Repeat("x", size))
	c.s.Attend()
	for i := range count {
		key := data("entry " + strconv.Itoa(i))
		keys = append(keys, key)
		if err := c.s.Handle(c.w.set("m", key, value)); err != nil {
			c.w.tb.Fatal(err)
		}
		if i%100 == 99 {
			c.s.Settle()
			c.take()
			c.w.run()
			c.s.Attend()
		}
	}
	c.s.Settle()
	c.take()
	c.w.run()
	c.got = nil
	return keys
}

func (w *world) askEntries() []byte {
	return protocol.AppendMapEntrySetRequest(nil, w.correlation(), -1, &protocol.MapEntrySetRequest{Name: []byte("m")})
}

func (w *world) askKeys() []byte {
	return protocol.AppendMapKeySetRequest(nil, w.correlation(), -1, &protocol.MapKeySetRequest{Name: []byte("m")})
}

func (w *world) ping() []byte {
	return protocol.AppendClientPingRequest(nil, w.correlation(), -1, &protocol.ClientPingRequest{})
}

// keysOf counts the keys in the answer to a keySet.
func (c *client) keysOf(correlation int64) map[string]int {
	c.w.tb.Helper()
	var a protocol.MapKeySetResponse
	m := c.answer(correlation)
	if m == nil {
		c.w.tb.Fatalf("no answer to %d", correlation)
	}
	if err := protocol.DecodeMapKeySetResponse(m, &a); err != nil {
		c.w.tb.Fatal(err)
	}
	seen := map[string]int{}
	for _, key := range a.Response {
		seen[string(key)]++
	}
	return seen
}

// listed is what the member has in memory for a session's answers, in bytes: in listings, on their way to them, and in the output.
func (c *client) listed() (n int) {
	c.s.mu.Lock()
	lists := slices.Clone(c.s.mu.lists.lists)
	n = cap(c.s.mu.buf) + cap(c.s.mu.lists.behind)
	c.s.mu.Unlock()
	for _, l := range lists {
		l.mu.Lock()
		n += l.mu.asked + cap(l.mu.items)
		l.mu.Unlock()
	}
	return n
}

// readSlowly reads piece by piece until nothing comes any more, with something in between, and returns the most bytes that the member
// had for the client at any time.
func (c *client) readSlowly(between func(round int)) (most int) {
	for round, dry := 0, 0; dry < 3; round++ {
		c.w.run()
		most = max(most, c.listed())
		if dry++; c.takeOnce() {
			dry = 0
		}
		if between != nil {
			between(round)
		}
	}
	return most
}

// listWorld makes a world with a map of 60,000 small entries, and a client that reads when it is told to.
func listWorld(t *testing.T, members int, change func(*Options)) (w *world, c *client, keys [][]byte) {
	t.Helper()
	w = newWorld(t, members, change)
	c = w.nodes[0].connect()
	keys = c.load(60_000, 10)
	c.slow = true
	return w, c, keys
}

// TestLongListIsBounded: the keys of 300,000 entries, read slowly, with other requests in between. The member has a window of them in
// memory and no more; the answer is one message, has every key once, and is not torn.
func TestLongListIsBounded(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	keys := c.load(300_000, 10)
	c.slow = true
	list := w.askKeys()
	c.send(list)
	var pings, gets []int64
	most := c.readSlowly(func(round int) {
		if round < 3 {
			ping, get := w.ping(), w.get("m", keys[round])
			pings, gets = append(pings, wire.Message(ping).CorrelationID()), append(gets, wire.Message(get).CorrelationID())
			c.send(ping)
			c.send(get)
		}
	})
	if limit := 2 * listWindow; most > limit || c.most > limit {
		t.Errorf("the member had %d bytes for the client, and gave it %d at once; limit %d", most, c.most, limit)
	}
	seen := c.keysOf(wire.Message(list).CorrelationID())
	if len(seen) != len(keys) {
		t.Errorf("%d keys, want %d", len(seen), len(keys))
	}
	for key, n := range seen {
		if n != 1 {
			t.Fatalf("%q was seen %d times", key, n)
		}
	}
	for _, id := range slices.Concat(pings, gets) {
		if c.answer(id) == nil {
			t.Errorf("no answer to %d, which came during the list", id)
		}
	}
	c.checkIdle(w.nodes[0].g)
}

// checkIdle fails if anything of listings and fan-outs is left.
func (c *client) checkIdle(g *Gateway) {
	c.w.tb.Helper()
	fans := &g.forward.fans
	if n, b, p, s := fans.n.Load(), fans.bytes.Load(), c.s.pending.Load(), c.s.fanned.Load(); n != 0 || b != 0 || p != 0 || s != 0 {
		c.w.tb.Errorf("left over: %d fan-outs of %d bytes, of the session %d requests, %d bytes", n, b, p, s)
	}
	if c.s.listing.Load() != 0 || c.s.streams() {
		c.w.tb.Errorf("%d listings are left over, streaming %v", c.s.listing.Load(), c.s.streams())
	}
	if st := &c.s.mu.lists; len(st.lists)+len(st.waiting)+len(st.line)+len(st.behind) > 0 || st.open != nil || st.gathered+st.taken > 0 {
		c.w.tb.Errorf("left over in the session: %+v", st)
	}
}

// TestLargeEntriesInLists: of entries that are larger than a step, one at a time is on its way.
func TestLargeEntriesInLists(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	const size, count = 1 << 20, 24
	keys := c.load(count, size)
	c.slow = true
	get := protocol.AppendMapGetAllRequest(nil, w.correlation(), -1, &protocol.MapGetAllRequest{Name: []byte("m"), Keys: keys})
	for _, m := range [][]byte{w.askEntries(), get} {
		c.send(m)
		most := c.readSlowly(nil)
		if limit := 4 * size; most > limit {
			t.Errorf("the member had %d bytes for the client, limit %d", most, limit)
		}
		var a protocol.MapEntrySetResponse
		answer := c.answer(wire.Message(m).CorrelationID())
		if err := protocol.DecodeMapEntrySetResponse(typed(answer, protocol.MapEntrySetResponseType), &a); err != nil || len(a.Response) != count {
			t.Errorf("%d entries, want %d: %v", len(a.Response), count, err)
		}
		c.checkIdle(w.nodes[0].g)
	}
}

// typed gives a message another type.
func typed(m wire.Message, messageType int32) wire.Message {
	m = slices.Clone(m)
	copy(m[wire.FrameHeaderSize:], []byte{byte(messageType), byte(messageType >> 8), byte(messageType >> 16), byte(messageType >> 24)})
	return m
}

// TestListsTakeTurns: of many lists that one client asks for, few are under way, and one at a time is given.
func TestListsTakeTurns(t *testing.T) {
	w, c, keys := listWorld(t, 2, nil)
	var ids []int64
	for range 3 * maxLists {
		m := w.askKeys()
		ids = append(ids, wire.Message(m).CorrelationID())
		c.begin(m)
	}
	most := c.readSlowly(nil)
	if limit := 2 * maxLists * listWindow; most > limit {
		t.Errorf("the member had %d bytes for the client, limit %d", most, limit)
	}
	for _, id := range ids {
		if seen := c.keysOf(id); len(seen) != len(keys) {
			t.Errorf("%d keys, want %d", len(seen), len(keys))
		}
	}
	c.checkIdle(w.nodes[0].g)
}

// TestAbandonedList: a client that goes away in the middle of an answer leaves nothing behind, and nothing more is done for it.
func TestAbandonedList(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, other := w.nodes[0].connect(), w.nodes[0].connect()
	c.load(60_000, 10)
	c.slow = true
	for range maxLists + 2 {
		c.begin(w.askEntries())
	}
	w.run()
	if !c.takeOnce() || c.listed() == 0 {
		t.Fatal("nothing is given")
	}
	asked := w.nodes[0].g.forward.mu.next
	c.s.Closed()
	w.run()
	w.pass(time.Second)
	if c.listed() != 0 {
		t.Errorf("%d bytes are left", c.listed())
	}
	if n := w.nodes[0].g.forward.mu.next - asked; n > uint64(2*partitions) {
		t.Errorf("%d steps were made at the other member for nobody", n)
	}
	c.checkIdle(w.nodes[0].g)
	if n := other.size(); n != 60_000 {
		t.Errorf("size %d", n)
	}
}

// TestListWhileItsOwnerDies: a member dies, and a partition moves, while an answer is given. What stays is listed once; the client sees
// no error, of which it could not be told any more.
func TestListWhileItsOwnerDies(t *testing.T) {
	w, c, keys := listWorld(t, 3, nil)
	m := w.askKeys()
	c.send(m)
	if !c.takeOnce() {
		t.Fatal("nothing is given")
	}
	w.kill(w.nodes[2])
	w.list = &cluster.List{Mark: cluster.Mark{Version: 2}, Members: w.list.Members[:2]}
	gone := map[int32]bool{1: true}
	w.move(1, 0) // alive, and without its data in this world
	for id := range w.table.Partitions {
		if w.table.Partitions[id].Primary() == w.nodes[2].id {
			gone[int32(id)] = true
			w.move(id, id%2)
		}
	}
	w.install()
	for range 100 {
		w.pass(100 * time.Millisecond)
		c.takeOnce()
	}
	seen := c.keysOf(wire.Message(m).CorrelationID())
	for _, key := range keys {
		if n := seen[string(key)]; n > 1 || (n == 0 && !gone[place(key)]) {
			t.Fatalf("%q was seen %d times", key, n)
		}
	}
	c.checkIdle(w.nodes[0].g)
}

// TestListThatCannotBeFinished: when a partition stays without a primary, an answer that is begun cannot be ended: the connection is.
func TestListThatCannotBeFinished(t *testing.T) {
	w, c, _ := listWorld(t, 2, func(o *Options) { o.Limits.HeartbeatTimeout = time.Hour })
	c.send(w.askEntries())
	if !c.takeOnce() {
		t.Fatal("nothing is given")
	}
	w.table = w.table.Clone()
	w.table.Version++
	w.table.Partitions[1] = cluster.Assignment{Epoch: 2}
	w.install()
	c.slow = false
	c.take()
	w.pass(30 * time.Second)
	if c.closed != nil {
		t.Fatalf("closed at once: %v", c.closed)
	}
	w.pass(3 * time.Minute)
	if !errors.Is(c.closed, errCut) || !strings.Contains(fmt.Sprint(c.closed), "Map.entrySet, partition 1") {
		t.Errorf("closed: %v", c.closed)
	}
	c.s.Closed()
	w.run()
	c.checkIdle(w.nodes[0].g)
}

// TestShortListFails: until an answer is begun, an error is the answer.
func TestShortListFails(t *testing.T) {
	w := newWorld(t, 2, func(o *Options) { o.Limits.HeartbeatTimeout = time.Hour })
	c := w.nodes[0].connect()
	w.table = w.table.Clone()
	w.table.Version++
	w.table.Partitions[1] = cluster.Assignment{Epoch: 2}
	w.install()
	m := w.askKeys()
	c.send(m)
	w.pass(2 * time.Minute)
	if a := c.answer(wire.Message(m).CorrelationID()); a == nil || !isFault(a) || c.closed != nil {
		t.Errorf("answer %x, closed: %v", a, c.closed)
	}
	c.checkIdle(w.nodes[0].g)
}

// TestListWithoutLease: a member that must not answer gives no further piece of a list, nor anything that would be in the midst of it.
func TestListWithoutLease(t *testing.T) {
	w, c, keys := listWorld(t, 1, nil)
	m := w.askKeys()
	c.send(m)
	if !c.takeOnce() {
		t.Fatal("nothing is given")
	}
	w.nodes[0].lease = false
	c.send(w.ping())
	w.run()
	if c.takeOnce() {
		t.Error("without a lease there is output")
	}
	w.nodes[0].lease, c.slow = true, false
	c.take()
	w.pass(time.Second)
	if seen := c.keysOf(wire.Message(m).CorrelationID()); len(seen) != len(keys) {
		t.Errorf("%d keys, want %d", len(seen), len(keys))
	}
}

// TestStepsAreStrict: a step brings no more than it may, unless it may bring one entry of any size.
func TestStepsAreStrict(t *testing.T) {
	var p page
	for room := range 400 {
		p = page{room: room, strict: true}
		sizes := []int{10, 20, 30, 40}
		at := 0
		for ; at < len(sizes) && p.add(uint32(at+1), showKey, make([]byte, sizes[at]), nil); at++ {
		}
		if len(p.dst) > room {
			t.Errorf("room %d: %d bytes", room, len(p.dst))
		}
	}
	p = page{room: 10}
	if p.add(7, showKey, make([]byte, 100), nil) || len(p.dst) != 100+wire.FrameHeaderSize || p.full {
		t.Error("an entry alone finds no room")
	}
	// Entries of one hash go together or not at all.
	p = page{room: 50, strict: true}
	p.add(1, showKey, make([]byte, 10), nil)
	p.add(2, showKey, make([]byte, 10), nil)
	if p.add(2, showKey, make([]byte, 30), nil); len(p.dst) != 10+wire.FrameHeaderSize || p.next(3, false) != 2 {
		t.Errorf("%d bytes, next %d", len(p.dst), p.next(3, false))
	}
	m := wire.Message(protocol.AppendMapKeySetRequest(nil, 9, -1, &protocol.MapKeySetRequest{}))
	if room, strict, is := stepOf(m); room != stepBytes || strict || is {
		t.Errorf("a message that is no step: %d %v %v", room, strict, is)
	}
	setStep(m, 5, 1000)
	if room, strict, is := stepOf(m); room != 1000 || !strict || !is || m.CorrelationID() != 5 {
		t.Errorf("a step: %d %v %v", room, strict, is)
	}
	setStep(m, 5, alone)
	if room, strict, is := stepOf(m); room != stepBytes || strict || !is {
		t.Errorf("a step for one entry: %d %v %v", room, strict, is)
	}
}

// TestLargeBatches: batches of many keys run in steps; of a key that comes twice, the last value stays.
func TestLargeBatches(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	for _, id := range []int32{2, 3} { // one here, one at the other member
		put := protocol.MapPutAllRequest{Name: []byte("m")}
		get := protocol.MapGetAllRequest{Name: []byte("m")}
		for i := 0; len(get.Keys) < 3*batchKeys; i++ {
			if key := data("batch " + strconv.Itoa(i)); place(key) == id {
				get.Keys = append(get.Keys, key)
				put.Entries = append(put.Entries, protocol.Entry{Key: key, Value: data("old")})
			}
		}
		for _, key := range get.Keys {
			put.Entries = append(put.Entries, protocol.Entry{Key: key, Value: key})
		}
		if a := c.call(protocol.AppendMapPutAllRequest(nil, w.correlation(), id, &put)); a.Type() != protocol.MapPutAllResponseType {
			t.Fatalf("answer %#06x", a.Type())
		}
		var got protocol.MapGetAllResponse
		if err := protocol.DecodeMapGetAllResponse(c.call(protocol.AppendMapGetAllRequest(nil, w.correlation(), id, &get)), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Response) != len(get.Keys) {
			t.Errorf("%d entries, want %d", len(got.Response), len(get.Keys))
		}
		for _, e := range got.Response {
			if !bytes.Equal(e.Key, e.Value) {
				t.Fatalf("%q is %q", e.Key, e.Value)
			}
		}
	}
	c.checkIdle(w.nodes[0].g)
	list, err := w.nodes[0].g.batches(slices.Repeat([][]byte{keyAt(1), keyAt(2)}, 1000), func(int) int { return 1 << 10 })
	if err != nil {
		t.Fatal(err)
	}
	next := map[int32]int{1: 0, 2: 1}
	for _, b := range list {
		if len(b.items) > stepBytes>>10 {
			t.Errorf("a batch of %d KiB", len(b.items))
		}
		for _, i := range b.items {
			if i != next[b.id] {
				t.Fatalf("key %d of partition %d, want %d", i, b.id, next[b.id])
			}
			next[b.id] += 2
		}
	}
}

// TestFailedStepsAreMadeAgain: a step that fails while an answer is given is made again a moment later, and the answer is whole.
func TestFailedStepsAreMadeAgain(t *testing.T) {
	w, c, keys := listWorld(t, 2, nil)
	m := w.askKeys()
	c.send(m)
	if !c.takeOnce() {
		t.Fatal("nothing is given")
	}
	l := c.s.mu.lists.open
	l.mu.Lock()
	last := len(l.mu.todo) - 1
	q := l.ask(l.mu.todo[last], nil, w.now)
	l.mu.todo = l.mu.todo[:last]
	l.mu.Unlock()
	l.Answer(&q, appendFault(nil, 0, partition.ErrOverloaded))
	c.slow = false
	c.take()
	w.pass(time.Second)
	seen := c.keysOf(wire.Message(m).CorrelationID())
	for _, key := range keys {
		if seen[string(key)] != 1 {
			t.Fatalf("%q was seen %d times", key, seen[string(key)])
		}
	}
	c.checkIdle(w.nodes[0].g)
}

// TestListOfOnePartition: keys of one partition are answered without a listing; with one where a step is not enough, or is answered later.
func TestListOfOnePartition(t *testing.T) {
	w := newWorld(t, 1, nil)
	c := w.nodes[0].connect()
	get := protocol.MapGetAllRequest{Name: []byte("m")}
	for i := 0; len(get.Keys) < 40; i++ {
		if key := data("one " + strconv.Itoa(i)); place(key) == 3 {
			get.Keys = append(get.Keys, key)
			c.call(w.set("m", key, data(strings.Repeat("x", 10_000))))
		}
	}
	ask := func(keys int) wire.Message {
		return protocol.AppendMapGetAllRequest(nil, w.correlation(), 3, &protocol.MapGetAllRequest{Name: get.Name, Keys: get.Keys[:keys]})
	}
	check := func(m wire.Message, keys int) {
		t.Helper()
		var got protocol.MapGetAllResponse
		if err := protocol.DecodeMapGetAllResponse(m, &got); err != nil || len(got.Response) != keys {
			t.Errorf("%d entries, want %d: %v", len(got.Response), keys, err)
		}
		c.checkIdle(w.nodes[0].g)
	}
	check(c.call(ask(5)), 5)
	check(c.call(ask(40)), 40)
	m := ask(1)
	id, ok := w.nodes[0].g.onePlace(m, 1)
	if !ok || id != 3 {
		t.Errorf("one key is of partition %d, %v", id, ok)
	}
	c.s.list = directList{s: c.s, r: reply{s: c.s, h: w.nodes[0].g.find(m.Type()), correlation: m.CorrelationID()}, room: stepBytes}
	q := partition.Request{Partition: 3, Message: m, Answerer: &c.s.list}
	q.Answerer.Keep(&q)
	q.Answerer.Answer(&q, protocol.AppendMapGetAllResponse(nil, 0, &protocol.MapGetAllResponse{Response: []protocol.Entry{{Key: get.Keys[0], Value: get.Keys[1]}}}))
	w.run()
	check(c.answer(m.CorrelationID()), 1)
	for name, keys := range map[string][][]byte{
		"of two partitions": {keyAt(1), keyAt(2)}, "too many": slices.Repeat([][]byte{keyAt(1)}, batchKeys+1), "none": {}, "short": {{1}},
	} {
		m := protocol.AppendMapGetAllRequest(nil, 1, 3, &protocol.MapGetAllRequest{Name: get.Name, Keys: keys})
		if _, ok := w.nodes[0].g.onePlace(m, 1); ok {
			t.Errorf("keys %s are of one partition", name)
		}
	}
}

// TestListsThatStandStill: of the lists of a partition that stands still, a client has as many under way as of others; the rest waits.
func TestListsThatStandStill(t *testing.T) {
	w := newWorld(t, 1, nil)
	n := w.nodes[0]
	c := n.connect()
	key := keyAt(0)
	n.grid.HandOver(0, w.table.Partitions[0].Epoch, cluster.MemberID{1})
	const count = 100
	for range count {
		c.begin(protocol.AppendMapGetAllRequest(nil, w.correlation(), place(key), &protocol.MapGetAllRequest{Name: []byte("m"), Keys: [][]byte{key}}))
	}
	if st := &c.s.mu.lists; len(st.lists) > maxLists || len(st.lists)+len(st.waiting) != count {
		t.Errorf("%d lists are under way and %d wait, want at most %d, and %d in all", len(st.lists), len(st.waiting), maxLists, count)
	}
	if !c.s.full() {
		t.Error("the client is read from, and may ask for more")
	}
}
