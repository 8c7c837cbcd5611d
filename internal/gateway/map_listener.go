package gateway

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// entryEvents are the types that entry listeners may ask for; invalidations have a listener of their own.
const entryEvents = event.Added | event.Removed | event.Updated | event.Evicted | event.Expired |
	event.EvictAll | event.ClearAll | event.Merged | event.Loaded

// addEntryListener serves Map.addEntryListener.
func addEntryListener(s *Session, m wire.Message, r reply) error {
	var q protocol.MapAddEntryListenerRequest
	if err := protocol.DecodeMapAddEntryListenerRequest(m, &q); err != nil {
		return err
	}
	if err := s.g.checkName(q.Name); err != nil {
		return err
	}
	l := &listener{correlation: r.correlation, local: q.LocalOnly, encode: encodeEntry, reg: event.Registration{
		Service: imap.Service, Name: string(q.Name), Types: event.Type(q.ListenerFlags) & entryEvents, IncludeValue: q.IncludeValue,
	}}
	return s.listen(l, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.MapAddEntryListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendMapAddEntryListenerResponse(dst, correlation, &a)
		})
	})
}

// addKeyListener serves Map.addEntryListenerToKey.
func addKeyListener(s *Session, m wire.Message, r reply) error {
	var q protocol.MapAddEntryListenerToKeyRequest
	if err := protocol.DecodeMapAddEntryListenerToKeyRequest(m, &q); err != nil {
		return err
	}
	if err := s.g.checkName(q.Name); err != nil {
		return err
	}
	if !serial.Valid(q.Key) {
		return errShortData
	}
	l := &listener{correlation: r.correlation, local: q.LocalOnly, encode: encodeKeyEntry, reg: event.Registration{
		Service: imap.Service, Name: string(q.Name), Types: event.Type(q.ListenerFlags) & entryEvents,
		Key: slices.Clone(q.Key), IncludeValue: q.IncludeValue,
	}}
	return s.listen(l, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.MapAddEntryListenerToKeyResponse{Response: protocol.UUID(id)}
			return protocol.AppendMapAddEntryListenerToKeyResponse(dst, correlation, &a)
		})
	})
}

// encodeEntry appends an entry event. It names the key's partition: clients keep the order of events by it.
func encodeEntry(dst []byte, correlation int64, e *event.Event) []byte {
	at := len(dst)
	a := protocol.MapAddEntryListenerEntryEvent{
		Key: e.Key, Value: e.Value, OldValue: e.OldValue, EventType: int32(e.Type), UUID: protocol.UUID(e.Member),
		NumberOfAffectedEntries: e.Count,
	}
	dst = protocol.AppendMapAddEntryListenerEntryEvent(dst, correlation, &a)
	wire.Message(dst[at:]).SetPartitionID(e.Partition)
	return dst
}

func encodeKeyEntry(dst []byte, correlation int64, e *event.Event) []byte {
	at := len(dst)
	a := protocol.MapAddEntryListenerToKeyEntryEvent{
		Key: e.Key, Value: e.Value, OldValue: e.OldValue, EventType: int32(e.Type), UUID: protocol.UUID(e.Member),
		NumberOfAffectedEntries: e.Count,
	}
	dst = protocol.AppendMapAddEntryListenerToKeyEntryEvent(dst, correlation, &a)
	wire.Message(dst[at:]).SetPartitionID(e.Partition)
	return dst
}

// removeEntryListener serves Map.removeEntryListener, for listeners of near caches as well.
func removeEntryListener(s *Session, m wire.Message, r reply) error {
	var q protocol.MapRemoveEntryListenerRequest
	if err := protocol.DecodeMapRemoveEntryListenerRequest(m, &q); err != nil {
		return err
	}
	a := protocol.MapRemoveEntryListenerResponse{Response: s.unlisten(cluster.UUID(q.RegistrationID))}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendMapRemoveEntryListenerResponse(dst, correlation, &a)
	})
	return nil
}

// addMapLostListener serves Map.addPartitionLostListener.
func addMapLostListener(s *Session, m wire.Message, r reply) error {
	var q protocol.MapAddPartitionLostListenerRequest
	if err := protocol.DecodeMapAddPartitionLostListenerRequest(m, &q); err != nil {
		return err
	}
	if err := s.g.checkName(q.Name); err != nil {
		return err
	}
	l := &listener{correlation: r.correlation, topic: topicMapLost, local: q.LocalOnly, reg: event.Registration{
		Service: imap.Service, Name: string(q.Name),
	}}
	return s.listen(l, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.MapAddPartitionLostListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendMapAddPartitionLostListenerResponse(dst, correlation, &a)
		})
	})
}

func removeMapLostListener(s *Session, m wire.Message, r reply) error {
	var q protocol.MapRemovePartitionLostListenerRequest
	if err := protocol.DecodeMapRemovePartitionLostListenerRequest(m, &q); err != nil {
		return err
	}
	a := protocol.MapRemovePartitionLostListenerResponse{Response: s.unlisten(cluster.UUID(q.RegistrationID))}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendMapRemovePartitionLostListenerResponse(dst, correlation, &a)
	})
	return nil
}
