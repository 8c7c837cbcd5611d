package membership

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// Options of a core.
type Options struct {
	// Self is this member's entry in the list.
	Self           cluster.Member
	PartitionCount int32
	// Version is the newest cluster version that this member speaks; the current one of this build if it is zero.
	Version cluster.Version
	// InitVersion is the version of a cluster that it founds: Version, if that is zero or none that it speaks.
	InitVersion cluster.Version
	// AutoUpgrade raises the version of a cluster of AutoUpgradeSize members or more once all of them speak a newer one.
	AutoUpgrade     bool
	AutoUpgradeSize int
	// HeartbeatInterval is how often members and coordinator hear of one another.
	HeartbeatInterval time.Duration
	// SilenceTimeout is how long a member may be silent before it is removed; leases
	// end a tenth of it earlier, which is the drift of two clocks that is allowed for.
	SilenceTimeout time.Duration
	// AskTimeout is how long founding waits for an address that does not answer (DESIGN: 5 s).
	AskTimeout time.Duration
	// KnockInterval is how often a coordinator looks for others of its cluster name.
	KnockInterval time.Duration
	// Clock is monotonic time.
	Clock func() time.Duration
	// ClusterTime is the cluster's time in ms as this member knows it.
	ClusterTime func() int64
	// UUID makes cluster ids and lineages.
	UUID func() cluster.UUID
	// Rally are addresses of the cluster that this member shall join, which its former one has merged into: they are asked
	// besides those that looks show, and while one of them is silent nothing is founded, for two silence timeouts.
	Rally []cluster.Address
	// Carrying: this member brings what it held of a former cluster. See Core.Merged.
	Carrying bool
	Logger   *slog.Logger
}

// Outside is what a core lets its surroundings do. The methods are called in the
// course of a step; they must not call the core.
type Outside interface {
	// Send puts a frame on the control lane.
	Send(to cluster.MemberID, frame []byte) bool
	// Ask asks an address; the reply comes back through Core.Replied with the token.
	Ask(address cluster.Address, request []byte, timeout time.Duration, token uint64)
	// Look finds addresses; the result comes back through Core.Looked.
	Look()
	// Connect names the members to be connected to.
	Connect(peers []link.Peer)
	// Installed tells of a new view and why it came.
	Installed(view *cluster.View, cause string)
	// Changed ends a document change that this member asked for.
	Changed(token uint64, err error)
	// SetClusterTime tells what the coordinator's clock says now, in ms.
	SetClusterTime(ms int64)
	// Left says that this member may end: it is in no list any more, by its own wish.
	Left()
	// Removed says that the cluster goes on, as other, without this member, whose last list was mine: it must
	// join again as a new one.
	Removed(mine, other *cluster.List)
	// Merging says that this member's cluster, of list mine, gives itself up for another one: the member must join that
	// one as a new member, and merge there what it holds.
	Merging(mine, other *cluster.List)
}

// Tables decides about partitions on the coordinator; package migration is one.
// Methods are called in the course of a step of the core.
type Tables interface {
	// Adjusted returns the table that fits a list: replicas of members that
	// are gone are out. It returns the same table when nothing changes.
	Adjusted(table *cluster.Table, list *cluster.List) *cluster.Table
	// Holds tells whether a member has a replica that the cluster would miss.
	Holds(table *cluster.Table, id cluster.MemberID) bool
}

// phase is where a member is in its life.
type phase uint8

const (
	idle phase = iota
	founding
	joining
	member
	handing // has given coordination away and waits for the heir's word
	ended
)

