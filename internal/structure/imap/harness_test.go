package imap_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// pair is two members with one partition: the primary and a backup, joined by
// a wire that the test pumps, under a clock that the test moves.
type pair struct {
	t       testing.TB
	now     int64
	config  imap.Config
	members [2]*member
	primary int
	epoch   uint64
	table   *cluster.Table
	// dataMembers is how many there are.
	dataMembers int
	frames      []frame
	ops         []operation
	// log is what happened since the last look: events, answers of parked operations.
	log []string
	// bulk counts frames of transfers.
	bulk int
	// alone throws away what the primary sends.
	alone bool
	// slow leaves frames to some.
	slow bool
	// held stops the wire, so nothing is acknowledged.
	held bool
	// before: the cluster is of the version before, whose replicas do not share calls.
	before bool
	// era and list are the versions that Options.Era tells.
	era, list int32
}

type member struct {
	p      *pair
	id     cluster.MemberID
	arena  *store.Arena
	maps   *imap.Structure
	grid   *partition.Grid
	events *event.Registry
}

type frame struct {
	from, to cluster.MemberID
	lane     link.Lane
	body     []byte
}

// operation is what a request does: the runner finds it by its number.
type operation struct {
	name string
	run  func(tx *partition.Tx) error
	done bool
}

func newPair(t testing.TB, config imap.Config) *pair {
	t.Helper()
	p := &pair{t: t, now: 1_000_000, config: config, dataMembers: 1}
	for i := range p.members {
		p.members[i] = p.newMember(i)
	}
	p.lead(0)
	return p
}

func (p *pair) newMember(i int) *member {
	m := &member{p: p, id: cluster.MemberID{15: byte(0xA0 + i)}, events: event.NewRegistry()}
	m.arena = imap.NewArena(p.t)
	m.maps = imap.New(imap.Options{
		Config: func(string) imap.Config { return p.config }, Partitions: 1, Seed: 7,
		Members: func() int { return p.dataMembers }, Arena: m.arena,
		Notes: func() bool { return !p.before },
		Era:   func() (era, version int32) { return p.era, p.list },
	})
	m.grid = partition.New(partition.Options{
		Count: 1, Self: m.id, Hub: m, Events: m.events,
		Structures:     [partition.Kinds]partition.Structure{partition.KindMap: m.maps},
		Clock:          func() int64 { return p.now },
		Report:         func(partition.Report) {},
		UUID:           func() cluster.UUID { return cluster.UUID{0: 0xAA, 15: byte(p.epoch)} },
		ConfirmTimeout: 60_000,
		Patience:       60_000,
		// As often as there is a tick: then every run of commands tests that replicas never seem to differ.
		CompareInterval: 100,
		Logger:          slog.New(slog.DiscardHandler),
	})
	return m
}

// lead makes a member the primary and the other its backup.
func (p *pair) lead(primary int) { p.assign(primary, cluster.InSync) }

// assign makes a member the primary and the other its backup, in that state.
func (p *pair) assign(primary int, backup cluster.ReplicaState) {
	p.primary = primary
	p.epoch++
	p.table = &cluster.Table{Version: int32(p.epoch), Partitions: []cluster.Assignment{{
		Epoch: p.epoch,
		Replicas: []cluster.Replica{
			{Member: p.members[primary].id, State: cluster.InSync},
			{Member: p.members[1-primary].id, State: backup},
		},
	}}}
	p.members[primary].grid.Install(p.table)
	p.members[1-primary].grid.Install(p.table)
	p.pump()
}

func (p *pair) maps() *imap.Structure { return p.members[p.primary].maps }

// forget gives the backup a new life without data; the primary hears that its connection is new.
func (p *pair) forget() {
	i := 1 - p.primary
	p.members[i] = p.newMember(i)
	p.frames = nil
	primary := p.members[p.primary]
	primary.grid.LaneDown(p.members[i].id, link.Effects)
	primary.grid.LaneUp(p.members[i].id, link.Effects)
	p.members[i].grid.Install(p.table)
}

// some delivers a few frames, of any lane.
func (p *pair) some(n int) {
	p.slow = false
	for ; n > 0 && len(p.frames) > 0; n-- {
		p.deliver()
	}
	p.slow = true
}

func (p *pair) deliver() {
	f := p.frames[0]
	p.frames = p.frames[1:]
	to := p.member(f.to)
	if err := to.grid.Frame(f.from, f.body); err != nil {
		p.t.Fatal(err)
	}
	to.grid.Idle(f.from)
}

// pump delivers frames until none is left.
func (p *pair) pump() {
	for len(p.frames) > 0 && !p.held && !p.slow {
		p.deliver()
	}
}

func (p *pair) member(id cluster.MemberID) *member { return p.members[int(id[15])-0xA0] }

