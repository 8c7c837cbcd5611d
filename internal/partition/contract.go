package partition

import (
	"errors"
	"fmt"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// ID is a partition's number, from 0 to the partition count less one.
type ID int32

// Kind is a kind of structure. Its numbers are part of the effect format:
// append only.
type Kind uint8

// The kinds of structures. KindNone marks effects of the partition itself.
const (
	KindNone Kind = 0
	KindMap  Kind = 1
	// Kinds is one more than the greatest kind.
	Kinds = 2
)

// Errors that requests end with.
var (
	// ErrOutcomeUnknown is the answer of a write whose primary stepped down, or whose backups
	// were silent, before they confirmed it: it may or may not survive.
	ErrOutcomeUnknown = errors.New("partition: the outcome of the operation is unknown: it was not confirmed by its backups")
	// ErrUnprotected is the answer of an operation whose backup was removed before it confirmed, from a cluster that was left
	// with fewer members than the structure's split-brain protection wants. It wraps ErrOutcomeUnknown.
	ErrUnprotected = fmt.Errorf("%w, and the cluster has become too small for the split-brain protection", ErrOutcomeUnknown)
	// ErrUnavailable is the answer to a request that could not run in time: its
	// partition had no primary, was being handed over, or had no room to a backup.
	ErrUnavailable = errors.New("partition: the operation could not be run in time, it was not executed")
	// ErrOverloaded is the answer when a bounded queue of the partition is full.
	ErrOverloaded = errors.New("partition: too many operations are waiting")
	// ErrRange is returned for a partition id out of range.
	ErrRange = errors.New("partition: id out of range")
)

// Backups is how many copies of an effect a structure wants: the first Sync
// backups are waited for; the others get it without.
type Backups struct{ Sync, Async uint8 }

// Answerer is who gets the answer of a request: a client's session, another
// member, a fan-out. Its methods are called under a partition's lock: they must
// not wait, nor call into the grid, nor keep the slices.
type Answerer interface {
	// Answer delivers the answer; called once per request unless Reroute is, or Run has returned it.
	Answer(r *Request, body []byte)
	// Keep says that a request given to Run is not answered at once: it is about to be copied, to be answered later, and
	// the answerer may set its Token now. Called by the goroutine that called Run, before anybody else sees the request.
	Keep(r *Request)
	// Reroute says that the partition has moved away before the request was
	// executed; the request must be sent again. Message is valid during the call.
	Reroute(r *Request)
}

// Request is an operation on one partition on its way. It is passed by pointer
// and copied, Message included, when it has to wait.
type Request struct {
	Partition ID
	// Client is the client that asks: lock owner, and source of events.
	Client cluster.UUID
	// Answerer and Token: the token is the answerer's own note on the request.
	Answerer Answerer
	Token    uint64
	// Message is the client's message (or a member's operation) in the runner's encoding.
	Message []byte
	Runner  Runner
	// Table is the version of the partition table by which the request was sent here, 0 when
	// unknown: a member with an older table waits for that one instead of handing it back.
	Table int32
	// OnBackup allows a replica in sync to run it as well as the primary: reads
	// of structures with read-backup-data.
	OnBackup bool
	// Hash is the hash of the key that the message begins with, as its structure hashes keys, if the caller has it: Hashed.
	Hash   uint32
	Hashed bool
	// Now is cluster time, if the caller has looked at it for many requests at once; 0 otherwise, and for what has waited.
	Now int64
	// direct: Run returns the answer if it can be given at once, and calls Answerer.Keep if not.
	direct bool
	// stalled is when the request began to stall, in ms of cluster time; 0 while it has not.
	stalled int64
	// Deadline is when parking ends, in milliseconds of cluster time; 0 until
	// the request parks for the first time.
	Deadline int64
}

// Guard is a structure's split-brain protection.
type Guard interface {
	// Holds tells whether the cluster, by the list in effect, has the members that the structure wants. Called under a
	// partition's lock.
	Holds() bool
}

// Runner executes requests: the gateway.
type Runner interface {
	// Run executes the request under the partition's lock: it appends the
	// answer to tx.Reply, or parks.
	Run(tx *Tx, r *Request)
	// Fail appends the answer that tells the caller of err.
	Fail(dst []byte, r *Request, err error) []byte
}

// Fragment is a structure's part in one partition. All methods are called
// under the partition's lock.
type Fragment interface {
	// Name is the structure's.
	Name() string
	// Apply brings the state of an effect into the fragment, on a backup and when
	// a copy is received. The same effect applied twice changes nothing more.
	// The slice is valid during the call.
	Apply(effect []byte) error
	// Snapshot calls emit with effects that make up the fragment's state, from
	// cursor on (0 is the start), until about limit bytes have been emitted; it
	// returns where to go on, and whether it is complete. Changes between two
	// calls reach the receiver as effects of their own, so an entry that changed may be
	// emitted old, new or not at all; one that did not change is emitted at least once.
	Snapshot(cursor uint64, limit int, emit func(effect []byte)) (next uint64, done bool)
	// Sum adds up what Snapshot would emit between two of its cursors, end excluded, until about limit bytes have
	// been added up, without what replicas may differ in; it returns where to go on, and whether it has come to the end.
	// Replicas with the same contents return the same.
	Sum(cursor, end uint64, limit int) (s Sum, next uint64, done bool)
	// Tick lets the primary do what time brings (expiry, leases that end,
	// eviction), in steps of at most about 200 µs. It is called about ten times a second, less often where a partition has more than 64
	// fragments.
	Tick(tx *Tx)
	// SetPrimary tells a fragment that its member became, or ceased to be, the partition's primary.
	// now is cluster time: a promoted replica restarts idle clocks.
	SetPrimary(primary bool, now int64)
	// ClientGone lets the primary release what a departed client held (locks).
	ClientGone(tx *Tx, client cluster.UUID)
	// Empty is true when the fragment holds nothing worth its memory.
	Empty() bool
	// Usage adds the fragment's figures.
	Usage(u *Usage)
	// Prefetch asks the memory for the entry of a key, by its hash, so that an operation on it that comes soon does not wait for it: in
	// step 0 for what step 1 reads, in step 1 for what the operation reads. It may do nothing.
	Prefetch(hash uint32, step int)
	// Release gives the fragment's memory back; it is not used afterwards.
	Release()
}

// Usage sums up figures of fragments, for metrics.
type Usage struct {
	Entries, Bytes int64
	Locks          int64
}

// Structure makes the fragments of one kind.
type Structure interface {
	NewFragment(p ID, name string) Fragment
}
