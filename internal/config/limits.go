package config

import "time"

// Limits bound what strangers and clients can make a member spend. Each is a
// property filbert.limit.*; the reason for each default stands beside it.
type Limits struct {
	// MaxClientConnections counts open client connections. A connection costs
	// two buffers and a goroutine, some 50 KB; 10,000 are half a gigabyte.
	MaxClientConnections int
	// MaxUnauthenticatedConnections counts connections that have not said who
	// they are. A thousand silent ones must leave room for those that speak,
	// and the members of a cluster that starts at once need a few hundred.
	MaxUnauthenticatedConnections int
	// UnauthenticatedTimeout closes a connection that has not authenticated.
	// Ten seconds suffice for a client on a tenth of a core and a slow link.
	UnauthenticatedTimeout time.Duration
	// MaxUnauthenticatedMessageBytes bounds a message before authentication:
	// names, labels and a credential, where the largest known (a Kerberos
	// ticket) stays below 64 KiB.
	MaxUnauthenticatedMessageBytes int
	// MaxMessageBytes bounds a message of an authenticated client, all its
	// frames together. A large putAll fits; a wrong length does not take the
	// member's memory. It cannot be more than mostMessageBytes.
	MaxMessageBytes int
	// MaxNameBytes bounds names of structures and attributes: each is kept in
	// the cluster document and is a metrics label.
	MaxNameBytes int
	// MaxStructures bounds the distributed objects of a cluster: the cluster
	// document that holds them is sent whole to every joiner.
	MaxStructures int
	// MaxSchemas bounds compact schemas, which every member keeps for ever.
	MaxSchemas int
	// MaxParkedPerPartition bounds the operations that wait in one partition
	// for a lock or for room; the next gets an error.
	MaxParkedPerPartition int
	// MaxParkedPerClient bounds the waiting operations of one client, so that
	// one client cannot take all places.
	MaxParkedPerClient int
	// MaxLinkBufferBytes bounds what is buffered for one member and not yet
	// sent, once for effects and once for forwarded operations; beyond it
	// operations wait. 64 MiB are half a second at a gigabit.
	MaxLinkBufferBytes int
	// MaxSessionBufferBytes bounds the answers and events buffered for a client
	// that does not read; beyond it the connection is closed.
	MaxSessionBufferBytes int
	// MaxSessionsBufferBytes bounds the same for all clients together: beyond it
	// those that have the most are disconnected. Of a container of 1 GiB a fifth
	// is not for entries.
	MaxSessionsBufferBytes int
	// ListingBytes bounds what a member has in memory of one answer to keySet,
	// values, entrySet or getAll, which it gives piece by piece, as fast as the
	// client reads. One mebibyte keeps member, links and client busy at once.
	ListingBytes int
}

// mostMessageBytes is the largest message that any member may be told to take: what goes from member to member is a little larger, and
// all of them must take that, whatever each was told.
const mostMessageBytes = 64 << 20

// Memory bounds what entries may take on a member, those that it backs up included. Beyond it, writes that need more are refused, or
// entries evicted where a map does that.
type Memory struct {
	// BudgetPercent is of the memory that the member has: its container's, by the cgroup; else the machine's; GOMEMLIMIT, if
	// that is less. The rest is for connections and links, which buffer up to 64 MiB each, for backups of members that hold
	// more than this one, and for what the garbage collector has not collected yet. At least 160 MiB are left for it, of small containers
	// at least three quarters.
	BudgetPercent int
	// BudgetBytes, unless 0, is used instead of BudgetPercent.
	BudgetBytes int
}

func defaultMemory() Memory { return Memory{BudgetPercent: 80} }

func defaultLimits() Limits {
	return Limits{
		MaxClientConnections:           10_000,
		MaxUnauthenticatedConnections:  1_000,
		UnauthenticatedTimeout:         10 * time.Second,
		MaxUnauthenticatedMessageBytes: 64 << 10,
		MaxMessageBytes:                64 << 20,
		MaxNameBytes:                   4_096,
		MaxStructures:                  10_000,
		MaxSchemas:                     10_000,
		MaxParkedPerPartition:          10_000,
		MaxParkedPerClient:             10_000,
		MaxLinkBufferBytes:             64 << 20,
		MaxSessionBufferBytes:          64 << 20,
		MaxSessionsBufferBytes:         256 << 20,
		ListingBytes:                   1 << 20,
	}
}
