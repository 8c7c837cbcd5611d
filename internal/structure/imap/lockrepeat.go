package imap

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// A request that may run twice does so now and then: a client sends it again when its connection breaks, while its first copy is
// still on its way from a member that has gone. A lock keeps the reference of its last call, by which that is noticed if nothing came in
// between. A copy that comes later would take a lock that nobody knows of, count it once more than it will be
// released, or release one that the client has taken since. So the references of recent calls are remembered, with what was answered.
//
// That belongs to the state of the fragment: what a call did to a lock and the note of it are one effect, so a replica has both
// or neither, and a copy that is late by a promotion or a move as well finds it. A call that did nothing, since the lock was another's, has
// an effect of its own, and its answer waits for that like any other: once a client has heard that it did not get a
// lock, no copy of its question may take it. What splits merge are entries, and no locks; neither are notes on them.
const (
	// maxRepeats is how many calls a fragment remembers: 5 KiB for a map's locks in one partition.
	maxRepeats = 128
	// repeatFor is how long they are remembered when no other comes, in ms: no link holds a frame for longer, it is
	// given up before.
	repeatFor = 30_000
)

// repeats is a ring of recent calls, each of them once.
type repeats struct {
	calls []answeredCall
	next  int   // the oldest, where the ring is full
	last  int64 // when the latest came, in ms of cluster time; on a primary
}

// answeredCall is a call that has run. A reference of 0 is none, and such a call is not noted.
type answeredCall struct {
	client    cluster.UUID
	reference int64
	// answer is false for a lock that was not taken, or not released, since another had it.
	answer bool
}

// callSize is what append appends.
const callSize = 16 + 8 + 1

func (c *answeredCall) append(dst []byte) []byte {
	dst = append(dst, c.client[:]...)
	dst = packed.AppendInt64(dst, c.reference)
	return packed.AppendBool(dst, c.answer)
}

func readCall(r *packed.Reader) (c answeredCall) {
	copy(c.client[:], r.Take(len(c.client)))
	c.reference, c.answer = r.Int64(), r.Bool()
	return c
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
func (r *repeats) note(c answeredCall) {
	if c.reference == 0 {
		return
	}
	if _, found := r.find(c.client, c.reference); found {
		return // an effect that is applied twice
	}
	if len(r.calls) < maxRepeats {
		r.calls = append(r.calls, c)
		return
	}
	r.calls[r.next] = c
	r.next = (r.next + 1) % maxRepeats
}

// each visits the calls, the oldest first.
func (r *repeats) each(visit func(c *answeredCall)) {
	for i := range r.calls {
		visit(&r.calls[(r.next+i)%len(r.calls)])
	}
}

// noteCall remembers a call that the primary has run.
func (f *fragment) noteCall(now int64, c answeredCall) {
	if c.reference != 0 {
		l := f.ownLocks()
		l.repeats.note(c)
		l.repeats.last = now
	}
}

// tellCall ends the effect of what a call did to a lock with the note of it.
func (f *fragment) tellCall(effect []byte, c answeredCall) []byte {
	if c.reference == 0 || !f.s.options.Notes() {
		return effect
	}
	return c.append(effect)
}

// applyCall takes the end of such an effect, if it is of a call.
func (f *fragment) applyCall(r *packed.Reader) {
	if r.Len() == 0 {
		return
	}
	if c := readCall(r); r.Err() == nil {
		f.ownLocks().repeats.note(c)
	}
}

// refuse remembers a call that changed nothing, here and on the backups.
func (f *fragment) refuse(tx *partition.Tx, hash uint32, reference int64) {
	if reference == 0 {
		return
	}
	c := answeredCall{client: tx.Client(), reference: reference}
	f.noteCall(tx.Now, c)
	if f.s.options.Notes() {
		tx.Commit(c.append(append(f.begin(tx, hash), effectCalls, 1)))
	}
}

// forgetCalls forgets all when the latest is old. Nobody waits for the backups to do so.
func (f *fragment) forgetCalls(tx *partition.Tx) {
	r := &f.locks.repeats
	if len(r.calls) == 0 || tx.Now-r.last <= repeatFor {
		return
	}
	*r = repeats{}
	if f.s.options.Notes() {
		tx.Commit(append(tx.Begin(partition.KindMap, f.shared.key, partition.Backups{}), effectCalls, 0))
	}
}

// appendCalls appends the effect that ends a copy: all calls that are remembered.
func (r *repeats) appendCalls(dst []byte) []byte {
	dst = packed.AppendUvarint(append(dst, effectCalls), uint64(len(r.calls)))
	r.each(func(c *answeredCall) { dst = c.append(dst) })
	return dst
}

// applyCalls remembers those of an effect besides what is remembered, and forgets all if there is none in it.
func (f *fragment) applyCalls(r *packed.Reader) {
	n := r.Count(callSize)
	if n == 0 && r.Err() == nil && f.hasLocks() {
		f.locks.repeats = repeats{}
	}
	for ; n > 0 && r.Err() == nil; n-- {
		if c := readCall(r); r.Err() == nil {
			f.ownLocks().repeats.note(c)
		}
	}
}
