package partition

import (
	"slices"
	"sync"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// Operations park that wait for something of their structure, for a lock as a rule. They are bounded in each partition and for each
// client over all partitions of this member (Options), and by size over all partitions.

// Limits of parking where Options has none.
const (
	parkLimit = 10_000
	// parkedBytes bounds the messages of parked operations in all partitions: clients may write large values to locked keys.
	parkedBytes = 256 << 20
)

// parked is a request that waits for something of its structure. At again, in ms of cluster time, it looks for itself.
type parked struct {
	Request
	hash  uint32
	again int64
}

// parking counts what is parked in all partitions.
type parking struct {
	perPartition, perClient int

	mu struct {
		sync.Mutex
		bytes    int64
		byClient map[cluster.UUID]int
	}
}

// take makes room for one more, or tells that there is none.
func (g *parking) take(r *Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.byClient[r.Client] >= g.perClient || g.mu.bytes+r.weight() > parkedBytes {
		return false
	}
	if g.mu.byClient == nil {
		g.mu.byClient = map[cluster.UUID]int{}
	}
	g.mu.byClient[r.Client]++
	g.mu.bytes += r.weight()
	return true
}

// give takes one out of the books.
func (g *parking) give(r *Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.bytes -= r.weight()
	if g.mu.byClient[r.Client]--; g.mu.byClient[r.Client] <= 0 {
		delete(g.mu.byClient, r.Client)
	}
}

func (p *Partition) park(tx *Tx, hash uint32, wait, again int64) {
	r := tx.req
	if len(p.parks) >= p.grid.parking.perPartition || !p.grid.parking.take(r) {
		tx.Reply = r.Runner.Fail(tx.Reply[:tx.start], r, ErrOverloaded)
		return
	}
	tx.outcome.parked = true
	r.keep()
	kept := parked{Request: *r, hash: hash, again: again}
	kept.Message = append([]byte(nil), r.Message...)
	if kept.Deadline == 0 {
		kept.Deadline = never
		if wait >= 0 && wait < never-tx.Now {
			kept.Deadline = tx.Now + wait
		}
	}
	p.parks = append(p.parks, kept)
}

// unpark takes out those that shall not wait any longer, in the order in which they came.
func (p *Partition) unpark(goes func(r *parked) bool) (out []Request) {
	p.parks = slices.DeleteFunc(p.parks, func(r parked) bool {
		if !goes(&r) {
			return false
		}
		p.grid.parking.give(&r.Request)
		out = append(out, r.Request)
		return true
	})
	return out
}

func (p *Partition) wake(hash uint32) {
	p.ready = append(p.ready, p.unpark(func(r *parked) bool { return r.hash == hash })...)
}

// resumeParked runs those that look for themselves now, and those whose deadline has passed for the last time.
func (p *Partition) resumeParked(now int64) {
	due := p.unpark(func(r *parked) bool { return r.Deadline <= now || r.again <= now })
	for i := range due {
		p.run(&due[i], true, due[i].Deadline <= now)
	}
}

// dropParked forgets what a client that is gone was waiting for.
func (p *Partition) dropParked(client cluster.UUID) {
	p.unpark(func(r *parked) bool { return r.Client == client })
}

// rerouteParked hands all parked requests back: the partition has moved away.
func (p *Partition) rerouteParked() {
	parks := p.unpark(func(*parked) bool { return true })
	for i := range parks {
		parks[i].Answerer.Reroute(&parks[i])
	}
}
