package gateway

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/link/memlink"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/store"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// A world is some members in one thread and virtual time, without membership: tests say what the table is.
type world struct {
	tb    testing.TB
	now   time.Duration
	net   *memlink.Network
	nodes []*node
	uuids uint64
	list  *cluster.List
	table *cluster.Table
	doc   *cluster.Document
	// jobs are what was given to Options.Run, done in order when nobody is on the stack.
	jobs []func()
	next int64 // correlation ids
}

// partitions is few, so that tests come by all of them; benchmarks take as many as a cluster has.
var partitions = 7

// node is one member.
type node struct {
	w       *world
	id      cluster.MemberID
	address cluster.Address
	hub     *memlink.Endpoint
	grid    *partition.Grid
	g       *Gateway
	view    *cluster.View
	lease   bool
	deaf    time.Duration // since when it hears nobody, 0: it hears everybody
	dead    bool
}

func newWorld(tb testing.TB, members int, change func(*Options)) *world {
	tb.Helper()
	w := &world{tb: tb}
	w.net = memlink.New(memlink.Options{Now: func() time.Duration { return w.now }, Rand: rand.New(rand.NewPCG(1, 2))})
	w.doc = &cluster.Document{Version: 1, ClusterID: w.uuid(), PartitionCount: int32(partitions)}
	w.list = &cluster.List{Mark: cluster.Mark{Version: 1}}
	w.table = &cluster.Table{Version: 1, Partitions: make([]cluster.Assignment, partitions)}
	for i := range members {
		w.add(i, change)
	}
	for i := range w.table.Partitions {
		w.table.Partitions[i] = w.assign(1, i%members)
	}
	w.meet()
	w.install()
	return w
}

func (w *world) uuid() cluster.UUID {
	w.uuids++
	var id cluster.UUID
	binary.BigEndian.PutUint64(id[8:], w.uuids)
	return id
}

func (w *world) add(i int, change func(*Options)) {
	n := &node{w: w, id: w.uuid(), address: cluster.Address{Host: "127.0.0.1", Port: uint16(5701 + i)}, lease: true}
	n.view = &cluster.View{Self: n.id}
	n.hub = w.net.Endpoint(n.id, n.address, n)
	events := event.NewRegistry()
	arena, err := store.NewArena()
	if err != nil {
		w.tb.Fatal(err)
	}
	maps := imap.New(imap.Options{Partitions: partitions, Arena: arena, Config: func(name string) imap.Config {
		return imap.Config{Statistics: true, ReadBackupData: name == "stale"}
	}})
	logger := slog.New(slog.DiscardHandler)
	n.grid = partition.New(partition.Options{
		Count: int32(partitions), Self: n.id, Hub: n.hub, Events: events, Clock: func() int64 { return w.now.Milliseconds() + 1 },
		Structures: [partition.Kinds]partition.Structure{partition.KindMap: maps},
		Report:     func(partition.Report) {}, UUID: w.uuid, ConfirmTimeout: 60_000, Patience: 60_000, Logger: logger,
	})
	o := Options{
		Credentials: passwords("", ""), Config: func() string { return "" },
		Self: n.id, ClusterName: "dev", ServerVersion: "5.5.0", Cluster: n, Grid: n.grid, Maps: maps, Events: events, Hub: n.hub,
		Clock: func() time.Duration { return w.now }, UUID: w.uuid, Logger: logger,
		Run: func(job func()) { w.jobs = append(w.jobs, job) },
	}
	if change != nil {
		change(&o)
	}
	n.g = New(o)
	w.nodes = append(w.nodes, n)
	w.list.Members = append(w.list.Members, cluster.Member{ID: n.id, Address: n.address, Build: [3]byte{5, 5, 0}})
}

// assign makes the node at index i the primary.
func (w *world) assign(epoch uint64, i int) cluster.Assignment {
	return cluster.Assignment{Epoch: epoch, Replicas: []cluster.Replica{{Member: w.nodes[i].id, State: cluster.InSync}}}
}

// move makes another node the primary of a partition.
func (w *world) move(id, to int) {
	w.table = w.table.Clone()
	w.table.Version++
	w.table.Partitions[id] = w.assign(w.table.Partitions[id].Epoch+1, to)
}

func (w *world) meet() {
	for _, n := range w.alive() {
		var peers []link.Peer
		for _, m := range w.alive() {
			if m != n {
				peers = append(peers, link.Peer{ID: m.id, Address: m.address})
			}
		}
		n.hub.SetPeers(peers)
	}
	w.run()
}

func (w *world) alive() []*node {
	return slices.DeleteFunc(slices.Clone(w.nodes), func(n *node) bool { return n.dead })
}

