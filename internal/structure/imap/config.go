package imap

import (
	"errors"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/store"
)

// Service is the name of the map service in the client protocol.
const Service = "hz:impl:mapService"

// Errors of the verbs.
var (
	// ErrParked is returned by verbs that wait for a lock: the request runs again later, or has been
	// refused because too many wait; in both cases there is nothing to append to the answer.
	ErrParked = errors.New("imap: request has parked")
	// ErrLockTimeout is returned by writes whose key stayed locked by another owner until their time was over.
	ErrLockTimeout = errors.New("imap: key is locked by another owner")
	// ErrNotLockOwner is returned by Unlock for a caller that does not hold the lock.
	ErrNotLockOwner = errors.New("Current thread is not owner of the lock!") //nolint:revive,staticcheck // Hazelcast's text, which clients show
	// ErrTooManyLocks is returned by Lock and TryLock when a partition of the map has a million locks.
	ErrTooManyLocks = errors.New("imap: too many locks in one partition")
	// ErrBudget is returned by verbs that would store more than the member's memory budget has room for, and for whose map
	// nothing is evicted, or nothing was left to be.
	ErrBudget = errors.New("imap: the memory budget of this member is used up")
	// ErrBadEffect is returned by Fragment.Apply for bytes that are no effect of a map.
	ErrBadEffect = errors.New("imap: malformed effect")
)

// Default, as a TTL or max-idle time of a verb, means the map's configuration; Infinite means none.
const (
	Default  int64 = -1
	Infinite int64 = 0
)

// defaultWait is how long a write waits for a locked key, in ms:
// hazelcast.operation.call.timeout.millis.
const defaultWait = 60_000

// EvictionPolicy says which entries go when there are too many.
type EvictionPolicy uint8

// The eviction policies (manual: "Map Eviction").
const (
	EvictNone EvictionPolicy = iota
	EvictLRU
	EvictLFU
	EvictRandom
)

// MaxSizePolicy says what too many is.
type MaxSizePolicy uint8

// The maximum size policies (manual: "Map Eviction", max-size-policy).
const (
	// PerNode: Size entries on each member, as far as its share of the partitions allows.
	PerNode MaxSizePolicy = iota
	// PerPartition: Size entries in each partition.
	PerPartition
	// UsedHeapSize: Size megabytes for the map on each member, backups included.
	UsedHeapSize
	// UsedHeapPercentage: Size percent of the member's memory for the map.
	UsedHeapPercentage
	// FreeHeapSize: at least Size megabytes of the member's memory stay free.
	FreeHeapSize
	// FreeHeapPercentage: at least Size percent of the member's memory stay free.
	FreeHeapPercentage
)

// Eviction is a map's eviction configuration.
type Eviction struct {
	Policy  EvictionPolicy
	MaxSize MaxSizePolicy
	// Size is in entries, megabytes or percent, as MaxSize says; 0 is no limit.
	Size int64
}

// Config is what a fragment needs of a map's configuration.
type Config struct {
	Backups partition.Backups
	// TTL and MaxIdle are in milliseconds, 0 for none.
	TTL, MaxIdle int64
	Eviction     Eviction
	// Statistics counts the operations of the map (statistics-enabled).
	Statistics bool
	// EntryStatistics keeps times and hits of each entry (per-entry-stats-enabled). Without it the
	// entry view shows -1 for them.
	EntryStatistics bool
	// MapStore tells that the configuration names a map store, which is not there.
	MapStore bool
	// ReadBackupData lets backups answer reads, which may then be stale.
	ReadBackupData bool
	// MergePolicy says which entry stays when two clusters of one name become one.
	MergePolicy MergePolicy
	// Protection is the map's split-brain protection; without a name there is none. The doors apply it.
	Protection protection.Rule `json:",omitzero"`
}

// counters tells whether entries need their counters.
func (c *Config) counters() bool {
	return c.EntryStatistics || c.Eviction.Policy == EvictLRU || c.Eviction.Policy == EvictLFU || c.MergePolicy.counters()
}

// Options of a Structure.
type Options struct {
	// Config returns the configuration of a map; asked once for each fragment, under its partition's lock.
	Config func(name string) Config
	// Members returns the number of data members, for PerNode; nil means one.
	Members func() int
	// Era returns the version of the last member list by which members went without leaving, 0 when there was none; nil
	// means 0. A few that follow one another closely count as the first of them. version is that of the present list.
	Era func() (era, version int32)
	// Merges tells whether the cluster's members merge after a split, so know effectNews; nil means that they do.
	Merges func() bool
	// Notes tells whether the cluster's replicas share which calls of locks have run, so know effectCalls; nil means that they do.
	Notes func() bool
	// Refuses tells whether split-brain protection keeps writes of a map from being acknowledged now; nil means never.
	Refuses func(name string) bool
	// Partitions is the partition count.
	Partitions int
	// Arena is where entries stand; the member's own. Its budget bounds what primaries store, and is what the percentages and
	// FreeHeapSize are of. Required.
	Arena *store.Arena
	// Seed makes the choices of evictions repeatable.
	Seed uint64
	// Wait is how long writes wait for a locked key, in ms; 0 means a minute.
	Wait int64
}

const (
	eventTypes = event.Added | event.Updated | event.Removed | event.Evicted | event.Expired | event.Merged
)
