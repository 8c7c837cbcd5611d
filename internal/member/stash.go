package member

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

// Stash is what a member carries from one life into the next: the entries of a cluster that has given itself up for
// another one, or has gone on without this member. It is released batch by batch, as the new cluster acknowledges. If the
// member ends before that, what it had as a primary and the new cluster has not is lost with it. What it had as a backup
// counts only where the new cluster has lost the partition, or is not the one it should have joined, since that is gone.
//
// A member whose stash is not empty looks for the members of the new cluster besides all that discovery shows, and does
// not found one while one of them is silent (membership.Options.Rally). If it must found one in the end, it
// merges its stash into that.
type Stash struct {
	// layers are touched by the node's Step only, one node at a time.
	layers []*layer
	// rally are the addresses of the cluster to join.
	rally []cluster.Address

	// left is how many parts all layers have, for others to ask.
	left atomic.Int64

	mu     sync.Mutex
	counts []MergeCount
}

// MergeCount is what became of one map's entries of former clusters since the process started. What was in the new cluster
// already is not counted.
type MergeCount struct {
	Map             string
	Merged, Dropped int64
}

// layer is what is left of one former cluster.
type layer struct {
	parts []*part
	// list is the last that this member had there. ancestor is the version of the last one that it has in common with the
	// list of the cluster that this member is in now, -1 for none; known is whether that is known in this life.
	list     *cluster.List
	ancestor int32
	known    bool
	// other is the list of the cluster to join; astray: this member is in another one, with which it shares no list.
	other  *cluster.List
	astray bool
	// last is the version of the last list by which members went from that cluster without leaving, or of the first that this
	// member had: it may have joined a part that was cut off before.
	last int32
	// millis was that cluster's time when this member's clock showed at.
	millis int64
	at     time.Duration
	// notBefore is when its first batch may go.
	notBefore time.Duration
	document  *cluster.Document
	registers
	merged, dropped map[string]int64
}

// part is one map's fragment in one partition.
type part struct {
	partition.Detached
	cursor  uint64
	scanned bool
	queue   [][]byte
	sent    int
	// probed: it is known what is to be sent; isNew is nil for everything.
	probed bool
	isNew  func(effect []byte) bool
	busy   bool
	failed bool // it is in the log that it cannot be merged
	again  time.Duration
}

// maxRally bounds the addresses that are kept of the cluster to join: one that answers leads to the others.
const maxRally = 64

// lossGrace is how long a member that was removed leaves its cluster to find out which partitions were lost.
const lossGrace = time.Second

// Left is how many fragments are not merged yet. It may be asked from any goroutine.
func (s *Stash) Left() int { return int(s.left.Load()) }

// Carries tells whether this member has entries of a former cluster that are not merged yet.
func (n *Node) Carries() bool { return n.carrying.Load() }

// Release gives up what is left, at the end of the member.
func (s *Stash) Release() {
	for _, l := range s.layers {
		for _, p := range l.parts {
			if p.Fragment != nil {
				p.Fragment.Release()
			}
		}
	}
	s.layers = nil
}

// MergeCounts are in the order of maps.
func (s *Stash) MergeCounts() []MergeCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.counts)
}

func (s *Stash) count(name string, merged, dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, found := slices.BinarySearchFunc(s.counts, name, func(c MergeCount, name string) int { return strings.Compare(c.Map, name) })
	if !found {
		s.counts = slices.Insert(s.counts, i, MergeCount{Map: name})
	}
	s.counts[i].Merged += int64(merged)
	s.counts[i].Dropped += int64(dropped)
}

// carry takes this life's data into the stash: mine is the last list of the cluster that it was in, other that of the one
// that it is for. A cluster of a version that merges nothing takes nothing back either.
func (n *Node) carry(mine, other *cluster.List, wait time.Duration) {
	if !n.View().Version().HasMerge() {
		return
	}
	s := n.o.Stash
	s.rally = s.rally[:0]
	for i := range other.Members[:min(len(other.Members), maxRally)] {
		s.rally = append(s.rally, other.Members[i].Address)
	}
	l := &layer{
		list: mine, other: other, last: n.eraLast, millis: n.clusterMillis(), at: n.o.Clock(), notBefore: n.o.Clock() + wait,
		document: n.View().Document, merged: map[string]int64{}, dropped: map[string]int64{},
	}
	for _, d := range n.grid.Detach() {
		l.parts = append(l.parts, &part{Detached: d})
	}
	if len(l.parts) == 0 {
		return
	}
	s.layers = append(s.layers, l)
	s.left.Add(int64(len(l.parts)))
	n.log("merge").Info("keeping what this member held, to merge it into the other cluster",
		slog.Int("fragments", len(l.parts)))
}

// begin begins anew with what is left, in a new life: the cluster that it will be merged into may be yet another one.
func (l *layer) begin() {
	l.known = false
	l.registers = registers{}
	for _, p := range l.parts {
		*p = part{Detached: p.Detached}
	}
}

// noteEra notes a list by which members went without leaving, and tells whether an era begins with it. Those that follow one another closely
// count as the first of them: a part that is cut off is removed member by member.
func (n *Node) noteEra(before, now *cluster.List) (begins bool) {
	if now == nil {
		return false
	}
	n.listVersion.Store(now.Version)
	if before == nil { // members may have gone just before: what is written here from now on may be news
		n.eraLast = now.Version
		return false
	}
	gone := slices.ContainsFunc(before.Members, func(m cluster.Member) bool { return !m.Leaving && now.Find(m.ID) < 0 })
	if !gone {
		return false
	}
	clock := n.o.Clock()
	if begins = n.era.Load() == 0 || clock-n.eraAt > n.o.Config.MaxNoHeartbeat/2; begins {
		n.era.Store(now.Version)
	}
	n.eraAt, n.eraLast = clock, now.Version
	return begins
}
