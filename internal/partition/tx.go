package partition

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
)

// Tx is one operation running under its partition's lock. It is valid during
// the call it is passed to; nothing of it may be kept.
//
// An operation looks up its fragment, changes it, and describes every change
// by an effect: Begin, append the resulting state, Commit. Reads say what they
// have seen, so that an answer that shows what could still be lost is held back
// until the backups have it.
type Tx struct {
	// Reply is where the answer is appended to.
	Reply []byte
	// Now is cluster time in milliseconds since 1970; it never steps back.
	Now int64
	// Resumed is true when the request had parked and runs again; Expired when
	// it runs for the last time because its deadline has passed: it must not park again.
	Resumed, Expired bool
	// Primary is false when the request runs on a backup (Request.OnBackup): only reads are allowed.
	Primary bool

	// start is where in Reply the answer begins.
	start   int
	guard   Guard
	p       *Partition
	req     *Request
	outcome outcome

	effectKind   Kind
	effectWants  Backups
	effectHash   uint32
	effectHashed bool
}

// Fail makes an error the answer, in the place of what was appended to Reply.
func (tx *Tx) Fail(err error) { tx.Reply = tx.req.Runner.Fail(tx.Reply[:tx.start], tx.req, err) }

// Partition is the number of the partition.
func (tx *Tx) Partition() ID { return tx.p.id }

// Self is this member.
func (tx *Tx) Self() cluster.MemberID { return tx.p.grid.self }

// UUID changes whenever the partition gets another primary: the partition UUID
// of near-cache metadata.
func (tx *Tx) UUID() cluster.UUID { return tx.p.uuid }

// Protect says by what the answer of this operation is protected: if it waits for a backup that a newer table removes, it
// is released only if the guard holds then.
func (tx *Tx) Protect(g Guard) { tx.guard = g }

// Client is the client that asked, zero for what time brings.
func (tx *Tx) Client() cluster.UUID {
	if tx.req == nil {
		return cluster.UUID{}
	}
	return tx.req.Client
}

// KeyHash is the hash of the key that the request's message begins with, as its structure hashes keys; not ok if it is not known.
func (tx *Tx) KeyHash() (hash uint32, ok bool) {
	if tx.req == nil {
		return 0, false
	}
	return tx.req.Hash, tx.req.Hashed
}

// Find returns the fragment of a structure, or nil when it has none in this partition.
func (tx *Tx) Find(kind Kind, name []byte) Fragment {
	return tx.p.find(kind, name)
}

// Open returns the fragment of a structure, made if there is none. Only for
// operations that will change it: an unused structure costs no memory.
func (tx *Tx) Open(kind Kind, name []byte) Fragment {
	return tx.p.open(kind, name)
}

// Drop releases a structure's fragment, on all replicas.
func (tx *Tx) Drop(kind Kind, name []byte) {
	if tx.p.fragments[kind][string(name)] == nil {
		return
	}
	dst := tx.Begin(KindNone, nil, Backups{}) // nobody can tell an empty fragment from none, so nobody waits for it
	dst = append(dst, byte(kind))
	dst = append(dst, name...)
	tx.Commit(dst)
	tx.p.drop(kind, name)
}

// Keep copies what an operation is about to change and its answer wants to show; it stays until the operation ends, or keeps something
// else.
func (tx *Tx) Keep(b []byte) []byte {
	tx.p.kept = append(tx.p.kept[:0], b...)
	return tx.p.kept
}

// Begin starts an effect on the structure's fragment. The caller appends the
// effect to the slice and passes it to Commit (or drops it: nothing has happened).
// No other effect may begin in between.
func (tx *Tx) Begin(kind Kind, name []byte, want Backups) []byte {
	tx.effectKind, tx.effectWants, tx.effectHashed = kind, want, false
	return tx.p.beginEffect(kind, name)
}

// BeginKey is Begin for an effect on one key, by its hash: reads of that key
// will wait for the effect's acknowledgement, reads of other keys will not.
func (tx *Tx) BeginKey(kind Kind, name []byte, hash uint32, want Backups) []byte {
	dst := tx.Begin(kind, name, want)
	tx.effectHash, tx.effectHashed = hash, true
	return dst
}

// Heard tells whether effects go to anybody: where they do not, one may be committed without what it says.
func (tx *Tx) Heard() bool { return len(tx.p.rep.Peers) > 0 }

// Commit numbers the effect and sends it to the backups. The answer of this
// operation will wait for the acknowledgements that the effect wants.
func (tx *Tx) Commit(effect []byte) { tx.p.commitEffect(tx, effect) }

// Saw says that the answer shows the state of a key: it waits for that key's
// unacknowledged effects.
func (tx *Tx) Saw(hash uint32) { tx.p.saw(tx, hash) }

// SawAll says that the answer shows more than single keys: it waits for all
// unacknowledged effects.
func (tx *Tx) SawAll() { tx.p.sawAll(tx) }

// Park lets the request wait until Wake is called with the same hash, or until again, in ms of cluster time, or for wait milliseconds
// from its first parking on (negative: for ever). It then runs again from the beginning, with Resumed
// set. The operation must not have changed anything.
func (tx *Tx) Park(hash uint32, wait, again int64) { tx.p.park(tx, hash, wait, again) }

// Wake lets the requests parked on a hash run again, in the order in which
// they came, after this operation.
func (tx *Tx) Wake(hash uint32) { tx.p.wake(hash) }

// Wanted returns the types of events that listeners of an object want.
func (tx *Tx) Wanted(service, name string) event.Type {
	return tx.p.grid.events.Wanted(service, name)
}

// Publish hands an event to the listeners, no sooner than the effects of this
// operation are acknowledged. Member, Partition and PartitionUUID are filled in.
func (tx *Tx) Publish(e *event.Event) { tx.p.publish(e) }
