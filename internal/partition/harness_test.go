package partition_test

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// compareInterval is how often backups are compared, in ms.
const compareInterval = 1000

// silence is for how long a backup may get no further, in ms.
const silence = 10_000

// maxParked and maxParkedClient bound what waits in these tests.
const (
	maxParked       = 6
	maxParkedClient = 4
)

// world is a few grids in one thread over a network that delivers when told.
type world struct {
	t       *testing.T
	now     int64
	nodes   map[byte]*node
	order   []byte
	wire    []frame
	table   *cluster.Table
	reports []partition.Report
	// drop tells which frames get lost.
	drop func(f frame) bool
	// all: writes wait for all backups, as in a cluster of 0.1.
	all bool
}

type frame struct {
	from, to byte
	lane     link.Lane
	body     []byte
}

type node struct {
	w       *world
	id      byte
	grid    *partition.Grid
	answers []string
	full    bool // its links have no room
	poor    bool // it has no memory for a copy
	frames  int  // after so many frames they have none, if not 0
	// maps are the latest fragments by name.
	maps  map[string]*fragment
	guard partition.Guard
}

func id(n byte) cluster.MemberID { return cluster.MemberID{n} }

func newWorld(t *testing.T, ids ...byte) *world {
	t.Helper()
	w := &world{t: t, now: 1000, nodes: map[byte]*node{}, order: ids, table: &cluster.Table{Partitions: make([]cluster.Assignment, 1)}}
	for _, n := range ids {
		x := &node{w: w, id: n, maps: map[string]*fragment{}}
		x.grid = partition.New(partition.Options{
			Count: 1, Self: id(n), Hub: x, Events: event.NewRegistry(),
			Structures: [partition.Kinds]partition.Structure{partition.KindMap: structure{x}},
			Clock:      func() int64 { return w.now },
			Report:     func(r partition.Report) { w.reports = append(w.reports, r) },
			UUID:       func() cluster.UUID { return cluster.UUID{n} },
			Patience:   60_000, ConfirmTimeout: 30_000, CompareInterval: compareInterval, Silence: silence, Logger: slog.New(slog.DiscardHandler),
			MaxParked: maxParked, MaxParkedClient: maxParkedClient,
			FirstBackups: func() bool { return !w.all }, Room: func() bool { return !x.poor },
		})
		w.nodes[n] = x
	}
	return w
}

// assign installs a table with the replicas given on the members named, all if none are.
// A negative number is a replica that is catching up.
func (w *world) assign(replicas []int, on ...byte) {
	w.t.Helper()
	a := cluster.Assignment{Epoch: w.table.Partitions[0].Epoch + 1}
	for _, n := range replicas {
		r := cluster.Replica{Member: id(byte(max(n, -n))), State: cluster.InSync}
		if n < 0 {
			r.State = cluster.CatchingUp
		}
		if n == 0 {
			r.Member = cluster.MemberID{}
		}
		a.Replicas = append(a.Replicas, r)
	}
	w.table = &cluster.Table{Version: w.table.Version + 1, Partitions: []cluster.Assignment{a}}
	if len(on) == 0 {
		on = w.order
	}
	for _, n := range on {
		w.nodes[n].grid.Install(w.table)
	}
}

// pump delivers everything that is on its way, and what comes of it.
func (w *world) pump() {
	w.t.Helper()
	for range 100_000 {
		if len(w.wire) == 0 {
			return
		}
		f := w.wire[0]
		w.wire = w.wire[1:]
		if (w.drop != nil && w.drop(f)) || w.nodes[f.to] == nil {
			continue
		}
		g := w.nodes[f.to].grid
		if err := g.Frame(id(f.from), f.body); err != nil {
			w.t.Fatalf("frame from %d to %d: %v", f.from, f.to, err)
		}
		g.Idle(id(f.from))
	}
	w.t.Fatal("the members talk without end")
}

// pass lets time pass, with ticks and frames.
func (w *world) pass(ms int64) {
	w.t.Helper()
	for end := w.now + ms; w.now < end; {
		w.now += 100
		for _, n := range w.order {
			w.nodes[n].grid.Tick()
		}
		w.pump()
	}
}

// kill takes a member out: its frames get lost, sent or not.
func (w *world) kill(n byte) {
	w.order = slices.DeleteFunc(w.order, func(o byte) bool { return o == n })
	delete(w.nodes, n)
	w.wire = slices.DeleteFunc(w.wire, func(f frame) bool { return f.from == n || f.to == n })
	for _, o := range w.order {
		for lane := range link.Lanes {
			w.nodes[o].grid.LaneDown(id(n), lane)
		}
	}
}

func (w *world) reported(kind partition.ReportKind, member byte) bool {
	epoch := w.table.Partitions[0].Epoch
	return slices.ContainsFunc(w.reports, func(r partition.Report) bool {
		return r.Kind == kind && r.Member == id(member) && r.Epoch == epoch
	})
}

// The node is its own hub.

func (*node) SetPeers([]link.Peer) {}
func (*node) Close()               {}

func (*node) Ask(cluster.Address, []byte, time.Duration, func(link.Reply)) {}

func (n *node) Send(to cluster.MemberID, lane link.Lane, body []byte) bool {
	n.w.wire = append(n.w.wire, frame{n.id, to[0], lane, slices.Clone(body)})
	if n.frames > 0 && body[0] == 1 { // an effect
		n.frames--
		n.full = n.frames == 0
	}
	return true
}