// install gives everybody alive, or those named, the present list, table and document.
func (w *world) install(nodes ...*node) {
	if len(nodes) == 0 {
		nodes = w.alive()
	}
	for _, n := range nodes {
		old := n.view
		n.view = &cluster.View{
			Self: n.id, Joined: true, ClusterID: w.doc.ClusterID, List: w.list, Table: w.table, Document: w.doc,
		}
		n.grid.Install(w.table)
		n.g.ViewChanged(old, n.view)
	}
	w.run()
}

// kill ends a member; its partitions go to the node at index heir, once the others hear of it.
func (w *world) kill(n *node) {
	n.dead = true
	w.net.Crash(n.address)
	w.run()
}

// run lets everything happen that happens by itself.
func (w *world) run() {
	for range 100_000 {
		if len(w.jobs) > 0 {
			job := w.jobs[0]
			w.jobs = w.jobs[1:]
			job()
			continue
		}
		if w.net.Step() {
			continue
		}
		at, ok := w.net.Next()
		if !ok || at > w.now+50*time.Millisecond {
			return // what is left are attempts to connect
		}
		w.now = max(w.now, at)
	}
	w.tb.Fatal("the world does not come to rest")
}

// pass lets time pass, with ticks.
func (w *world) pass(d time.Duration) {
	for end := w.now + d; w.now < end; {
		w.now += 100 * time.Millisecond
		for _, n := range w.alive() {
			n.grid.Tick()
			n.g.Tick()
		}
		w.run()
	}
}

// The node is its gateway's Cluster and its hub's Handler.

func (n *node) View() *cluster.View { return n.view }
func (n *node) LeaseValid() bool    { return n.lease }

func (n *node) HeardAll() time.Duration {
	if n.deaf != 0 {
		return n.deaf
	}
	return n.w.now
}

func (n *node) Change(c Change, done func(error)) {
	n.w.jobs = append(n.w.jobs, func() {
		switch c.Kind {
		case CreateObject:
			n.w.doc = n.w.doc.WithObject(cluster.ObjectEntry{Object: c.Object})
		case DestroyObject:
			n.w.doc = n.w.doc.WithoutObject(c.Object)
		case AddSchema:
			n.w.doc = n.w.doc.WithSchema(c.Schema)
		}
		n.w.install()
		done(nil)
	})
}

func (n *node) Hello() link.Hello {
	return link.Hello{MinVersion: 1, MaxVersion: 1, ClusterName: "dev", From: n.id, Address: n.address, PartitionCount: int32(partitions)}
}
func (*node) Accept(link.Hello) error { return nil }

func (n *node) Frame(from cluster.MemberID, lane link.Lane, frame []byte) error {
	if lane == link.Forward {
		return n.g.Frame(from, frame)
	}
	return n.grid.Frame(from, frame)
}

func (n *node) Idle(from cluster.MemberID, lane link.Lane) {
	if lane == link.Forward {
		n.g.Idle(from)
	} else {
		n.grid.Idle(from)
	}
}

func (n *node) LaneUp(peer cluster.MemberID, lane link.Lane) {
	if lane == link.Forward {
		n.g.LaneUp(peer, lane)
	} else {
		n.grid.LaneUp(peer, lane)
	}
}

func (n *node) LaneDown(peer cluster.MemberID, lane link.Lane, _ error) {
	if lane == link.Forward {
		n.g.LaneDown(peer, lane)
	} else {
		n.grid.LaneDown(peer, lane)
	}
}
func (*node) Asked(link.Hello, []byte, func([]byte)) {}

// A client is a session and what it was sent.
type client struct {
	w      *world
	s      *Session
	id     cluster.UUID
	closed error
	got    []wire.Message
	// in is the beginning of a message, most what was taken at once at most.
	in   []byte
	most int
	// slow: it reads when it is told to.
	slow bool
}

func (c *client) Wake() {
	if !c.slow {
		c.w.jobs = append(c.w.jobs, c.take)
	}
}
func (*client) Tick()             {}
func (c *client) Close(err error) { c.closed = err }
func (c *client) String() string  { return fmt.Sprint(c.id) }
func (c *client) types() []int32  { return typesOf(c.got) }
func typesOf(m []wire.Message) (types []int32) {
	for i := range m {
		types = append(types, m[i].Type())
	}
	return types
}

func (c *client) take() {
	for c.takeOnce() {
	}
}

// takeOnce reads what there is, and tells whether that was something.
func (c *client) takeOnce() bool {
	out := c.s.Take(nil)
	c.most = max(c.most, len(out))
	if len(out) > 0 {
		for c.in = append(c.in, out...); len(c.in) > 0; {
			m, rest, _, err := wire.Cut(c.in, wire.Limits{MaxMessage: 1 << 30})
			if err != nil {
				c.w.tb.Fatalf("output that is no message: %v", err)
			}
			if m == nil {
				break
			}
			c.got = append(c.got, slices.Clone(m))
			c.in = rest
		}
	}
	return len(out) > 0
}

