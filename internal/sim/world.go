package sim

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/link/memlink"
)

// Times of the simulated cluster: shorter than in production, so that more happens in an hour.
const (
	heartbeatInterval  = 500 * time.Millisecond
	silenceTimeout     = 5 * time.Second
	foundingSilence    = 2 * time.Second
	acknowledgeTimeout = 8 * time.Second
	callTimeout        = 15 * time.Second
	backupSyncInterval = time.Second
)

// firstPort is the port of the first process. All have the same host.
const firstPort = 5701

// Options of a world.
type Options struct {
	Seed uint64
	// Partitions is the partition count; default 13.
	Partitions int
	// Backups is how many backups every partition has: default 1, NoBackups for none.
	Backups int
	// Awaited is the backup-count of the map that most operations are about, the rest of Backups is its
	// async-backup-count; default all.
	Awaited int
	// Zones is how many zones the members are spread over; none unless set.
	Zones int
	// Upgrade is for members of the version before beside those of the present one.
	Upgrade bool
	// Splits is for one fault in three to be a split, if it can be.
	Splits bool
	// Keep makes the world keep the lines of its trace; otherwise only their hash is kept and the last few.
	Keep bool
}

// NoBackups is for Options.Backups.
const NoBackups = -1

// World is a simulated cluster, its clients and their network.
type World struct {
	options Options
	random  *rand.Rand
	now     time.Duration
	events  eventHeap
	serial  uint64
	net     *memlink.Network
	config  *config.Config

	processes   []*process
	clients     []*client
	history     history
	trace       trace
	usual       time.Duration // the longest delay of a frame when the network is not slow
	pad         string        // makes values as large
	cuts        int           // pairs of members that cannot reach one another
	silentUntil time.Duration // until then some may be silent after an interruption
	stopped     bool          // clients ask nothing new
	split       *split        // a part of the cluster that is cut off
	discovery   kindOfDiscovery
	raised      bool            // the cluster's version was raised
	drift       int64           // how much faster or slower than time a clock may be, in millionths
	losses      []time.Duration // when members were lost, or began to be silent, since the world was whole
	// damaged counts backups that were damaged on purpose and are not found yet.
	damaged int
	failure error

	// Figures are what has happened so far.
	Figures Figures
}

// Figures sum up a run.
type Figures struct {
	// Virtual is the time that has passed.
	Virtual time.Duration
	// Faults counts injected faults by kind.
	Faults map[string]int
	// Operations were answered; Unknown ended without a known outcome.
	Operations, Unknown int
	// Compared are the pieces of backups that were compared with their primaries.
	Compared uint64
	// Keys whose histories were checked, and Checked the operations in these histories.
	Keys, Checked int
}

// shortListing is what a member may have of an answer to entrySet, in every other world: so little that the answer is given in pieces.
const shortListing = 1 << 10

// NewWorld returns a world in which nobody lives.
func NewWorld(o Options) *World {
	if o.Partitions == 0 {
		o.Partitions = 13
	}
	switch o.Backups {
	case 0:
		o.Backups = 1
	case NoBackups:
		o.Backups = 0
	}
	if o.Awaited == 0 {
		o.Awaited = o.Backups
	}
	w := &World{options: o, random: rand.New(rand.NewPCG(o.Seed, 0x5eed))}
	w.trace.keep = o.Keep
	w.Figures.Faults = map[string]int{}
	w.net = memlink.New(memlink.Options{
		Now:  func() time.Duration { return w.now },
		Rand: rand.New(rand.NewPCG(o.Seed, 0x11e7)),
	})
	w.net.SetDoor(address(doorPort))
	c := config.Default()
	c.PartitionCount = o.Partitions
	c.HeartbeatInterval, c.MaxNoHeartbeat, c.FoundingSilence = heartbeatInterval, silenceTimeout, foundingSilence
	c.BackupSyncInterval = backupSyncInterval
	c.OperationCallTimeout, c.AcknowledgeTimeout = callTimeout, acknowledgeTimeout
	c.Maps[looseMap] = config.MapConfig{
		AsyncBackupCount: w.random.IntN(o.Backups + 1), InMemoryFormat: config.FormatBinary,
		MergePolicy: config.MergeDiscard, // what was lost, with a member that was cut off, does not come back
	}
	if o.Seed%2 == 0 {
		c.Limits.ListingBytes = shortListing
	}
	w.config = c
	w.setBackups(o.Backups, o.Awaited)
	w.setZones(o.Zones)
	if o.Upgrade {
		w.setUpgrade()
	}
	return w
}

