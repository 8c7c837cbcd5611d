package partition

import (
	"github.com/filbertgrid/filbert/internal/invariant"
	"github.com/filbertgrid/filbert/internal/replica"
)

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

func (h *held) push(item *heldItem, body []byte) {
	item.size = len(body)
	h.items = append(h.items, *item)
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

// body is that of the first item, valid until the next push.
func (h *held) body() []byte { return h.bytes[h.off : h.off+h.first().size] }

// pop removes the first item.
func (h *held) pop() {
	h.off += h.first().size
	*h.first() = heldItem{}
	h.head++
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
}

func (p *Partition) hold(tx *Tx, now int64) {
	h := &p.held[tx.outcome.lane]
	if tx.req != nil {
		tx.req.keep()
		item := heldItem{need: tx.outcome.need, since: now, request: *tx.req, guard: tx.guard}
		item.request.Message = nil
		p.pushHeld(h, &item, tx.Reply[tx.start:])
	}
	if len(p.events) > 0 {
		p.pushHeld(h, &heldItem{need: tx.outcome.need, since: now, event: true}, p.events)
		p.events = p.events[:0]
	}
}

func (p *Partition) pushHeld(h *held, item *heldItem, body []byte) {
	h.push(item, body)
	p.grid.holding.Add(int64(len(body)) + waitingCost)
}

func (p *Partition) popHeld(h *held) {
	p.grid.holding.Add(-int64(h.first().size) - waitingCost)
	h.pop()
}

// waiting is the number of answers and events that are held.
func (p *Partition) waiting() (n int) {
	for i := range p.held {
		n += p.held[i].len()
	}
	return n
}

// release delivers everything at the heads of held that has its acknowledgements.
func (p *Partition) release() {
	for i := range p.held {
		p.releaseFrom(&p.held[i])
	}
	if p.stalls && p.handing.reported == 0 {
		p.handOver()
	}
}

func (p *Partition) releaseFrom(h *held) {
	for h.len() > 0 && p.rep.Confirmed(h.first().need) {
		n := h.len()
		switch item := h.first(); {
		case item.event:
			p.deliverEvents(h.body())
		case item.void:
			p.answerError(&item.request, ErrUnprotected)
		default:
			item.request.Answerer.Answer(&item.request, h.body())
		}
		invariant.Check(h.len() == n, "who gets an answer does not call into the grid")
		p.popHeld(h)
	}
}

// giveUp answers what has been held since then, or longer, with ErrOutcomeUnknown: its backups were silent for too
// long, or (never) this member is not the partition's primary any more.
func (p *Partition) giveUp(then int64) {
	for i := range p.held {
		for h := &p.held[i]; h.len() > 0 && h.first().since <= then; p.popHeld(h) {
			if item := h.first(); !item.event {
				p.answerError(&item.request, ErrOutcomeUnknown)
			}
		}
	}
}
