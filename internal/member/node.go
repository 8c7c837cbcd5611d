package member

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/gateway"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/membership"
	"github.com/filbertgrid/filbert/internal/migration"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/store"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// End says how a node's life has ended.
type End uint8

// The ends of a node.
const (
	// Left: by its own wish, with its data handed over.
	Left End = iota + 1
	// Removed: the cluster goes on without it; it must join again as a new member.
	Removed
	// Merging: its cluster gives itself up for another one; it must join that one as a new member, and merge its stash there.
	Merging
)

// NodeOptions are everything a node takes from outside: the simulator gives
// it virtual time, seeded randomness and a network in one thread.
type NodeOptions struct {
	Config *config.Config
	Self   cluster.Member
	// Version is the newest cluster version that the node speaks; the build's if it is zero. The simulator has older ones.
	Version cluster.Version
	// NewHub makes the carrier of the links.
	NewHub func(link.Handler) link.Hub
	// Clock is monotonic, Wall the local clock in ms since 1970.
	Clock func() time.Duration
	Wall  func() int64
	// UUID and Seed are the sources of randomness.
	UUID func() cluster.UUID
	Seed uint64
	// Look looks for addresses once and calls done with what it has found, now or later.
	Look func(done func(discovery.Found, error))
	// Run executes a long step somewhere else than on the caller's stack.
	Run func(func())
	// Wake tells that Step has something to do.
	Wake func()
	// Arena is the member's own: what stands in it goes from one life to the next.
	Arena *store.Arena
	// Stash is the member's own, and goes from one life to the next; nil for none.
	Stash *Stash
	// Ended is called once, in the course of a step.
	Ended  func(End)
	Logger *slog.Logger
}

// Node is one life of a member, without goroutines: everything between the
// links, the clients' bytes and the clock. What concerns the cluster (lists,
// tables, documents) is done by one goroutine at a time in Step; what concerns
// partitions on the caller's.
type Node struct {
	o       NodeOptions
	hub     link.Hub
	events  *event.Registry
	grid    *partition.Grid
	maps    *imap.Structure
	guards  *protection.Set
	gateway *gateway.Gateway
	members *membership.Core
	moves   *migration.Core
	view    atomic.Pointer[cluster.View]
	time    clusterTime

	mailbox struct {
		sync.Mutex
		letters []func()
	}
	// changes are document changes under way. Only touched in Step.
	changes map[uint64]func(error)
	// carrying tells others whether the stash has anything; leaveAfter: this member leaves once it has not.
	carrying   atomic.Bool
	leaveAfter bool
	// era is the version of the last list by which members went without leaving, or of the first of a few that followed
	// one another closely; eraLast that of the last, at eraAt.
	era     atomic.Int32
	eraLast int32
	// listVersion is that of the present member list.
	listVersion atomic.Int32
	eraAt       time.Duration
	lastToken   uint64
	// strangers is why those who live at some addresses are of another cluster. Only touched in Step.
	strangers map[cluster.Address]string
	// process is the migration under way, at a coordinator. Only touched in Step.
	process process
	// Figures of Step's goroutine, for those of others.
	losses, moved, queued, together atomic.Int64
	// raises counts raises of the cluster's version.
	raises   atomic.Int64
	nextGrid time.Duration
	nextCore time.Duration
}

// NewNode puts a node together. It does nothing until Start.
func NewNode(o NodeOptions) *Node {
	n := &Node{o: o, events: event.NewRegistry(), changes: map[uint64]func(error){}, strangers: map[cluster.Address]string{}}
	if n.o.Stash == nil {
		n.o.Stash = &Stash{}
	}
	n.carrying.Store(len(n.o.Stash.layers) > 0)
	for _, l := range n.o.Stash.layers {
		l.begin()
	}
	n.view.Store(&cluster.View{Self: o.Self.ID})
	n.hub = o.NewHub(n)
	n.maps = n.newMaps()
	n.guards = n.newGuards()
	n.grid = partition.New(partition.Options{
		Count: int32(o.Config.PartitionCount), Self: o.Self.ID, Hub: n.hub,
		FirstBackups: func() bool { return n.View().Version().HasFirstBackups() },
		Structures:   [partition.Kinds]partition.Structure{partition.KindMap: n.maps},
		Events:       n.events, Clock: n.clusterMillis, Report: n.report, UUID: o.UUID, Logger: n.log("partition"),
		ConfirmTimeout: o.Config.AcknowledgeTimeout.Milliseconds(), Patience: o.Config.OperationCallTimeout.Milliseconds(),
		Silence:         o.Config.MaxNoHeartbeat.Milliseconds(),
		CompareInterval: o.Config.BackupSyncInterval.Milliseconds(),
		Room:            n.hasRoom,
		MaxParked:       o.Config.Limits.MaxParkedPerPartition, MaxParkedClient: o.Config.Limits.MaxParkedPerClient,
	})
	n.moves = migration.New(migration.Options{
		Self: o.Self.ID, Backups: backups(o.Config), Groups: o.Config.PartitionGroup, Clock: o.Clock, Reaches: n.reaches,
		Version: func() cluster.Version { return n.View().Version() }, Logger: n.log("migration"),
	}, (*movesOutside)(n))
	n.members = membership.New(membership.Options{
		Self: o.Self, PartitionCount: int32(o.Config.PartitionCount),
		Version: n.version(), InitVersion: n.initVersion(),
		AutoUpgrade: o.Config.ClusterVersion.AutoUpgrade, AutoUpgradeSize: o.Config.ClusterVersion.AutoUpgradeMinSize,
		HeartbeatInterval: o.Config.HeartbeatInterval, SilenceTimeout: o.Config.MaxNoHeartbeat,
		AskTimeout: o.Config.FoundingSilence, KnockInterval: knockInterval,
		Clock: o.Clock, ClusterTime: n.clusterMillis, UUID: o.UUID, Rally: slices.Clone(n.o.Stash.rally), Carrying: n.carrying.Load(), Logger: n.log("membership"),
	}, (*membersOutside)(n), n.moves)
	n.gateway = n.newGateway()
	return n
}