// connect makes a session; unless raw, it is authenticated.
func (n *node) connect() *client {
	n.w.tb.Helper()
	c := n.raw()
	c.id = n.w.uuid()
	a := c.call(authentication(n.w.correlation(), "dev", "", "", c.id))
	var answer protocol.ClientAuthenticationResponse
	if err := protocol.DecodeClientAuthenticationResponse(a, &answer); err != nil || answer.Status != 0 {
		n.w.tb.Fatalf("authentication: status %d, %v", answer.Status, err)
	}
	return c
}

func (n *node) raw() *client {
	c := &client{w: n.w}
	c.s = n.g.NewSession(c)
	return c
}

func authentication(correlation int64, name, user, password string, id cluster.UUID) []byte {
	return protocol.AppendClientAuthenticationRequest(nil, correlation, -1, &protocol.ClientAuthenticationRequest{
		ClusterName: []byte(name), Username: []byte(user), Password: []byte(password), UUID: protocol.UUID(id),
		ClientType: []byte("GOO"), SerializationVersion: 1, ClientHazelcastVersion: []byte("5.5.0"), ClientName: []byte("c"),
		Labels: [][]byte{[]byte("a"), []byte("b")},
	})
}

func (w *world) correlation() int64 {
	w.next++
	return w.next
}

// send gives a message to the session and lets everything happen.
func (c *client) send(m []byte) {
	c.s.Attend()
	if err := c.s.Handle(slices.Clone(m)); err != nil {
		c.closed = err
	}
	if c.s.Settle() && !c.slow {
		c.take()
	}
	c.w.run()
}

// answer returns the answer to a correlation id, nil when there is none.
func (c *client) answer(correlation int64) wire.Message {
	for _, m := range c.got {
		if m.CorrelationID() == correlation && m.Flags()&wire.FlagEvent == 0 {
			return m
		}
	}
	return nil
}

// call sends a message and returns its answer, which must come.
func (c *client) call(m []byte) wire.Message {
	c.w.tb.Helper()
	c.send(m)
	a := c.answer(wire.Message(m).CorrelationID())
	if a == nil {
		c.w.tb.Fatalf("no answer to %#06x", wire.Message(m).Type())
	}
	return a
}

// fails calls and returns the error that is the answer.
func (c *client) fails(m []byte) protocol.ErrorHolder {
	c.w.tb.Helper()
	holders, err := protocol.DecodeError(c.call(m), nil)
	if err != nil || len(holders) == 0 {
		c.w.tb.Fatalf("answer to %#06x is no error: %v", wire.Message(m).Type(), err)
	}
	return holders[0]
}

// data is the Data of a string.
func data(s string) []byte { return serial.AppendString(nil, s) }

func place(key []byte) int32 { return serial.PartitionID(serial.Hash(key), int32(partitions)) }

// keyAt returns a key of a partition.
func keyAt(id int32) []byte {
	for i := 0; ; i++ {
		if key := data(fmt.Sprintf("key-%d", i)); place(key) == id {
			return key
		}
	}
}

func (w *world) put(name string, key, value []byte) []byte {
	return protocol.AppendMapPutRequest(nil, w.correlation(), place(key),
		&protocol.MapPutRequest{Name: []byte(name), Key: key, Value: value, TTL: -1})
}

func (w *world) set(name string, key, value []byte) []byte {
	return protocol.AppendMapSetRequest(nil, w.correlation(), place(key),
		&protocol.MapSetRequest{Name: []byte(name), Key: key, Value: value, TTL: -1})
}

func (w *world) get(name string, key []byte) []byte {
	return protocol.AppendMapGetRequest(nil, w.correlation(), place(key), &protocol.MapGetRequest{Name: []byte(name), Key: key})
}

func (c *client) value(name string, key []byte) []byte {
	c.w.tb.Helper()
	var a protocol.MapGetResponse
	if err := protocol.DecodeMapGetResponse(c.call(c.w.get(name, key)), &a); err != nil {
		c.w.tb.Fatalf("get: %v", err)
	}
	return a.Response
}

func (c *client) size() int {
	c.w.tb.Helper()
	var a protocol.MapSizeResponse
	m := protocol.AppendMapSizeRequest(nil, c.w.correlation(), -1, &protocol.MapSizeRequest{Name: []byte("m")})
	if err := protocol.DecodeMapSizeResponse(c.call(m), &a); err != nil {
		c.w.tb.Fatalf("size: %v", err)
	}
	return int(a.Response)
}