// setBackups says how many backups every partition has, and how many of them the map waits for.
func (w *World) setBackups(all, awaited int) {
	w.options.Backups, w.options.Awaited = all, awaited
	w.config.Maps["default"] = config.MapConfig{BackupCount: all, InMemoryFormat: config.FormatBinary}
	w.config.Maps[mainMap] = config.MapConfig{BackupCount: awaited, AsyncBackupCount: all - awaited, InMemoryFormat: config.FormatBinary}
}

// protect sets split-brain protection of reads and writes of the maps whose histories must be linearizable.
func (w *World) protect(members int) {
	w.config.SplitBrainProtections["sim"] = config.SplitBrainProtection{Name: "sim", Enabled: true, MinimumSize: members}
	w.config.Maps[strictMap] = w.config.Maps["default"]
	for _, name := range []string{mainMap, strictMap} {
		m := w.config.Maps[name]
		m.SplitBrainProtectionRef = "sim"
		w.config.Maps[name] = m
	}
}

// event is something that happens at a time.
type event struct {
	at     time.Duration
	serial uint64
	do     func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || (h[i].at == h[j].at && h[i].serial < h[j].serial)
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for package heap.
func (h *eventHeap) Push(x any) {
	e, _ := x.(event)
	*h = append(*h, e)
}

// Pop is for package heap.
func (h *eventHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*h = old[:len(old)-1]
	return last
}

// at lets something happen at a time, after lets it happen later.
func (w *World) at(at time.Duration, f func()) {
	w.serial++
	heap.Push(&w.events, event{max(at, w.now), w.serial, f})
}

func (w *World) after(d time.Duration, f func()) { w.at(w.now+d, f) }

// between draws a duration.
func (w *World) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.random.Int64N(int64(most-least)+1))
}

// Run lets time pass, unless something has failed.
func (w *World) Run(d time.Duration) {
	for end := w.now + d; w.failure == nil; {
		at, ok := w.net.Next()
		if len(w.events) > 0 && (!ok || w.events[0].at < at) {
			if w.events[0].at > end {
				w.now = end
				return
			}
			e, _ := heap.Pop(&w.events).(event)
			w.now = e.at
			e.do()
			continue
		}
		if !ok || at > end {
			w.now = end
			return
		}
		w.now = max(w.now, at)
		w.net.Step()
	}
}

// until lets time pass until something is so; false when it does not become so in time.
func (w *World) until(limit time.Duration, so func() bool) bool {
	for end := w.now + limit; w.failure == nil; {
		if so() {
			return true
		}
		if w.now >= end {
			return false
		}
		w.Run(20 * time.Millisecond)
	}
	return false
}

// fail ends the run; the first failure counts.
func (w *World) fail(format string, args ...any) {
	if w.failure == nil {
		//nolint:err113 // what has failed is for people to read
		w.failure = fmt.Errorf("seed %d at %v: %s", w.options.Seed, w.now, fmt.Sprintf(format, args...))
		w.note("FAILED: %v", w.failure)
	}
}

// Err is why the run has failed, or nil.
func (w *World) Err() error { return w.failure }

func (w *World) note(format string, args ...any) { w.trace.line(w.now, fmt.Sprintf(format, args...)) }

func (w *World) uuid() cluster.UUID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], w.random.Uint64())
	binary.BigEndian.PutUint64(b[8:], w.random.Uint64())
	return cluster.NewUUID(b)
}

// lose notes that a member may be lost with what only it has.
func (w *World) lose() { w.losses = append(w.losses, w.now) }

// fault counts and notes a fault.
func (w *World) fault(kind, format string, args ...any) {
	w.Figures.Faults[kind]++
	w.note("%s: %s", kind, fmt.Sprintf(format, args...))
}