func (n *node) Room(cluster.MemberID, link.Lane) int {
	if n.full {
		return 1
	}
	return 1 << 30
}

// The node is its own client, too: requests are lines such as "put k v", "get k", "size m", "wait k"; "put2" is of a
// map with two backups, "put0" one that waits for none.

func (n *node) askAs(client byte, line string) {
	n.grid.Submit(&partition.Request{Answerer: n, Runner: n, Client: cluster.UUID{client}, Message: []byte(line)})
}

func (n *node) ask(line string) {
	n.grid.Submit(&partition.Request{Answerer: n, Runner: n, Message: []byte(line)})
}

func (n *node) Answer(_ *partition.Request, body []byte) { n.answers = append(n.answers, string(body)) }

func (*node) Keep(*partition.Request) {}

func (n *node) Reroute(r *partition.Request) {
	n.answers = append(n.answers, "elsewhere: "+string(r.Message))
}

func (*node) Fail(dst []byte, r *partition.Request, err error) []byte {
	return fmt.Appendf(dst, "%s: %v", r.Message, err)
}

func (n *node) Run(tx *partition.Tx, r *partition.Request) {
	if n.guard != nil {
		tx.Protect(n.guard)
	}
	words := strings.Fields(string(r.Message))
	key := words[1]
	hash := uint32(key[0])
	name, backups := []byte("m"), partition.Backups{Sync: 1}
	switch words[0] {
	case "put2":
		name, backups = []byte("m2"), partition.Backups{Sync: 2}
	case "putin":
		name = []byte(words[3])
	case "put0":
		backups = partition.Backups{Async: 1}
	}
	switch words[0] {
	case "put", "put2", "put0", "putin":
		f := tx.Open(partition.KindMap, name).(*fragment)
		f.values[key] = words[2]
		dst := tx.BeginKey(partition.KindMap, name, hash, backups)
		tx.Commit(appendPut(dst, key, words[2]))
		tx.Wake(hash)
		tx.Reply = append(tx.Reply, "ok"...)
	case "get":
		tx.Saw(hash)
		if f, ok := tx.Find(partition.KindMap, name).(*fragment); ok {
			tx.Reply = append(tx.Reply, key+"="+f.values[key]...)
		}
	case "size":
		tx.SawAll()
		if f, ok := tx.Find(partition.KindMap, name).(*fragment); ok {
			tx.Reply = fmt.Appendf(tx.Reply, "size=%d", len(f.values))
		}
	case "wait": // until there is a value
		f, _ := tx.Find(partition.KindMap, name).(*fragment)
		switch {
		case f != nil && f.values[key] != "":
			tx.Saw(hash)
			tx.Reply = append(tx.Reply, "waited for "+f.values[key]...)
		case tx.Expired:
			tx.Reply = append(tx.Reply, "waited in vain"...)
		default:
			tx.Park(hash, 5000, math.MaxInt64)
		}
	}
}

func appendPut(dst []byte, key, value string) []byte {
	return packed.AppendString(packed.AppendString(dst, key), value)
}

// last is the latest answer, taken off the list.
func (n *node) last() string {
	if len(n.answers) == 0 {
		return ""
	}
	a := n.answers[len(n.answers)-1]
	n.answers = nil
	return a
}

// structure is the plainest map.
type structure struct{ n *node }

func (s structure) NewFragment(_ partition.ID, name string) partition.Fragment {
	f := &fragment{name: name, values: map[string]string{}}
	s.n.maps[name] = f
	return f
}

type fragment struct {
	name    string
	values  map[string]string
	primary bool
	ticks   int
	// old are the effects that were applied as no writes of late.
	old int
}

// The fragment remembers nothing of late (partition.Recalling).

func (*fragment) Recall([]byte)         {}
func (*fragment) RecallAll()            {}
func (*fragment) Recalled(func([]byte)) {}
func (f *fragment) ApplyOld(effect []byte) error {
	f.old++
	return f.Apply(effect)
}

func (f *fragment) Apply(effect []byte) error {
	r := packed.NewReader(effect)
	f.values[r.String()] = r.String()
	return r.Err()
}

func (f *fragment) Snapshot(cursor uint64, limit int, emit func([]byte)) (uint64, bool) {
	keys := slices.Sorted(maps.Keys(f.values))
	for limit > 0 && cursor < uint64(len(keys)) {
		effect := appendPut(nil, keys[cursor], f.values[keys[cursor]])
		emit(effect)
		limit -= len(effect)
		cursor++
	}
	return cursor, cursor == uint64(len(keys))
}

func (f *fragment) Sum(cursor, end uint64, limit int) (s partition.Sum, next uint64, done bool) {
	next, done = f.Snapshot(cursor, limit, func(effect []byte) {
		if cursor++; cursor > end {
			return
		}
		s.Entries++
		s.Bytes += uint64(len(effect))
		for _, b := range effect {
			s.Hash = s.Hash*31 + uint64(b)
		}
	})
	return s, next, done
}

func (f *fragment) Name() string                         { return f.name }
func (f *fragment) Tick(*partition.Tx)                   { f.ticks++ }
func (f *fragment) SetPrimary(primary bool, _ int64)     { f.primary = primary }
func (*fragment) ClientGone(*partition.Tx, cluster.UUID) {}
func (f *fragment) Empty() bool                          { return len(f.values) == 0 }
func (f *fragment) Usage(u *partition.Usage)             { u.Entries += int64(len(f.values)) }
func (*fragment) Release()                               {}
func (*fragment) Prefetch(uint32, int)                   {}
