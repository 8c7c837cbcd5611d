package gateway

import (
	"errors"

	"github.com/filbertgrid/filbert/internal/metric"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protection"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// handler serves one message type. A message about one partition has partition; one about many has
// partition and fan or list; any other has session.
type handler struct {
	// partition runs under a partition's lock: it appends the answer to tx.Reply,
	// parks, or returns an error for the client. It must not touch a session. Its
	// correlation id is written by who passes the answer on.
	partition func(g *Gateway, tx *partition.Tx, m wire.Message) error
	// fan says how the answers of many partitions become one. See fanout.go.
	fan *fan
	// list says that the answers are parts of one list. See listing.go.
	list bool
	// session runs on the session; it answers by the reply, now or later, or returns an error for the client.
	session func(s *Session, m wire.Message, r reply) error
	// parts says how the answers to the messages that spread has made become one.
	parts *fan
	// onBackup tells whether a partition message may run on a backup (read-backup-data). May be nil.
	onBackup func(g *Gateway, m wire.Message) bool
	// spread tells, for a message with many keys, whether they are of another partition than its
	// head says, and then answers it by messages of one partition each. May be nil.
	spread func(s *Session, m wire.Message, r reply) (bool, error)
	// keyed messages begin with a name and a key; one that names no partition goes to the key's.
	keyed bool
	// waits says that the operation may wait for as long as its caller wants, so no timer ends it here.
	waits bool
	// repeatable says that running it twice does no harm, beyond what the catalogue calls retryable.
	repeatable bool
	// plain answers say nothing about data, so they are given without a lease, too.
	plain bool
	// anonymous messages are served before authentication.
	anonymous bool
	// access is what split-brain protection goes by.
	access protection.Access

	info    protocol.Info
	latency metric.Histogram
	errors  metric.Counter
}

// mayRepeat tells whether a request whose answer was lost with a connection is sent again.
func (h *handler) mayRepeat() bool { return h.info.Retryable || h.repeatable }

// runner executes requests on partitions.
type runner struct{ g *Gateway }

// Run implements partition.Runner.
func (r runner) Run(tx *partition.Tx, request *partition.Request) {
	m := wire.Message(request.Message)
	h := r.g.find(m.Type())
	if h == nil || h.partition == nil {
		tx.Fail(unsupported(m.Type()))
		return
	}
	if err := r.g.protect(tx, h, m); err != nil {
		tx.Fail(err)
		return
	}
	if err := h.partition(r.g, tx, m); err != nil && !errors.Is(err, imap.ErrParked) {
		tx.Fail(err)
	}
}

// Fail implements partition.Runner.
func (runner) Fail(dst []byte, _ *partition.Request, err error) []byte {
	return appendFault(dst, 0, err)
}
