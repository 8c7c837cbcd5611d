package gateway

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

func TestAnyMemberServesAnyPartition(t *testing.T) {
	w := newWorld(t, 3, nil)
	c := w.nodes[0].connect()
	for id := range int32(partitions) {
		key, value := keyAt(id), data(strconv.Itoa(int(id)))
		m := w.set("m", key, value)
		if a := c.call(m); a.Type() != protocol.MapSetResponseType {
			t.Fatalf("partition %d: answer %#06x", id, a.Type())
		}
		if got := c.value("m", key); !bytes.Equal(got, value) {
			t.Errorf("partition %d: value %q", id, got)
		}
	}
	if got := c.size(); got != partitions {
		t.Errorf("size %d", got)
	}
	if n := len(w.nodes[0].g.forward.mu.calls) + int(w.nodes[0].g.forward.bytes.Load()); n != 0 {
		t.Errorf("%d calls or bytes are left over", n)
	}
}

// TestOldTable: the member asked and the owner have different tables, either way around.
func TestOldTable(t *testing.T) {
	for _, who := range []string{"asker is behind", "owner is behind"} {
		t.Run(who, func(t *testing.T) {
			w := newWorld(t, 3, nil)
			c := w.nodes[0].connect()
			w.move(1, 2) // from the second to the third
			behind := w.nodes[0]
			if who == "owner is behind" {
				behind = w.nodes[2]
			}
			for _, n := range w.nodes {
				if n != behind {
					w.install(n)
				}
			}
			key := keyAt(1)
			m := w.set("m", key, data("v"))
			c.send(m)
			if c.answer(wire.Message(m).CorrelationID()) != nil {
				t.Fatal("answered before the tables agree")
			}
			w.install(behind)
			a := c.answer(wire.Message(m).CorrelationID())
			if a == nil || a.Type() != protocol.MapSetResponseType {
				t.Fatalf("answer %v", a)
			}
			if got := c.value("m", key); !bytes.Equal(got, data("v")) {
				t.Errorf("value %q", got)
			}
		})
	}
}

// TestLocalPartitionMovesAway: a partition is not here any more although the view says so.
func TestLocalPartitionMovesAway(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	w.move(0, 1)
	w.install(w.nodes[1])
	w.nodes[0].grid.Install(w.table) // and its view comes later
	m := w.set("m", keyAt(0), data("v"))
	c.send(m)
	if c.answer(wire.Message(m).CorrelationID()) != nil {
		t.Fatal("answered by nobody")
	}
	w.install(w.nodes[0])
	if a := c.answer(wire.Message(m).CorrelationID()); a == nil || a.Type() != protocol.MapSetResponseType {
		t.Fatalf("answer %v", a)
	}
}

func TestLockWaitsOverAMove(t *testing.T) {
	w := newWorld(t, 3, nil)
	holder, waiter := w.nodes[0].connect(), w.nodes[0].connect()
	key := keyAt(1) // owned by the second
	lock := func() []byte {
		return protocol.AppendMapLockRequest(nil, w.correlation(), 1, &protocol.MapLockRequest{
			Name: []byte("m"), Key: key, ThreadID: 1, TTL: -1,
		})
	}
	holder.call(lock())
	m := lock()
	waiter.send(m)
	// The partition goes to the third member; its lock is lost in this world without backups.
	w.move(1, 2)
	w.install()
	a := waiter.answer(wire.Message(m).CorrelationID())
	if a == nil || a.Type() != protocol.MapLockResponseType {
		t.Fatalf("answer %v", a)
	}
}

func TestOwnerDies(t *testing.T) {
	w := newWorld(t, 3, nil)
	c := w.nodes[0].connect()
	key := keyAt(1)
	// Both are on their way to the second member when it dies, and have not arrived.
	get, set := w.get("m", key), w.set("m", key, data("v"))
	for _, m := range [][]byte{get, set} {
		c.s.Attend()
		if err := c.s.Handle(m); err != nil {
			t.Fatal(err)
		}
		c.s.Settle()
	}
	w.kill(w.nodes[1])
	w.list = &cluster.List{Mark: cluster.Mark{Version: 2}, Members: []cluster.Member{w.list.Members[0], w.list.Members[2]}}
	w.table = w.table.Clone()
	w.table.Version++
	for id := range w.table.Partitions {
		if w.table.Partitions[id].Primary() == w.nodes[1].id {
			w.table.Partitions[id] = cluster.Assignment{Epoch: 2}
		}
	}
	w.install()
	if a := c.answer(wire.Message(get).CorrelationID()); a != nil {
		t.Fatalf("a get without a primary is answered with %#06x", a.Type())
	}
	e, err := protocol.DecodeError(c.answer(wire.Message(set).CorrelationID()), nil)
	if err != nil || e[0].ErrorCode != 52 {
		t.Errorf("set: %v %v, want that the target is disconnected", e, err)
	}
	for id := range w.table.Partitions {
		if len(w.table.Partitions[id].Replicas) == 0 {
			w.move(id, 2)
		}
	}
	w.install()
	if a := c.answer(wire.Message(get).CorrelationID()); a == nil || a.Type() != protocol.MapGetResponseType {
		t.Errorf("get: answer %v", a)
	}
}

