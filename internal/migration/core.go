// Package migration decides where partitions are: it plans, moves, promotes.
// Only the coordinator's core decides; every member's carries out.
//
// # Moving
//
// The plan (plan) says who should have which replica: in as many partition groups (groupOf) as there are, evenly, and
// with few moves. A member that is to get one is
// added to the partition's assignment, catching up; the primary copies the
// partition to it and reports when it has everything (package partition). Then
// it is in sync. If it is to be the primary, the present one is told to hand over: it lets
// no operation start, and reports once that backup has the last effect; the next
// table makes it the primary. Replicas that the plan does not want stay until
// everything that it wants is in sync, stands first and is level (package replica says why). Each step is a new assignment with a new
// epoch; nothing is remembered outside the table but the plan, so a coordinator
// that takes over goes on from the table.
//
// A backup that its primary says has fallen behind, or cannot be reached, is catching up again (behind.go).
//
// # Promotion
//
// When members are removed, their replicas leave the table at once (Adjusted). A partition that
// lost its primary has none then, and its new epoch keeps every other member from accepting
// late effects of the old one. The coordinator asks the survivors how far they are
// and makes the most advanced one the primary. If none of them is in sync, or none is left at all, that is
// a loss, which is logged, counted and told to clients.
package migration

import (
	"log/slog"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/replica"
)

// maxMoving bounds how many partitions get a new replica at the same time:
// enough to keep the links busy, few enough that a member's memory holds the
// effects that wait for them.
const maxMoving = 64

// patience is how long an order or a question may go unanswered before it is
// repeated: answers get lost only together with a connection.
const patience = time.Second

// Outside is what a core lets its surroundings do; the methods must not call the core.
type Outside interface {
	// Send puts a frame on the control lane.
	Send(to cluster.MemberID, frame []byte) bool
	// Publish makes a new table the cluster's; the coordinator's only.
	Publish(table *cluster.Table, cause string)
	// HandOver, TellLevel and Fence are the grid's.
	HandOver(id partition.ID, epoch uint64, to cluster.MemberID)
	TellLevel(id partition.ID, epoch uint64)
	Fence(id partition.ID, epoch uint64) (replica.Position, bool)
	// Lost tells of partitions whose data is gone.
	Lost(ids []partition.ID)
	// Migrated tells the coordinator of a replica that has moved to a place (0: the primary), for migration listeners.
	Migrated(id partition.ID, index int, from, to cluster.MemberID)
}

// Options of a core.
type Options struct {
	Self cluster.MemberID
	// Backups is the number of backups each partition gets, as far as there are members.
	Backups int
	// Groups say which members may be lost together; those of the member that coordinates count.
	Groups config.PartitionGroup
	// Reaches tells whether this member, whose lease runs, hears a primary that hears it, and that one's backup; nil: always.
	Reaches func(primary, backup cluster.MemberID) bool
	// Version is the cluster's version; nil: that of this build.
	Version func() cluster.Version
	// Clock is monotonic time.
	Clock  func() time.Duration
	Logger *slog.Logger
}

// Core is one member's part in migration. It is not safe for concurrent use.
type Core struct {
	Options
	out          Outside
	list         *cluster.List
	table        *cluster.Table
	coordinating bool

	// Coordinator only.
	target  [][]cluster.MemberID
	planned []cluster.MemberID // the data members target was made for
	caught  map[key]cluster.MemberID
	handed  map[key]cluster.MemberID
	fell    map[key]cluster.MemberID
	ordered map[key]time.Duration  // hand-overs asked for, and when
	stuck   map[pair]time.Duration // backups that get no further, and when that was last said
	levels  map[key]*levelling     // of primaries that were asked whether their backups are level
	round   *round
	// ready is how many partitions only wait for their hand-over, readySince since when there are any, hurry whether that has been
	// for too long.
	ready      int
	readySince time.Duration
	hurry      bool
	reports    []partition.Report // of this member, not yet sent

	group    map[cluster.MemberID]string // of the members of the list
	spread   []int                       // groups that the plan has each partition in
	oneGroup bool                        // it is known that all stand in one
	together int                         // see Together; of the table counted
	counted  *cluster.Table
	rule     string // by which the cluster's partitions are placed, "" while that is not known
	told     map[cluster.MemberID]bool

	Moves  int64 // replicas moved since the start
	Losses int64 // partitions lost since the start
}

// key is a partition in one of its epochs: what is said about another epoch is void.
type key struct {
	id     partition.ID
	epoch  uint64
	member cluster.MemberID
}

