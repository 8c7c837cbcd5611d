package partition

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filbertgrid/filbert/internal/replica"
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

// heldItem is an answer or an event that waits for acknowledgements.
type heldItem struct {
	need  replica.Need
	since int64 // cluster time, ms
	size  int
	event bool
	// guard is nil for what is not protected; void is set when a backup that it waits for was removed while the guard did
	// not hold: the caller is told that the outcome is unknown.
	guard Guard
	void  bool
	// request is the answered one, without its message.
	request Request
}

// heldSlack and heldSlackBytes are how much delivered items may take up before those that still wait are moved to the
// front: under steady load the queue is never empty.
const (
	heldSlack      = 1024
	heldSlackBytes = 1 << 20
)

// held keeps answers and events back, in order: one waits for those before
// it, too, so what a client sees of a structure in one partition is never out of order.
type held struct {
	items []heldItem
	head  int
	bytes []byte
	off   int
}

func (h *held) len() int { return len(h.items) - h.head }

func (h *held) push(item heldItem, body []byte) {
	item.size = len(body)
	h.items = append(h.items, item)
	h.bytes = append(h.bytes, body...)
}

// judge voids what waits for an acknowledgement that a peer owed and that is not waited for any more, where protection does not hold.
func (h *held) judge(acked uint64) {
	for i := h.head; i < len(h.items); i++ {
		item := &h.items[i]
		if item.guard != nil && item.need.Backups > 0 && item.need.Seq > acked && !item.guard.Holds() {
			item.void = true
		}
	}
}

func (h *held) first() *heldItem { return &h.items[h.head] }

// pop removes the first item and returns its body, valid until the next push.
func (h *held) pop() (heldItem, []byte) {
	item := h.items[h.head]
	h.items[h.head] = heldItem{}
	body := h.bytes[h.off : h.off+item.size]
	h.head++
	h.off += item.size
	switch {
	case h.head == len(h.items):
		h.items, h.head = h.items[:0], 0
		h.bytes, h.off = h.bytes[:0], 0
	case h.head > heldSlack && h.head > len(h.items)/2, h.off > heldSlackBytes && h.off > len(h.bytes)/2:
		h.items = h.items[:copy(h.items, h.items[h.head:])]
		h.head = 0
		rest := append([]byte(nil), h.bytes[h.off:]...)
		h.bytes, h.off = rest, 0
	}
	return item, body
}
