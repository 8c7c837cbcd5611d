package partition

import (
	"cmp"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/metric"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// never is a deadline that does not come.
const never = math.MaxInt64

// Options of a grid. All are required, but for those that say what 0 means.
type Options struct {
	Count      int32
	Self       cluster.MemberID
	Hub        link.Hub
	Structures [Kinds]Structure
	Events     *event.Registry
	// Clock is cluster time in ms; it never steps back.
	Clock func() int64
	// Report takes what the coordinator must know; called under a partition's
	// lock, it must only put the report somewhere.
	Report func(Report)
	// UUID makes partition UUIDs.
	UUID func() cluster.UUID
	// FirstBackups tells whether the cluster's version lets a write wait for the first backups only; nil for yes. Called under
	// a partition's lock, for every effect.
	FirstBackups func() bool
	// ConfirmTimeout is how long an answer waits for its backups, in ms, before its
	// caller is told that the outcome is unknown. Longer than a silent member's life.
	ConfirmTimeout int64
	// Patience is how long a request may stall, in ms (hazelcast.operation.call.timeout.millis).
	Patience int64
	// Silence is for how long a backup may get no further, in ms, before the coordinator hears of it; 0 for ever.
	Silence int64
	// Room tells whether this member has memory for a copy of a partition; nil for yes. Called under a partition's lock.
	Room func() bool
	// MaxParked and MaxParkedClient bound operations that wait for something of their structure, in each partition and of
	// each client (filbert.limit.parked.*); 0: 10,000.
	MaxParked, MaxParkedClient int
	// CompareInterval is how often backups are compared with their primaries, in ms
	// (hazelcast.partition.backup.sync.interval); 0 for never.
	CompareInterval int64
	Logger          *slog.Logger
}

// ReportKind is what a primary tells the coordinator about a partition.
type ReportKind uint8

// The kinds of reports. Numbers are part of the member protocol.
const (
	// CaughtUp: Member has everything and is awaited from now on.
	CaughtUp ReportKind = 1
	// FellBehind: Member, in sync by the table, needs a transfer.
	FellBehind ReportKind = 2
	// HandedOver: no operation runs any more, and Member has everything.
	HandedOver ReportKind = 3
	// Superseded: a backup has promised a higher epoch: the table here is old.
	Superseded ReportKind = 4
	// Level: every backup in sync has everything from before the epoch.
	Level ReportKind = 5
	// Stuck: Member, a backup, has got no further for the silence timeout although something is owed.
	Stuck ReportKind = 6
)

// Report is a primary's word about a partition, in an epoch.
type Report struct {
	Kind      ReportKind
	Partition ID
	Epoch     uint64
	Member    cluster.MemberID
}

// Grid is all partitions of one member.
type Grid struct {
	parts      []Partition
	self       cluster.MemberID
	hub        link.Hub
	structures [Kinds]Structure
	events     *event.Registry
	now        func() int64
	report     func(Report)
	first      func() bool
	memory     func() bool
	newUUID    func() cluster.UUID
	log        *slog.Logger
	confirm    int64
	patience   int64
	silence    int64
	// ticked is when Tick was last called, passed the time since, in ms of cluster time.
	ticked, passed int64
	table          atomic.Int32
	transferID     atomic.Uint64
	promotions     atomic.Uint64
	// comparing is touched by Tick only; compared counts pieces of backups, differing backups.
	comparing           comparing
	compareInterval     int64
	compared, differing metric.Counter
	// stalling and holding are the bytes of requests that stall and of answers that are held, pending those of effects
	// that wait for a copy, in all partitions.
	stalling, holding, pending atomic.Int64
	parking                    parking
	// handOvers is how long requests stood still for them.
	handOvers metric.Histogram
	// due are partitions whose acknowledgement to a peer waits for the end of the input at hand.
	due struct {
		sync.Mutex
		byPeer map[cluster.MemberID][]ID
	}
}

// New returns a grid in which this member has no replica of anything.
func New(o Options) *Grid {
	g := &Grid{
		parts: make([]Partition, o.Count), self: o.Self, hub: o.Hub, structures: o.Structures,
		events: o.Events, now: o.Clock, report: o.Report, first: o.FirstBackups, memory: o.Room, newUUID: o.UUID, log: o.Logger,
		confirm: o.ConfirmTimeout, patience: o.Patience, silence: o.Silence, compareInterval: o.CompareInterval,
	}
	g.parking.perPartition, g.parking.perClient = cmp.Or(o.MaxParked, parkLimit), cmp.Or(o.MaxParkedClient, parkLimit)
	g.due.byPeer = map[cluster.MemberID][]ID{}
	for i := range g.parts {
		g.parts[i].id, g.parts[i].grid = ID(i), g
	}
	return g
}

func (g *Grid) version() int32 { return g.table.Load() }

// Now is cluster time, for Request.Now.
func (g *Grid) Now() int64 { return g.now() }

// Backlog is how many bytes wait here for backups, primaries and hand-overs: requests that stall, and answers that are
// held. Whoever brings requests should bring fewer when it is large.
func (g *Grid) Backlog() int64 { return g.stalling.Load() + g.holding.Load() }

// Count is the number of partitions.
func (g *Grid) Count() int32 { return int32(len(g.parts)) }

func (p *Partition) report(kind ReportKind, member cluster.MemberID) {
	p.grid.report(Report{Kind: kind, Partition: p.id, Epoch: p.rep.Epoch, Member: member})
}

// Fence makes this member refuse epochs below the given one for a partition
// whose primary is gone, and tells how far its replica is. ok is false without a replica.
func (g *Grid) Fence(id ID, epoch uint64) (at replica.Position, ok bool) {
	if id < 0 || int(id) >= len(g.parts) {
		return at, false
	}
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	p.rep.Promised = max(p.rep.Promised, epoch)
	return p.rep.Position(), p.rep.Role != replica.None
}

// Frame takes a frame of the lanes Effects and Bulk.
func (g *Grid) Frame(from cluster.MemberID, frame []byte) error {
	r := packed.NewReader(frame)
	kind, id, epoch := r.Byte(), r.Uvarint(), r.Uint64()
	if r.Err() != nil {
		return r.Err()
	}
	if id >= uint64(len(g.parts)) {
		return ErrRange
	}
	p := &g.parts[id]
	p.mu.Lock()
	defer p.unlock()
	if err := p.handle(from, kind, epoch, &r); err != nil {
		return err
	}
	if p.ackDue && p.ackListed != from {
		p.ackListed = from
		g.due.Lock()
		g.due.byPeer[from] = append(g.due.byPeer[from], p.id)
		g.due.Unlock()
	}
	return nil
}

// Idle sends the acknowledgements that have gathered for a peer: one a
// partition, however many effects came in one go.
func (g *Grid) Idle(from cluster.MemberID) {
	g.due.Lock()
	ids := g.due.byPeer[from]
	delete(g.due.byPeer, from)
	g.due.Unlock()
	for _, id := range ids {
		p := &g.parts[id]
		p.mu.Lock()
		if p.ackListed == from {
			p.ackListed = cluster.MemberID{}
		}
		if p.ackDue {
			p.acknowledge()
		}
		p.unlock()
	}
}

// LaneUp and LaneDown tell the partitions about connections.
func (g *Grid) LaneUp(peer cluster.MemberID, lane link.Lane) {
	g.each(func(p *Partition) { p.laneUp(peer, lane) })
}

// LaneDown is the counterpart of LaneUp.
func (g *Grid) LaneDown(peer cluster.MemberID, lane link.Lane) {
	g.each(func(p *Partition) { p.laneDown(peer, lane) })
	g.Idle(peer) // a peer that is gone for good would stay in the books
}

func (g *Grid) each(f func(p *Partition)) {
	for i := range g.parts {
		p := &g.parts[i]
		p.mu.Lock()
		f(p)
		p.unlock()
	}
}

// ClientGone releases what a departed client held, where this member is primary.
func (g *Grid) ClientGone(client cluster.UUID) {
	g.each(func(p *Partition) {
		p.dropParked(client)
		if p.rep.Role != replica.Primary || p.stalls {
			return
		}
		for kind := range p.fragments {
			for _, name := range p.names(Kind(kind)) {
				f := p.fragments[kind][name]
				p.own(func(tx *Tx) { f.ClientGone(tx, client) })
			}
		}
	})
}

func sortedNames(fragments map[string]Fragment) []string {
	return slices.Sorted(maps.Keys(fragments))
}
