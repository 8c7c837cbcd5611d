package event

import "github.com/filbertgrid/filbert/internal/cluster"

// Type is what happened. The values are those of the client protocol's entry
// events (EntryEventType), so they are bits of a listener's flags, too.
type Type uint32

// The types of entry events, and the one of near-cache invalidation.
const (
	Added        Type = 1 << 0
	Removed      Type = 1 << 1
	Updated      Type = 1 << 2
	Evicted      Type = 1 << 3
	Expired      Type = 1 << 4
	EvictAll     Type = 1 << 5
	ClearAll     Type = 1 << 6
	Merged       Type = 1 << 7
	Invalidation Type = 1 << 8
	Loaded       Type = 1 << 9
)

// Event is one happening in a distributed object. Its byte slices are views
// that live as long as the call that passes it.
type Event struct {
	Service, Name string
	Type          Type
	// Key is nil for events about the whole object in one partition.
	Key, Value, OldValue []byte
	// Count is the number of entries affected by EvictAll and ClearAll.
	Count int32
	// Source is the client that caused it, zero for expiry and eviction.
	Source cluster.UUID
	// Member is the primary on which it happened.
	Member cluster.MemberID
	// Partition, PartitionUUID and Sequence are the near-cache metadata of an
	// Invalidation: the sequence counts the object's invalidations in this
	// partition, the UUID changes with the primary.
	Partition     int32
	PartitionUUID cluster.UUID
	Sequence      int64
}
