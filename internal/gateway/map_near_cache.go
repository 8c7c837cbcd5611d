package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// maxMetadataNames bounds the near caches that one request may ask about: the answer has as many numbers for
// every partition.
const maxMetadataNames = 1000

// addInvalidationListener serves Map.addNearCacheInvalidationListener. Every invalidation is sent at
// once, one by one.
func addInvalidationListener(s *Session, m wire.Message, r reply) error {
	var q protocol.MapAddNearCacheInvalidationListenerRequest
	if err := protocol.DecodeMapAddNearCacheInvalidationListenerRequest(m, &q); err != nil {
		return err
	}
	if err := s.g.checkName(q.Name); err != nil {
		return err
	}
	l := &listener{correlation: r.correlation, local: q.LocalOnly, encode: encodeInvalidation, reg: event.Registration{
		Service: imap.Service, Name: string(q.Name), Types: event.Type(q.ListenerFlags) & event.Invalidation,
	}}
	return s.listen(l, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.MapAddNearCacheInvalidationListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendMapAddNearCacheInvalidationListenerResponse(dst, correlation, &a)
		})
	})
}

func encodeInvalidation(dst []byte, correlation int64, e *event.Event) []byte {
	at := len(dst)
	a := protocol.MapAddNearCacheInvalidationListenerIMapInvalidationEvent{
		Key: e.Key, SourceUUID: protocol.UUID(e.Source), PartitionUUID: protocol.UUID(e.PartitionUUID), Sequence: e.Sequence,
	}
	dst = protocol.AppendMapAddNearCacheInvalidationListenerIMapInvalidationEvent(dst, correlation, &a)
	wire.Message(dst[at:]).SetPartitionID(e.Partition)
	return dst
}

// fetchMetadata serves Map.fetchNearCacheInvalidationMetadata: what one member, which the request names, knows
// of the partitions that it owns. Clients ask any member.
func fetchMetadata(s *Session, m wire.Message, r reply) error {
	var q protocol.MapFetchNearCacheInvalidationMetadataRequest
	if err := protocol.DecodeMapFetchNearCacheInvalidationMetadataRequest(m, &q); err != nil {
		return err
	}
	if len(q.Names) > maxMetadataNames {
		return fmt.Errorf("%w: %d names, at most %d", fault.ErrIllegalArgument, len(q.Names), maxMetadataNames)
	}
	member := cluster.MemberID(q.UUID)
	switch list := s.g.Cluster.View().List; {
	case member == s.g.Self:
		s.g.metadata(slices.Clone(m), r.body)
	case list == nil || list.Find(member) < 0:
		// Who is no member owns nothing. A client that asks with an older member list would repeat the
		// question until its invocation timeout if it were told so by an error.
		none := newMetadataFan(q.Names, r.body)
		none.one(nil)
	default:
		s.g.forward.ask(member, askMetadata, m, func(body []byte) {
			if len(body) == 0 {
				r.fail(fmt.Errorf("%w: %v", fault.ErrTargetNotMember, member)) // asked again, of those who are left
				return
			}
			r.body(body)
		})
	}
	return nil
}

// metadata asks the partitions of this member, on a worker, and calls done with the answer, an error's included.
func (g *Gateway) metadata(m wire.Message, done func(body []byte)) {
	var q protocol.MapFetchNearCacheInvalidationMetadataRequest
	if err := protocol.DecodeMapFetchNearCacheInvalidationMetadataRequest(m, &q); err != nil {
		done(appendFault(nil, 0, err))
		return
	}
	f := newMetadataFan(q.Names, done)
	g.Run(func() {
		v := g.Cluster.View()
		for id := range g.Grid.Count() {
			if v.Owner(id) != g.Self {
				continue
			}
			f.expect()
			request := partition.Request{
				Partition: partition.ID(id), Answerer: f, Message: m, Runner: g.runner, Table: v.Table.Version,
			}
			g.Grid.Submit(&request)
		}
		f.one(nil)
	})
}

// metadataPart answers for one partition.
func metadataPart(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapFetchNearCacheInvalidationMetadataRequest
	if err := protocol.DecodeMapFetchNearCacheInvalidationMetadataRequest(m, &q); err != nil {
		return err
	}
	id := int32(tx.Partition())
	var a protocol.MapFetchNearCacheInvalidationMetadataResponse
	a.PartitionUUIDList = []protocol.Pair[int32, protocol.UUID]{{Key: id, Value: protocol.UUID(tx.UUID())}}
	for _, name := range q.Names {
		p := protocol.Pair[string, []protocol.Pair[int32, int64]]{Key: string(name)}
		if n := g.Maps.Sequence(tx, name); n != 0 { // clients warn of zeros
			p.Value = []protocol.Pair[int32, int64]{{Key: id, Value: n}}
		}
		a.NamePartitionSequenceList = append(a.NamePartitionSequenceList, p)
	}
	tx.Reply = protocol.AppendMapFetchNearCacheInvalidationMetadataResponse(tx.Reply, 0, &a)
	return nil
}

// metadataFan gathers the answers of this member's partitions. One that moves away meanwhile is left out: it is not
// this member's any more.
type metadataFan struct {
	done func(body []byte)

	mu        sync.Mutex
	left      int
	sequences []protocol.Pair[string, []protocol.Pair[int32, int64]]
	uuids     []protocol.Pair[int32, protocol.UUID]
}

// newMetadataFan expects one answer. Each name stands in the result, whatever there is to say of it: clients
// take that for granted.
func newMetadataFan(names [][]byte, done func(body []byte)) *metadataFan {
	f := &metadataFan{done: done, sequences: make([]protocol.Pair[string, []protocol.Pair[int32, int64]], len(names)), left: 1}
	for i, name := range names {
		f.sequences[i].Key = string(name)
	}
	return f
}

func (f *metadataFan) expect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left++
}

// Answer implements partition.Answerer.
func (f *metadataFan) Answer(_ *partition.Request, body []byte) {
	var part protocol.MapFetchNearCacheInvalidationMetadataResponse
	if err := protocol.DecodeMapFetchNearCacheInvalidationMetadataResponse(body, &part); err != nil {
		f.one(nil)
		return
	}
	f.one(&part)
}

// Keep implements partition.Answerer: its requests have their tokens from the beginning.
func (*metadataFan) Keep(*partition.Request) {}

// Reroute implements partition.Answerer.
func (f *metadataFan) Reroute(*partition.Request) { f.one(nil) }

func (f *metadataFan) one(part *protocol.MapFetchNearCacheInvalidationMetadataResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if part != nil {
		f.uuids = append(f.uuids, part.PartitionUUIDList...)
		for i := range part.NamePartitionSequenceList {
			f.sequences[i].Value = append(f.sequences[i].Value, part.NamePartitionSequenceList[i].Value...)
		}
	}
	if f.left--; f.left > 0 {
		return
	}
	slices.SortFunc(f.uuids, func(a, b protocol.Pair[int32, protocol.UUID]) int { return cmp.Compare(a.Key, b.Key) })
	a := protocol.MapFetchNearCacheInvalidationMetadataResponse{NamePartitionSequenceList: f.sequences, PartitionUUIDList: f.uuids}
	f.done(protocol.AppendMapFetchNearCacheInvalidationMetadataResponse(nil, 0, &a))
}
