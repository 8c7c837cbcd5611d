// Package gateway is the door for clients: it turns the client protocol's
// messages into operations of the grid and back, and is the last place that
// sees wire types.
//
// A message of a client takes one of three ways. Those about one partition run
// there: here when this member is its primary, otherwise at the primary, to which
// the gateway forwards the client's bytes and whose answer it passes on verbatim. Those
// about many partitions fan out: every member runs the message on the
// partitions it owns, and the parts are merged here. The rest is about the
// session or the cluster (authentication, listeners, proxies, schemas) and is answered by
// the session itself.
//
// Everything here runs without goroutines of its own: the shell of a session
// (serve.go) reads bytes and calls Session.Handle, the hub calls Gateway.Frame,
// grid and cluster call back. So the simulator's clients run the same code.
package gateway

import (
	"log/slog"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Cluster is what the gateway needs of the member it belongs to. Methods may be called
// from any goroutine; Change and LeaseValid under no lock of the grid.
type Cluster interface {
	// View is the current state; never nil.
	View() *cluster.View
	// Change asks the coordinator to change the cluster document. done is called
	// once, when every member has the change, or with the reason why not.
	Change(c Change, done func(error))
	// LeaseValid is false while this member must not answer: it may have been
	// removed from the cluster without knowing. Sessions hold their output back.
	LeaseValid() bool
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
	// Username and Password that clients must present; both empty: none are asked for.
	Username, Password string
	// ServerVersion is told to clients, e.g. 5.5.0.
	ServerVersion string
	Cluster       Cluster
	Grid          *partition.Grid
	Maps          *imap.Structure
	Events        *event.Registry
	Hub           link.Hub
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

// Limits of the door, each with its reason in docs/configuration.md.
type Limits struct {
	// MaxSessions is how many clients may be connected at once.
	MaxSessions int
	// MaxOutputBytes is how much a client that does not read may leave unread before it is disconnected.
	MaxOutputBytes int
	// MaxNameBytes bounds the names of distributed objects.
	MaxNameBytes int
	// Before and After authentication: sizes of messages.
	Before, After wire.Limits
	// CallTimeout ends operations that got no answer (hazelcast.operation.call.timeout.millis).
	CallTimeout time.Duration
	// HeartbeatTimeout closes sessions that have been silent (hazelcast.client.max.no.heartbeat.seconds).
	HeartbeatTimeout time.Duration
}

// Gateway serves all clients of one member.
type Gateway struct {
	Options
	// handlers is the table of served messages, by message type. Built once by New.
	handlers map[int32]handler

	mu struct {
		sync.Mutex
		sessions map[*Session]struct{}
	}
	forward   forwarder
	presence  presence
	listeners listeners
}

// handler serves one message type; exactly one of its functions is set.
type handler struct {
	// partition runs under a partition's lock: it appends the answer to tx.Reply,
	// parks, or returns an error for the client. It must not touch a session.
	partition func(g *Gateway, tx *partition.Tx, m wire.Message) error
	// onBackup tells whether a partition message may run on a backup (read-backup-data). May be nil.
	onBackup func(g *Gateway, m wire.Message) bool
	// fan describes a message for many partitions. See fanout.go.
	fan *fan
	// session runs on the session; it answers by s.Reply* or later.
	session func(s *Session, m wire.Message) error
	// anonymous messages are served before authentication.
	anonymous bool
}

// served returns the message types that have a handler, for the compatibility table.
func (g *Gateway) served() []protocol.Info {
	var infos []protocol.Info
	for _, t := range sortedTypes(g.handlers) {
		if info, ok := protocol.Describe(t); ok {
			infos = append(infos, info)
		}
	}
	return infos
}