// knockInterval is how often a coordinator looks for another cluster of its name.
const knockInterval = 5 * time.Second

func (n *Node) log(component string) *slog.Logger {
	return n.o.Logger.With(slog.String("component", component))
}

// View is the present state of the cluster; never nil.
func (n *Node) View() *cluster.View { return n.view.Load() }

// Gateway is the door for clients.
func (n *Node) Gateway() *gateway.Gateway { return n.gateway }

// Grid is the partitions, for figures and tests.
func (n *Node) Grid() *partition.Grid { return n.grid }

// Hub is the carrier that NewHub made.
func (n *Node) Hub() link.Hub { return n.hub }

// LeaseValid tells whether this member may answer now.
func (n *Node) LeaseValid() bool { return n.members.LeaseValid() }

// HeardAll is the time of the node's clock since which every other member has been heard.
func (n *Node) HeardAll() time.Duration { return n.members.HeardAll() }

// Start begins the search for a cluster; the member must be listening.
func (n *Node) Start() { n.post(n.members.Start) }

// Leave begins to hand everything over, once what this member carries is merged; Ended tells when it is done.
func (n *Node) Leave() {
	n.post(func() {
		n.leaveAfter = true
		n.mergeOn()
	})
}

// Close ends the node at once, as a crash would, but for the closed connections.
func (n *Node) Close() {
	n.gateway.Close()
	n.hub.Close()
}

// Release gives back what a node holds that was closed. Requests that are still under way find no partition here.
func (n *Node) Release() { n.grid.Release() }

// post puts work for Step into the mailbox.
func (n *Node) post(letter func()) {
	n.mailbox.Lock()
	n.mailbox.letters = append(n.mailbox.letters, letter)
	n.mailbox.Unlock()
	n.o.Wake()
}

// Step does what is in the mailbox, then lets the coordinator act on it. One
// goroutine at a time.
func (n *Node) Step() {
	for {
		n.mailbox.Lock()
		letters := n.mailbox.letters
		n.mailbox.letters = nil
		n.mailbox.Unlock()
		if len(letters) == 0 {
			return
		}
		for _, letter := range letters {
			letter()
		}
		n.coordinate()
		n.note()
	}
}

// coordinate lets the coordinator see to the partitions.
func (n *Node) coordinate() {
	n.moves.Lead(n.members.Coordinating())
	n.moves.Tick()
}

// note publishes the figures of the coordinator's work.
func (n *Node) note() {
	n.losses.Store(n.moves.Losses)
	n.moved.Store(n.moves.Moves)
	n.together.Store(int64(n.moves.Together()))
	moving := n.moves.Moving()
	n.queued.Store(int64(moving))
	n.noteMigrations(moving)
}

// Intervals of ticking. Membership is quick while a cluster is looked for.
const (
	coreInterval = 50 * time.Millisecond
	gridInterval = 100 * time.Millisecond
	// TickInterval is how often Tick wants to be called.
	TickInterval = 5 * time.Millisecond
)

// Tick lets time pass; call it every TickInterval, from Step's goroutine.
func (n *Node) Tick() {
	now := n.o.Clock()
	if now >= n.nextCore || !n.View().Joined {
		n.nextCore = now + coreInterval
		n.members.Tick()
		n.coordinate()
		n.mergeOn()
	}
	if now >= n.nextGrid {
		n.nextGrid = now + gridInterval
		n.grid.Tick()
		n.gateway.Tick()
		n.o.Arena.Tidy()
	}
	n.Step()
}

// reaches tells whether this member may go by a primary's word that it does not reach a backup. In Step only.
func (n *Node) reaches(primary, backup cluster.MemberID) bool {
	return primary != n.o.Self.ID && n.members.LeaseValid() && n.members.Hears(backup) && n.members.ProvesToHear(primary)
}

// report takes a partition's word to the coordinator. Called under a partition's lock.
func (n *Node) report(r partition.Report) {
	if r.Kind == partition.Stuck && !n.View().Version().HasUnheardReport() {
		return
	}
	n.post(func() {
		// Who hears nobody hears no backup either.
		if r.Kind != partition.Stuck || n.members.LeaseValid() {
			n.moves.Report(r)
		}
	})
}

// backups is how many backups every partition gets: as many as the most
// demanding map configuration asks for, and one at least, for the default map.
func backups(c *config.Config) int {
	most := 1
	if m, ok := c.Maps["default"]; ok {
		most = m.BackupCount + m.AsyncBackupCount
	}
	for name := range c.Maps {
		most = max(most, c.Maps[name].BackupCount+c.Maps[name].AsyncBackupCount)
	}
	return most
}
