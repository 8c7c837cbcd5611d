package partition

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Limits of a partition's queues. A full queue answers with ErrOverloaded.
const (
	// inboxLimit bounds what arrives while the lock is held by another: each
	// connection has at most what its read buffer holds under way.
	inboxLimit = 16 << 10
	// stallLimit bounds what waits for a hand-over, a promotion or room to a slow backup.
	stallLimit = 16 << 10
	// stallBytes bounds the same by size.
	stallBytes = 32 << 20
	// stallTotal bounds what stalls in all partitions of a member together. Long before, sessions that wait are
	// read from slowly (Grid.Backlog): it is for members that forward to this one.
	stallTotal = 256 << 20
	// holdTotal bounds the answers that wait for acknowledgements in all partitions together; beyond it requests stall.
	// It is some 400,000 writes, or as many bytes of values that were read before they were acknowledged.
	holdTotal = 128 << 20
	// waitingCost is what a waiting request or answer takes beside its bytes.
	waitingCost = 256
)

// queue is a first-in-first-out of requests whose messages it owns.
type queue struct {
	items []Request
	bytes int
}

// weight is what a waiting request takes, in bytes.
func (r *Request) weight() int64 { return int64(len(r.Message)) + waitingCost }

func (q *queue) push(r *Request) {
	kept := *r
	kept.Message = slices.Clone(r.Message)
	q.items = append(q.items, kept)
	q.bytes += len(kept.Message)
}

// take empties the queue into the caller's hands.
func (q *queue) take() []Request {
	items := q.items
	q.items, q.bytes = nil, 0
	return items
}

// inbox takes requests that come while the partition's lock is held.
type inbox struct {
	mu struct {
		sync.Mutex
		queue queue
	}
	n atomic.Int32
}

func (b *inbox) push(r *Request) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mu.queue.items) >= inboxLimit {
		return false
	}
	b.mu.queue.push(r)
	b.n.Add(1)
	return true
}

func (b *inbox) take() []Request {
	if b.n.Load() == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n.Store(0)
	return b.mu.queue.take()
}
