package gateway

import (
	"errors"
	"fmt"
	"slices"

	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// Entries of another cluster on their way into this one. A member that was of that cluster and has joined this one sends
// them in batches of one map and one partition to the partition's primary (askMerge), which lets each meet the
// map's own entry by the map's merge policy, in one operation, and answers when its backups have acknowledged. A
// batch that is not acknowledged, for the primary is another by now or is lost, is sent again.

// mergeVersion is the version of the body of askMerge.
const mergeVersion = 1

// mergeIfLost marks a batch that is taken only if the partition was lost by this cluster.
const mergeIfLost = 1 << 0

// What the answer to askMerge begins with: values that the length of a client protocol's error message does not have.
const (
	mergeDone      = 0xf1 // taken, equal, dropped
	mergeNotLost   = 0xf2
	mergeElsewhere = 0xf3
	mergeFailed    = 0xf4 // text
)

// Errors of Gateway.Merge. The batch may be sent again after each of them; after all but ErrMergeFailed it will do some day.
var (
	// ErrMergeElsewhere is returned when the partition has no primary, or another than the one that was asked.
	ErrMergeElsewhere = errors.New("gateway: the partition to merge into is elsewhere")
	// ErrMergeLost is returned when no answer came.
	ErrMergeLost = errors.New("gateway: no answer to a batch of entries to merge")
	// ErrMergeFailed is returned when the primary could not merge the batch.
	ErrMergeFailed = errors.New("gateway: a batch of entries cannot be merged")
)

// MergeBatch are entries of another cluster.
type MergeBatch struct {
	Partition partition.ID
	Map       string
	// IfLost: the batch counts only if this cluster has lost the partition after its member list of version Ancestor.
	IfLost   bool
	Ancestor int32
	// Shift is what this cluster's time is ahead of the other's, in ms.
	Shift int64
	// Entries are effects of snapshots (imap.Structure.Merge).
	Entries [][]byte
}

// MergeResult counts what became of the entries of a batch.
type MergeResult struct {
	// NotLost: nothing was done, since the partition was not lost.
	NotLost bool
	// Taken entries are in the map now; Equal ones were there already, or their time was over; Dropped ones were refused
	// by the policy.
	Taken, Equal, Dropped int
}

func appendMergeBatch(dst []byte, b *MergeBatch) []byte {
	var flags byte
	if b.IfLost {
		flags |= mergeIfLost
	}
	dst = packed.AppendString(append(dst, mergeVersion, flags), b.Map)
	dst = packed.AppendVarint(packed.AppendVarint(dst, int64(b.Ancestor)), b.Shift)
	dst = packed.AppendUvarint(dst, uint64(len(b.Entries)))
	for _, e := range b.Entries {
		dst = packed.AppendBytes(dst, e)
	}
	return dst
}

// readMergeBatch returns a batch whose entries are views.
func readMergeBatch(message []byte) (b MergeBatch, err error) {
	r := packed.NewReader(message)
	if v := r.Byte(); r.Err() == nil && v != mergeVersion {
		return b, errVersion
	}
	b.IfLost = r.Byte()&mergeIfLost != 0
	b.Map = r.String()
	b.Ancestor, b.Shift = int32(r.Varint()), r.Varint()
	b.Entries = make([][]byte, 0, r.Count(1))
	for range cap(b.Entries) {
		b.Entries = append(b.Entries, r.Bytes())
	}
	return b, r.Err()
}

// Merge gives a batch to the partition's primary. done is called once, from any goroutine, maybe before Merge returns; like
// an Answerer it must not wait nor call back.
func (g *Gateway) Merge(b *MergeBatch, done func(MergeResult, error)) {
	v := g.Cluster.View()
	owner := v.Owner(int32(b.Partition))
	message := appendMergeBatch(nil, b)
	answer := func(body []byte) { done(readMergeAnswer(body)) }
	switch {
	case owner.IsZero():
		done(MergeResult{}, ErrMergeElsewhere)
	case owner == g.Self:
		g.submitMerge(b.Partition, v.Table.Version, message, func(body []byte) {
			if !g.Cluster.LeaseValid() {
				body = nil // this member may have been replaced
			}
			answer(body)
		})
	default:
		head := packed.AppendUint32(packed.AppendUvarint(nil, uint64(b.Partition)), uint32(v.Table.Version))
		g.forward.ask(owner, askMerge, append(head, message...), answer)
	}
}

func readMergeAnswer(body []byte) (result MergeResult, err error) {
	r := packed.NewReader(body)
	switch kind := r.Byte(); {
	case r.Err() != nil:
		return result, ErrMergeLost
	case kind == mergeDone:
		result = MergeResult{Taken: int(r.Uvarint()), Equal: int(r.Uvarint()), Dropped: int(r.Uvarint())}
		if r.Err() != nil {
			return MergeResult{}, ErrMergeLost
		}
		return result, nil
	case kind == mergeNotLost:
		return MergeResult{NotLost: true}, nil
	case kind == mergeElsewhere:
		return result, ErrMergeElsewhere
	case kind == mergeFailed:
		return result, fmt.Errorf("%w: %s", ErrMergeFailed, r.String())
	}
	return result, fmt.Errorf("%w: the partition's primary is of a version that merges nothing", ErrMergeFailed)
}

// submitMerge runs a batch at its partition, if this member is the primary. The message is the grid's from here on.
func (g *Gateway) submitMerge(id partition.ID, table int32, message []byte, answer func(body []byte)) {
	g.Grid.Submit(&partition.Request{
		Partition: id, Table: table, Message: message, Answerer: mergeAnswerer(answer), Runner: mergeRunner{g},
	})
}

// onMerge takes a batch of another member.
func (p *peer) onMerge(call uint64, r *packed.Reader) {
	id, table := r.Uvarint(), int32(r.Uint32())
	message := slices.Clone(r.Rest())
	if r.Err() != nil || id > 1<<30 {
		return
	}
	p.g.submitMerge(partition.ID(id), table, message, func(body []byte) { p.answerAsk(call, body) })
}

// mergeAnswerer passes an answer on.
type mergeAnswerer func(body []byte)

// Answer implements partition.Answerer.
func (a mergeAnswerer) Answer(_ *partition.Request, body []byte) { a(body) }

// Keep implements partition.Answerer.
func (mergeAnswerer) Keep(*partition.Request) {}

// Reroute implements partition.Answerer.
func (a mergeAnswerer) Reroute(*partition.Request) { a([]byte{mergeElsewhere}) }

// mergeRunner runs batches.
type mergeRunner struct{ g *Gateway }

// Run implements partition.Runner. An entry that cannot be stored ends the batch; what was merged before it stays, and
// is Equal when the batch comes again.
func (m mergeRunner) Run(tx *partition.Tx, q *partition.Request) {
	b, err := readMergeBatch(q.Message)
	if err != nil {
		tx.Fail(err)
		return
	}
	if b.IfLost && !m.g.lost.since(q.Partition, b.Ancestor) {
		tx.Reply = append(tx.Reply, mergeNotLost)
		return
	}
	var counts [imap.Dropped + 1]int
	for _, e := range b.Entries {
		outcome, err := m.g.Maps.Merge(tx, []byte(b.Map), e, b.Shift)
		if err != nil {
			tx.Fail(err)
			return
		}
		counts[outcome]++
	}
	tx.Reply = append(tx.Reply, mergeDone)
	for _, n := range counts[imap.Taken:] {
		tx.Reply = packed.AppendUvarint(tx.Reply, uint64(n))
	}
}

// Fail implements partition.Runner. Whatever will pass is elsewhere.
func (mergeRunner) Fail(dst []byte, _ *partition.Request, err error) []byte {
	for _, passing := range []error{partition.ErrOutcomeUnknown, partition.ErrUnavailable, partition.ErrOverloaded} {
		if errors.Is(err, passing) {
			return append(dst, mergeElsewhere)
		}
	}
	return packed.AppendString(append(dst, mergeFailed), err.Error())
}
