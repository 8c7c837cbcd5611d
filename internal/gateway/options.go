package gateway

import (
	"log/slog"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Cluster is what the gateway needs of the member it belongs to. Methods may be called
// from any goroutine; Change, LeaseValid and HeardAll under no lock of the grid.
type Cluster interface {
	// View is the current state; never nil.
	View() *cluster.View
	// Change asks the coordinator to change the cluster document. done is called
	// once, when every member has the change, or with the reason why not.
	Change(c Change, done func(error))
	// LeaseValid is false while this member must not answer: it may have been
	// removed from the cluster without knowing. Sessions hold their output back.
	LeaseValid() bool
	// HeardAll is the time of Options.Clock since which every other member has been heard.
	HeardAll() time.Duration
}

// ChangeKind is a kind of change of the cluster document.
type ChangeKind uint8

// The kinds of changes. Numbers are part of the member protocol.
const (
	// CreateObject adds a distributed object.
	CreateObject ChangeKind = 1
	// DestroyObject removes one; its data is dropped before by the gateway.
	DestroyObject ChangeKind = 2
	// AddSchema adds a compact schema.
	AddSchema ChangeKind = 3
)

// Change is one change of the cluster document.
type Change struct {
	Kind   ChangeKind
	Object cluster.Object
	Schema cluster.Schema
	// Source is the client that asked, for distributed object events.
	Source cluster.UUID
}

// Options of a gateway. All are required unless said otherwise.
type Options struct {
	Self        cluster.MemberID
	ClusterName string
	// Credentials decides about what clients present.
	Credentials config.ClientAuthentication
	// Config tells what this member was told, as the XML that management tools read (MC.getMemberConfig).
	Config func() string
	// ServerVersion is told to clients, e.g. 5.5.0.
	ServerVersion string
	Cluster       Cluster
	Grid          *partition.Grid
	Maps          *imap.Structure
	Events        *event.Registry
	Hub           link.Hub
	// Protections are the split-brain protections of structures; nil for none.
	Protections *protection.Set
	// Clock is monotonic time since the member's start; WallClock for logs is slog's own.
	Clock func() time.Duration
	// UUID makes registration ids.
	UUID func() cluster.UUID
	// Run executes a long step (a fan-out over local partitions) on a worker; the
	// simulator runs it in place. It must not block.
	Run    func(func())
	Logger *slog.Logger
	Limits Limits
}

// Limits of the door, each with its reason in docs/configuration.md. Zero stands for the default.
type Limits struct {
	// MaxSessions is how many clients may be connected at once; default 10,000.
	MaxSessions int
	// MaxOutputBytes is how much a client that does not read may leave unread before it is disconnected;
	// default 256 MiB.
	MaxOutputBytes int
	// MaxOutputTotal bounds that over all clients: beyond it those with the most are disconnected; default 256 MiB.
	MaxOutputTotal int
	// ListingBytes is how much of an answer that is given piece by piece is in memory, its window; default 1 MiB.
	ListingBytes int
	// MaxNameBytes bounds the names of distributed objects; default 1,024.
	MaxNameBytes int
	// Before and After authentication: sizes of messages.
	Before, After wire.Limits
	// CallTimeout ends operations that got no answer (hazelcast.operation.call.timeout.millis); default 60 s.
	CallTimeout time.Duration
	// HeartbeatTimeout closes sessions that have been silent (hazelcast.client.max.no.heartbeat.seconds); default 60 s.
	HeartbeatTimeout time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.MaxSessions <= 0 {
		l.MaxSessions = 10_000
	}
	if l.MaxOutputBytes <= 0 {
		l.MaxOutputBytes = 256 << 20
	}
	if l.MaxOutputTotal <= 0 {
		l.MaxOutputTotal = 256 << 20
	}
	if l.ListingBytes <= 0 {
		l.ListingBytes = 1 << 20
	}
	if l.MaxNameBytes <= 0 {
		l.MaxNameBytes = 1024
	}
	if l.Before == (wire.Limits{}) {
		l.Before = wire.Unauthenticated()
	}
	if l.CallTimeout <= 0 {
		l.CallTimeout = 60 * time.Second
	}
	if l.HeartbeatTimeout <= 0 {
		l.HeartbeatTimeout = 60 * time.Second
	}
	return l
}