func TestCallTimesOut(t *testing.T) {
	w := newWorld(t, 2, func(o *Options) { o.Limits.CallTimeout = 10 * time.Second; o.Limits.HeartbeatTimeout = time.Hour })
	c := w.nodes[0].connect()
	w.table = w.table.Clone()
	w.table.Version++
	w.table.Partitions[1] = cluster.Assignment{Epoch: 2}
	w.install()
	m := w.set("m", keyAt(1), data("v"))
	c.send(m)
	w.pass(9 * time.Second)
	if c.answer(wire.Message(m).CorrelationID()) != nil {
		t.Fatal("answered too soon")
	}
	w.pass(2 * time.Second)
	e, err := protocol.DecodeError(c.answer(wire.Message(m).CorrelationID()), nil)
	if err != nil || e[0].ErrorCode != 38 {
		t.Errorf("%v %v, want an operation timeout", e, err)
	}
	if w.nodes[0].g.forward.bytes.Load() != 0 {
		t.Errorf("%d bytes are left over", w.nodes[0].g.forward.bytes.Load())
	}
}

func TestBrokenLane(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	key := keyAt(1)
	get := w.get("m", key)
	c.s.Attend()
	if err := c.s.Handle(get); err != nil {
		t.Fatal(err)
	}
	c.s.Settle()
	if !w.net.Break(w.nodes[0].id, w.nodes[1].id, link.Forward) {
		t.Fatal("no connection to break")
	}
	w.run()
	w.pass(2 * time.Second)
	if a := c.answer(wire.Message(get).CorrelationID()); a == nil || a.Type() != protocol.MapGetResponseType {
		t.Errorf("answer %v", a)
	}
}

func TestOwnerWithoutLeaseHoldsAnswers(t *testing.T) {
	w := newWorld(t, 2, nil)
	c := w.nodes[0].connect()
	w.nodes[1].lease = false
	m := w.set("m", keyAt(1), data("v"))
	c.send(m)
	if c.answer(wire.Message(m).CorrelationID()) != nil {
		t.Fatal("answered by an owner without a lease")
	}
	w.nodes[1].lease = true
	w.pass(100 * time.Millisecond)
	if c.answer(wire.Message(m).CorrelationID()) == nil {
		t.Error("not answered once the lease is back")
	}
}

// TestTooLargeForOthers: what does not fit into the lane between members gets an error, and the lane lives on.
func TestTooLargeForOthers(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.nodes[1].g.maxForwarded = 1000
	c := w.nodes[0].connect()
	key := keyAt(1)
	c.call(w.set("m", key, make([]byte, 2000)))
	if e := c.fails(w.get("m", key)); e.ErrorCode != 69 {
		t.Errorf("answer: error %d", e.ErrorCode)
	}
	w.nodes[0].g.maxForwarded = 1000
	if e := c.fails(w.set("m", key, make([]byte, 2000))); e.ErrorCode != 69 {
		t.Errorf("message: error %d", e.ErrorCode)
	}
	c.call(w.set("m", key, data("v")))
	if got := c.value("m", key); !bytes.Equal(got, data("v")) {
		t.Errorf("value %q", got)
	}
}

func TestReadsOnBackups(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.table = w.table.Clone()
	w.table.Version++
	w.table.Partitions[1] = cluster.Assignment{Epoch: 2, Replicas: []cluster.Replica{
		{Member: w.nodes[1].id, State: cluster.InSync}, {Member: w.nodes[0].id, State: cluster.InSync},
	}}
	w.install()
	w.pass(time.Second)
	c := w.nodes[0].connect()
	key := keyAt(1)
	for _, name := range []string{"stale", "fresh"} {
		c.call(w.set(name, key, data("v")))
		w.pass(200 * time.Millisecond)
		before := w.nodes[0].g.forward.mu.next
		if got := c.value(name, key); !bytes.Equal(got, data("v")) && name == "fresh" {
			t.Errorf("%s: value %q", name, got)
		}
		if forwarded := w.nodes[0].g.forward.mu.next - before; (forwarded == 0) != (name == "stale") {
			t.Errorf("%s: %d calls to the primary", name, forwarded)
		}
	}
}

func FuzzPeerFrame(f *testing.F) {
	w := newWorld(f, 1, nil)
	c := &call{id: 3, handler: w.nodes[0].g.find(protocol.MapGetRequestType)}
	c.request.Message = w.get("m", data("k"))
	f.Add(appendCall(nil, c))
	f.Add(appendCalls(nil, 3, []*call{c, c}))
	f.Add(appendAsk(nil, 4, askMetadata, c.request.Message))
	f.Add([]byte{frameElsewhere, 1, 1, 0, 0, 0, 2})
	f.Add([]byte{framePresent, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add(appendMigration([]byte{frameMigration}, &Migration{Kind: ReplicaMoved}))
	f.Fuzz(func(_ *testing.T, frame []byte) {
		_ = w.nodes[0].g.Frame(cluster.UUID{9}, frame)
		w.nodes[0].g.Idle(cluster.UUID{9})
		w.run()
	})
}

func FuzzHandle(f *testing.F) {
	w := newWorld(f, 1, nil)
	c := w.nodes[0].connect()
	for _, h := range w.nodes[0].g.Served() {
		f.Add(wire.FinishEmpty(wire.AppendNull(wire.AppendString(wire.AppendRequestHead(nil, h.Type, 1, 0, 0), "m"))))
	}
	f.Add(w.put("m", data("k"), data("v")))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, _, err := wire.Cut(b, wire.Limits{})
		if err != nil || m == nil || !m.Flags().Has(wire.FlagUnfragmented) {
			return
		}
		if err := c.s.Handle(m); err != nil {
			t.Fatalf("an authenticated client's message ends the connection: %v", err)
		}
		w.run()
		c.take()
		c.got = nil
	})
}