// New returns a core that knows no cluster yet.
func New(o Options, out Outside) *Core {
	c := &Core{Options: o, out: out}
	c.forget()
	return c
}

func (c *Core) forget() {
	c.caught, c.handed, c.fell = map[key]cluster.MemberID{}, map[key]cluster.MemberID{}, map[key]cluster.MemberID{}
	c.stuck = map[pair]time.Duration{}
	c.ordered, c.levels = map[key]time.Duration{}, map[key]*levelling{}
}

// Holds tells whether a member has any replica. One that the plan does not want goes only when everything that
// it wants is in sync elsewhere, so nobody misses a member that holds nothing.
func (*Core) Holds(table *cluster.Table, id cluster.MemberID) bool {
	return slices.ContainsFunc(table.Partitions, func(a cluster.Assignment) bool { return a.Find(id) >= 0 })
}

// Adjusted takes the replicas of members that are not in the list out of a
// table. In a table without any replica, the first data member gets everything.
func (*Core) Adjusted(table *cluster.Table, list *cluster.List) *cluster.Table {
	next := table.Clone()
	changed := false
	for i := range next.Partitions {
		a := &next.Partitions[i]
		if !slices.ContainsFunc(a.Replicas, func(r cluster.Replica) bool { return !r.Member.IsZero() && list.Find(r.Member) < 0 }) {
			continue
		}
		changed = true
		kept := cluster.Assignment{Epoch: a.Epoch + 1}
		for k, r := range a.Replicas {
			switch {
			case list.Find(r.Member) >= 0:
				kept.Replicas = append(kept.Replicas, r)
			case k == 0: // nobody, until a survivor is promoted
				kept.Replicas = append(kept.Replicas, cluster.Replica{})
			}
		}
		*a = kept
	}
	if table.Version == 0 {
		changed = seed(next, list) || changed
	}
	if !changed {
		return table
	}
	next.Version++
	return next
}

// seed gives all partitions of a new cluster to its first data member.
func seed(table *cluster.Table, list *cluster.List) bool {
	i := slices.IndexFunc(list.Members, func(m cluster.Member) bool { return m.DataMember() })
	if i < 0 {
		return false
	}
	for p := range table.Partitions {
		table.Partitions[p] = cluster.Assignment{
			Epoch:    table.Partitions[p].Epoch + 1,
			Replicas: []cluster.Replica{{Member: list.Members[i].ID, State: cluster.InSync}},
		}
	}
	return true
}

// Update takes the state that was installed.
func (c *Core) Update(list *cluster.List, table *cluster.Table, coordinating bool) {
	c.Lead(coordinating)
	c.list, c.table = list, table
	for _, r := range c.reports {
		c.deliver(r)
	}
	c.reports = nil
}

// Lead tells whether this member decides. That may change without anything being installed: a coordinator that
// nobody has answered for a while decides again when it is answered.
func (c *Core) Lead(coordinating bool) {
	if coordinating && !c.coordinating {
		c.forget()
		c.target, c.round = nil, nil
		c.rules()
	}
	c.coordinating = coordinating
}

// Tick lets time pass; about twenty times a second and after every change.
func (c *Core) Tick() {
	if !c.coordinating || c.table == nil {
		return
	}
	if c.promote() {
		return // the table changed; what comes next starts from the new one
	}
	c.tell()
	c.replan()
	c.advance()
}

// replan makes a new plan when the data members have changed.
func (c *Core) replan() {
	var now []cluster.MemberID
	for i := range c.list.Members {
		if m := &c.list.Members[i]; m.DataMember() {
			now = append(now, m.ID)
		}
	}
	if c.target != nil && slices.Equal(now, c.planned) {
		return
	}
	c.planned, c.counted = now, nil
	c.regroup()
	c.target = plan(c.list, c.table, c.Backups, &c.Groups)
	c.reach()
}

// Moving is the number of partitions that are not where the plan wants them, 0 where this
// member does not coordinate.
func (c *Core) Moving() int {
	n := 0
	for i := range c.target {
		if !c.coordinating || c.table == nil {
			return 0
		}
		if !fits(&c.table.Partitions[i], c.target[i]) {
			n++
		}
	}
	return n
}

// fits tells whether an assignment is what the plan wants.
func fits(a *cluster.Assignment, want []cluster.MemberID) bool {
	return slices.EqualFunc(a.Replicas, want, func(r cluster.Replica, id cluster.MemberID) bool {
		return r.Member == id && r.State == cluster.InSync
	})
}
