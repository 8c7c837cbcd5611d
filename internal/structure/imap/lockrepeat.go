package imap

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

// A request that may run twice does so now and then: a client sends it again when its connection breaks, while its first copy is
// still on its way from a member that has gone. A lock keeps the reference of its last call, by which that is noticed if nothing came in
// between. A copy that comes later would take a lock that nobody knows of, or count it once more than it will be
// released. So the primary remembers the references of recent calls, with what was answered. They are not replicated: a copy
// that is late by a promotion as well is not noticed.
const (
	// maxRepeats is how many calls a fragment remembers: 6 KiB for a map's locks in one partition.
	maxRepeats = 128
	// repeatFor is how long they are remembered when no other comes, in ms: no link holds a frame for longer, it is
	// given up before.
	repeatFor = 30_000
)

// repeats is a ring of recent calls.
type repeats struct {
	calls []answeredCall
	next  int
	last  int64 // when the latest came, in ms of cluster time
}

type answeredCall struct {
	client    cluster.UUID
	reference int64
	answer    bool
}

// find returns the answer of a call that has run. Reference 0 is none.
func (r *repeats) find(client cluster.UUID, reference int64) (answer, found bool) {
	if reference == 0 {
		return false, false
	}
	for i := range r.calls {
		if c := &r.calls[i]; c.reference == reference && c.client == client {
			return c.answer, true
		}
	}
	return false, false
}

// note remembers a call that has run.
func (r *repeats) note(tx *partition.Tx, reference int64, answer bool) {
	if reference == 0 {
		return
	}
	c := answeredCall{tx.Client(), reference, answer}
	r.last = tx.Now
	if len(r.calls) < maxRepeats {
		r.calls = append(r.calls, c)
		return
	}
	r.calls[r.next] = c
	r.next = (r.next + 1) % maxRepeats
}

// tidy forgets all when the latest is old.
func (r *repeats) tidy(now int64) {
	if len(r.calls) > 0 && now-r.last > repeatFor {
		*r = repeats{}
	}
}