// Core is one member's part in membership. It is not safe for concurrent use.
type Core struct {
	Options
	out    Outside
	tables Tables
	now    time.Duration
	phase  phase

	list      *cluster.List
	table     *cluster.Table
	document  *cluster.Document
	leaving   bool
	heir      cluster.MemberID
	handUntil time.Duration
	handed    state // what the heir must have

	found    foundingState
	follows  cluster.MemberID // the coordinator of the list
	beats    map[cluster.MemberID]*beat
	order    []cluster.MemberID // keys of beats, in a fixed order
	take     *takeOver
	nextTake time.Duration
	decided  bool // this member coordinated at the last tick
	// muteSince is since when more of those whom this coordinator hears have heard nothing of it than have, 0 for not.
	muteSince time.Duration
	// yielded is when this member agreed to a take-over, 0 when there is none: it does not prolong the
	// lease of the coordinator that is taken for dead, until it hears what came of it.
	yielded   time.Duration
	joins     []pendingJoin
	suspect   map[cluster.MemberID]bool // being probed
	departed  []departed
	lapsed    []time.Duration  // when members were removed of late since they were silent
	fewAt     time.Duration    // when this coordinator last heard less than half of all, 0 for never
	refused   cluster.MemberID // the last one of those that want to join and cannot
	changes   changes
	asks      map[uint64]ask
	nextToken uint64
	nextBeat  time.Duration
	nextKnock time.Duration
	// neighbours are the lineages of other clusters of this name that were met: each is told once.
	neighbours []cluster.UUID
	nextLeave  time.Duration
	nextMerged time.Duration
	// proposed is the token of the question about a merge that is under way, 0 for none.
	proposed uint64
	// former are addresses of members that were removed, and rallyUntil is when Rally is not waited for any more.
	former     []cluster.Address
	rallyUntil time.Duration
	// goneAt is the version of the last list by which members went without leaving, or of the first that this member had.
	goneAt int32

	lease atomic.Int64 // monotonic time until which this member may answer
	// heardAll is HeardAll, as of the last tick.
	heardAll atomic.Int64
}

// ask is what a question to an address was for.
type ask struct {
	purpose purpose
	address cluster.Address
	member  cluster.MemberID
	// token numbers all questions in the order in which they were asked.
	token uint64
}

type purpose uint8

const (
	askWho purpose = iota
	askJoin
	askAlive
	askKnock
	askDoor
	askMerge
)

// departed members stay connected for a moment, so that they hear the list that they are not in.
type departed struct {
	peer  link.Peer
	until time.Duration
}

// New returns a core that does nothing until Start.
func New(o Options, out Outside, tables Tables) *Core {
	if o.Version.IsZero() {
		o.Version = cluster.CurrentVersion()
	}
	return &Core{
		Options: o, out: out, tables: tables,
		beats: map[cluster.MemberID]*beat{}, suspect: map[cluster.MemberID]bool{}, asks: map[uint64]ask{},
	}
}

// View is the present state, as a new value.
func (c *Core) View() *cluster.View {
	v := &cluster.View{Self: c.Self.ID, Joined: c.phase == member, Leaving: c.leaving, List: c.list, Table: c.table, Document: c.document}
	if c.document != nil {
		v.ClusterID = c.document.ClusterID
	}
	return v
}

// Coordinating is true while this member changes list, table and document.
func (c *Core) Coordinating() bool {
	return c.phase == member && c.take == nil && c.isFirst() && c.mayDecide() && !c.isMute()
}

// mayDecide is false for a coordinator that may have been replaced without knowing: nobody has
// answered it for the time of a lease, and somebody may be alive.
func (c *Core) mayDecide() bool {
	alone := true
	for _, id := range c.order {
		if c.beats[id].echoed+c.SilenceTimeout-c.margin() > c.now {
			return true
		}
		alone = alone && c.seemsDead(id)
	}
	return alone
}

// LeaseValid may be called from any goroutine: whether this member may answer now.
func (c *Core) LeaseValid() bool { return int64(c.Clock()) < c.lease.Load() }

// HeardAll may be called from any goroutine: the time since which every other member of the list has been heard.
func (c *Core) HeardAll() time.Duration { return time.Duration(c.heardAll.Load()) }

// Start begins the search for a cluster. The member must be listening already.
func (c *Core) Start() {
	c.step()
	c.phase = founding
	c.rallyUntil = c.now + rallyFor*c.SilenceTimeout
	c.startRound()
}

func (c *Core) step() {
	before := c.now
	c.now = c.Clock()
	if before != 0 && c.now-before > min(c.SilenceTimeout/4, c.AskTimeout/2) {
		c.awake(c.now - before)
	}
}

// Tick lets time pass. It is called every few milliseconds while a member looks for
// its cluster, and about twenty times a second afterwards.
func (c *Core) Tick() {
	c.step()
	switch c.phase {
	case founding, joining:
		c.tickFounding()
	case member:
		c.tickMember()
	case handing:
		if c.now >= c.handUntil {
			c.gone(nil)
		}
	case idle, ended:
	}
}