// do runs an operation of a client and returns what it answered, "parked" if it did not.
func (p *pair) do(client byte, name string, run func(tx *partition.Tx) error) string {
	p.ops = append(p.ops, operation{name: name, run: run})
	i := len(p.ops) - 1
	p.members[p.primary].grid.Submit(&partition.Request{
		Client: cluster.UUID{15: client}, Answerer: p, Token: uint64(i), Runner: p, Message: []byte{byte(i >> 8), byte(i)},
	})
	p.pump()
	if !p.ops[i].done {
		p.ops[i].name += " (waited)"
		return "parked"
	}
	at := slices.IndexFunc(p.log, func(l string) bool { return strings.HasPrefix(l, name+": ") })
	answer := p.log[at]
	p.log = slices.Delete(p.log, at, at+1)
	return strings.TrimPrefix(answer, name+": ")
}

// tick moves the clock.
func (p *pair) tick(ms int64) {
	for ms > 0 {
		step := min(ms, 100)
		p.now += step
		ms -= step
		p.members[p.primary].grid.Tick()
		p.members[1-p.primary].grid.Tick()
		p.pump()
	}
}

// Run implements partition.Runner.
func (p *pair) Run(tx *partition.Tx, r *partition.Request) {
	if err := p.ops[int(r.Message[0])<<8|int(r.Message[1])].run(tx); err != nil && !errors.Is(err, imap.ErrParked) {
		tx.Reply = append(tx.Reply[:0], "error: "+err.Error()...) // nothing stands before it here
	}
}

// Fail implements partition.Runner.
func (*pair) Fail(dst []byte, _ *partition.Request, err error) []byte {
	return append(dst, "failed: "+err.Error()...)
}

// Answer implements partition.Answerer.
func (p *pair) Answer(r *partition.Request, body []byte) {
	op := &p.ops[r.Token]
	if op.done {
		p.t.Fatalf("%s was answered twice", op.name)
	}
	op.done = true
	p.log = append(p.log, op.name+": "+string(body))
}

// Keep implements partition.Answerer.
func (*pair) Keep(*partition.Request) {}

// Reroute implements partition.Answerer.
func (p *pair) Reroute(r *partition.Request) {
	p.ops[r.Token].done = true
	p.log = append(p.log, p.ops[r.Token].name+": rerouted")
}

// Deliver implements event.Sink.
func (p *pair) Deliver(_ cluster.UUID, e *event.Event) {
	names := map[event.Type]string{
		event.Added: "ADDED", event.Removed: "REMOVED", event.Updated: "UPDATED",
		event.Evicted: "EVICTED", event.Expired: "EXPIRED", event.Invalidation: "INVALIDATION", event.Merged: "MERGED",
	}
	line := fmt.Sprintf("event %s key=%s", names[e.Type], show(e.Key))
	if e.Type == event.Invalidation {
		line += fmt.Sprintf(" sequence=%d source=%x uuid=%x", e.Sequence, e.Source[15], e.PartitionUUID[15])
	} else {
		line += fmt.Sprintf(" value=%s old=%s source=%x", show(e.Value), show(e.OldValue), e.Source[15])
	}
	p.log = append(p.log, line)
}

func show(b []byte) string {
	if b == nil {
		return "nil"
	}
	if len(b) > 40 {
		return fmt.Sprintf("%s…(%d)", b[:10], len(b))
	}
	return string(b)
}

// listen registers for events on both members.
func (p *pair) listen(types event.Type) {
	for _, m := range p.members {
		m.events.Add(event.Registration{
			ID: cluster.UUID{1}, Service: imap.Service, Name: "m", Types: types, IncludeValue: true, Sink: p,
		})
	}
}

// replicasDiffer returns how the backup's fragment differs from the primary's.
func (p *pair) replicasDiffer() string {
	for _, m := range p.members {
		if n := m.grid.Census().Differing; n != 0 {
			return fmt.Sprintf("%d times a backup was found to differ", n)
		}
	}
	states := [2][]string{p.members[0].maps.Describe(), p.members[1].maps.Describe()}
	if slices.Equal(states[0], states[1]) {
		return ""
	}
	return fmt.Sprintf("%s\nand\n%s", strings.Join(states[0], "\n"), strings.Join(states[1], "\n"))
}

// The member is its own link.Hub.

func (*member) SetPeers([]link.Peer) {}
func (*member) Close()               {}
func (m *member) Send(to cluster.MemberID, lane link.Lane, body []byte) bool {
	if lane == link.Bulk {
		m.p.bulk++
	}
	if m.p.alone {
		return true
	}
	m.p.frames = append(m.p.frames, frame{m.id, to, lane, bytes.Clone(body)})
	return true
}
func (*member) Room(cluster.MemberID, link.Lane) int { return 1 << 30 }
func (*member) Ask(cluster.Address, []byte, time.Duration, func(link.Reply)) {
}
