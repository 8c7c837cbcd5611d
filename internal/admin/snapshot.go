package admin

import "github.com/filbertgrid/filbert/internal/metric"

// A Source gives the numbers of one scrape.
//
// Snapshot is called once for each scrape of the management listener, from any
// goroutine and at most maxScrapes at a time. It may take the locks of
// partitions one after another, but must not wait for the network. The caller
// keeps what it returns.
type Source interface {
	Snapshot() Snapshot
}

// Snapshot holds the numbers of one member. What ends in "Total" counts since
// the member started; all else is how it is now.
type Snapshot struct {
	Cluster    ClusterStats
	Partitions PartitionStats
	Clients    ClientStats
	Memory     MemoryStats
	// Operations has one entry for each operation that was served at least once.
	Operations []OperationStats
	// Maps has one entry for each map that has data on this member.
	Maps []MapStats
	// Protections has one entry for each split-brain protection of the configuration.
	Protections []ProtectionStats
}

// ProtectionStats is one split-brain protection.
type ProtectionStats struct {
	Name string
	// Minimum is the number of data members below which it refuses operations.
	Minimum int
	// Met is true while there are as many in this member's list.
	Met bool
}

// ClusterStats is the cluster as this member sees it.
type ClusterStats struct {
	DataMembers int // members that own partitions
	LiteMembers int // members that own none
	// ListVersion is the version of the member list.
	ListVersion int
	// Version is the cluster's version, "" before this member has joined; VersionRaisesTotal counts its raises since then.
	Version            string
	VersionRaisesTotal uint64
	// Coordinator says whether this member coordinates.
	Coordinator bool
	// Joined says whether this member is in the list, and serves.
	Joined bool
	// Safe is Health.ClusterSafe.
	Safe bool
}

// PartitionStats is about partitions and the copies of their data.
type PartitionStats struct {
	Count int // partitions of the cluster
	Owned int // of which this member is the primary
	// BackedUp is how many this member holds a backup of.
	BackedUp int
	// WithoutBackup is how many of the owned ones have no copy that is in sync:
	// they are lost with this member.
	WithoutBackup int
	// InOneGroup is how many partitions of the cluster have backups, and none outside of their primary's partition group: they
	// are lost with it. 0 where this member does not coordinate.
	InOneGroup int
	// LostTotal is how many were lost: no copy in sync survived.
	LostTotal uint64
	// PromotionsTotal is how often this member became primary of a partition
	// because the one before it was gone.
	PromotionsTotal uint64

	MigrationsActive      int    // moves to or from this member that run now
	MigrationsQueued      int    // moves planned by the coordinator and not begun; 0 elsewhere
	MigrationsTotal       uint64 // moves that ended well
	MigrationsFailedTotal uint64 // moves that were given up
	// HandOvers is how long requests to a partition stood still when this member handed it over.
	HandOvers metric.HistogramSnapshot
	// ComparisonsTotal counts the pieces of this member's backups that were compared with their primaries', DifferencesTotal the
	// backups that differed and were copied anew.
	ComparisonsTotal, DifferencesTotal uint64

	// UnacknowledgedEffects is how many effects sync backups have not confirmed:
	// their callers wait.
	UnacknowledgedEffects int
	// ParkedOperations is how many operations wait: for a lock, for a value, or for
	// room in a link's buffer.
	ParkedOperations int
}

// MemoryStats is about the memory that entries take, those that this member backs up included.
type MemoryStats struct {
	// Budget is what they may take, 0 for no bound; Used what they take. Resident is what the process has for them, with what is free
	// and not given back to the system yet.
	Budget, Used, Resident int
	// RefusedTotal counts writes for which there was no room, EvictedTotal entries that went to make it.
	RefusedTotal, EvictedTotal uint64
}

// ClientStats is about the connections of the member port.
type ClientStats struct {
	Connections      int    // authenticated clients' connections
	ConnectionsTotal uint64 // accepted on the member port, whatever they turned out to be
	// RefusedTotal counts connections that were closed for what they sent or for
	// being one too many.
	RefusedTotal uint64
	// ReceivedBytesTotal and SentBytesTotal are what clients sent and were sent.
	ReceivedBytesTotal uint64
	SentBytesTotal     uint64
}

// OperationStats is one message of the client protocol.
type OperationStats struct {
	// Name is the service and message as the protocol calls it: "Map.put".
	Name string
	// ErrorsTotal counts the answers that were errors.
	ErrorsTotal uint64
	// Latency is the time from the decoded request to the released answer.
	Latency metric.HistogramSnapshot
}

// MapStats is one map on this member; the counters are those of Hazelcast's
// LocalMapStats.
type MapStats struct {
	Name          string
	OwnedEntries  int
	BackupEntries int
	OwnedBytes    int // keys, values and what the store adds to them
	BackupBytes   int
	LockedEntries int

	// MergedTotal and MergeDroppedTotal are entries of a cluster that this member was in before: those that the map
	// has now, and those that its merge policy refused.
	MergedTotal, MergeDroppedTotal uint64

	// These count while the map's statistics are on, on the primary.
	HitsTotal    uint64 // reads that found an entry
	MissesTotal  uint64 // reads that found none
	GetsTotal    uint64
	PutsTotal    uint64 // puts that answer with the old value
	SetsTotal    uint64 // puts that do not
	RemovesTotal uint64

	EvictionsTotal   uint64 // entries removed to make room
	ExpirationsTotal uint64 // entries removed for their age
}