// awake is called when this member did not run for a while. What it knows of
// others is old: their silence is forgiven, since it was this member that was away; it must
// first hear what has become of the cluster. Its lease has not been prolonged meanwhile. A search
// for a cluster begins anew.
func (c *Core) awake(pause time.Duration) {
	c.Logger.Warn("this member did not run for a while", slog.Duration("pause", pause))
	for _, id := range c.order {
		b := c.beats[id]
		b.heard, b.answered, b.leased = min(c.now, b.heard+pause), min(c.now, b.answered+pause), min(c.now, b.leased+pause)
		if b.owed != 0 {
			b.owed = min(c.now, b.owed+pause)
		}
	}
	c.abandon()
	if c.phase == founding {
		c.searchAnew()
	}
}

func (c *Core) tickMember() {
	c.dropDeparted()
	if c.now >= c.nextBeat {
		c.nextBeat = c.now + c.HeartbeatInterval
		c.sendBeats()
	}
	c.noteHeardAll()
	c.noteMute()
	c.checkSilence()
	c.endWaits()
	c.renewOwnLease()
	if c.phase == member && c.leaving && c.now >= c.nextLeave {
		c.nextLeave = c.now + leaveInterval
		c.askToLeave()
	}
	if c.phase == member && !c.Carrying && c.now >= c.nextMerged {
		c.nextMerged = c.now + leaveInterval
		c.tellMerged()
	}
	if len(c.changes.mine) > 0 && c.now >= c.changes.next {
		c.resumeChanges()
	}
	before := c.decided
	c.decided = c.Coordinating()
	if c.decided {
		if !before {
			c.resumeChanges()
			c.nextKnock = c.now // the coordinator before may have merged into another cluster
		}
		c.letGo()
		c.autoRaise()
		if c.KnockInterval > 0 && c.now >= c.nextKnock {
			c.nextKnock = c.now + c.KnockInterval
			c.out.Look()
		}
	}
}

func (c *Core) ask(purpose purpose, address cluster.Address, id cluster.MemberID, request []byte, timeout time.Duration) {
	c.nextToken++
	c.asks[c.nextToken] = ask{purpose: purpose, address: address, member: id, token: c.nextToken}
	c.out.Ask(address, request, timeout, c.nextToken)
}

// Replied takes what came of an Ask.
func (c *Core) Replied(token uint64, reply link.Reply) {
	c.step()
	a, ok := c.asks[token]
	delete(c.asks, token)
	if !ok || c.phase == ended {
		return
	}
	switch a.purpose {
	case askWho:
		c.whoReplied(a, reply)
	case askJoin:
		c.joinReplied(a, reply)
	case askAlive:
		c.aliveReplied(a, reply)
	case askKnock:
		c.knockReplied(a, reply)
	case askDoor:
		c.doorReplied(a, reply)
	case askMerge:
		c.mergeReplied(a, reply)
	}
}

// install takes a newer state and tells everybody above.
func (c *Core) install(list *cluster.List, table *cluster.Table, document *cluster.Document, cause string) {
	listChanged := c.list == nil || c.list.Mark != list.Mark
	for i := range c.listMembers() {
		if m := &c.list.Members[i]; m.ID != c.Self.ID && list.Find(m.ID) < 0 {
			c.departed = append(c.departed, departed{link.Peer{ID: m.ID, Address: m.Address, Leaving: m.Leaving}, c.now + departGrace})
		}
	}
	c.noteVersion(document)
	c.noteGone(c.listMembers(), list)
	c.list, c.table, c.document = list, table, document
	if listChanged {
		c.yielded = 0
		c.followList()
	}
	c.out.Installed(c.View(), cause)
	c.answerJoins()
}

func (c *Core) listMembers() []cluster.Member {
	if c.list == nil {
		return nil
	}
	return c.list.Members
}

// departGrace is how long a member that left stays connected, to hear of it.
const departGrace = time.Second

func (c *Core) connect() {
	peers := make([]link.Peer, 0, len(c.list.Members)+len(c.departed))
	for i := range c.list.Members {
		if m := &c.list.Members[i]; m.ID != c.Self.ID {
			peers = append(peers, link.Peer{ID: m.ID, Address: m.Address, Leaving: m.Leaving})
		}
	}
	for i := range c.departed {
		peers = append(peers, c.departed[i].peer)
	}
	c.out.Connect(peers)
}

func (c *Core) dropDeparted() {
	n := 0
	for _, d := range c.departed {
		if d.until > c.now {
			c.departed[n] = d
			n++
		}
	}
	if n < len(c.departed) {
		c.departed = c.departed[:n]
		c.connect()
	}
}
