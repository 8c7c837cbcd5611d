package gateway

import (
	"fmt"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Messages with many keys. Clients send one for each partition; one whose keys belong to several, or which has very many, is
// taken apart (batch.go) into such messages, whose answers are merged like those of a fan-out.

// mapGetAll serves Map.getAll, or a step of it, whose cursor is the number of a key and one: only keys that have an entry are in the answer.
func mapGetAll(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapGetAllRequest
	if err := protocol.DecodeMapGetAllRequest(m, &q); err != nil {
		return err
	}
	for _, key := range q.Keys {
		if err := g.checkKey(tx, q.Name, key); err != nil {
			return err
		}
	}
	room, strict, step := stepOf(m)
	at, first, next := len(tx.Reply), 0, 0
	if step {
		first = max(int(m.CorrelationID())-1, 0)
	} else {
		room = g.Limits.MaxOutputBytes // for a member of 0.1, which knows no steps
	}
	dst := wire.AppendBegin(wire.AppendResponseHead(tx.Reply, protocol.MapGetAllResponseType, 0, 0))
	begin := len(dst)
	for i := first; i < len(q.Keys) && next == 0; i++ {
		value := g.Maps.Get(tx, q.Name, q.Keys[i])
		if value == nil {
			continue
		}
		item := sizeOf(len(q.Keys[i])) + sizeOf(len(value))
		switch more := len(dst) - begin + item; {
		case more <= room, step && !strict && len(dst) == begin:
			dst = appendItem(dst, q.Keys[i], value, showKey|showValue)
		case step:
			next = i + 1
		default:
			return fmt.Errorf("%w: more than %d bytes", fault.ErrQueryResultSizeExceeded, room)
		}
	}
	tx.Reply = appendListEnd(dst)
	wire.Message(tx.Reply[at:]).SetCorrelationID(int64(next))
	return nil
}

// mapPutAll serves Map.putAll and setAll, which is the one that triggers no map loader and
// asks for no old values.
func mapPutAll(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutAllRequest
	if err := protocol.DecodeMapPutAllRequest(m, &q); err != nil {
		return err
	}
	for i := range q.Entries {
		if err := g.checkPair(tx, q.Name, q.Entries[i].Key, q.Entries[i].Value); err != nil {
			return err
		}
	}
	blind := q.HasTriggerMapLoader && !q.TriggerMapLoader
	for i := range q.Entries {
		if err := g.Maps.PutAll(tx, q.Name, q.Entries[i].Key, q.Entries[i].Value, blind); err != nil {
			return mapError(err)
		}
	}
	tx.Reply = protocol.AppendMapPutAllResponse(tx.Reply, 0, &protocol.MapPutAllResponse{})
	return nil
}

// mapPutAllWithMetadata serves Map.putAllWithMetadata: entries with their times and counters.
func mapPutAllWithMetadata(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutAllWithMetadataRequest
	if err := protocol.DecodeMapPutAllWithMetadataRequest(m, &q); err != nil {
		return err
	}
	for i := range q.Entries {
		if err := g.checkPair(tx, q.Name, q.Entries[i].Key, q.Entries[i].Value); err != nil {
			return err
		}
	}
	for i := range q.Entries {
		e := &q.Entries[i]
		v := imap.View{
			Key: e.Key, Value: e.Value, Cost: e.Cost, CreationTime: e.CreationTime, ExpirationTime: e.ExpirationTime,
			Hits: e.Hits, LastAccessTime: e.LastAccessTime, LastStoredTime: e.LastStoredTime,
			LastUpdateTime: e.LastUpdateTime, Version: e.Version, TTL: lasting(e.TTL), MaxIdle: lasting(e.MaxIdle),
		}
		if err := g.Maps.PutView(tx, q.Name, &v); err != nil {
			return mapError(err)
		}
	}
	tx.Reply = protocol.AppendMapPutAllWithMetadataResponse(tx.Reply, 0, &protocol.MapPutAllWithMetadataResponse{})
	return nil
}

// mapFlush serves Map.flush: without a map store there is nothing to write.
func mapFlush(s *Session, m wire.Message, r reply) error {
	var q protocol.MapFlushRequest
	if err := protocol.DecodeMapFlushRequest(m, &q); err != nil {
		return err
	}
	return s.nothingToDo(q.Name, r)
}

// mapLoadAll serves Map.loadAll: without a map store there is nothing to load.
func mapLoadAll(s *Session, m wire.Message, r reply) error {
	var q protocol.MapLoadAllRequest
	if err := protocol.DecodeMapLoadAllRequest(m, &q); err != nil {
		return err
	}
	return s.nothingToDo(q.Name, r)
}

// mapLoadGivenKeys serves Map.loadGivenKeys: nothing is loaded where a map store is configured, and it is an error where
// none is.
func mapLoadGivenKeys(s *Session, m wire.Message, r reply) error {
	var q protocol.MapLoadGivenKeysRequest
	if err := protocol.DecodeMapLoadGivenKeysRequest(m, &q); err != nil {
		return err
	}
	for _, key := range q.Keys {
		if !serial.Valid(key) {
			return fmt.Errorf("%w: one of %d keys", errShortData, len(q.Keys))
		}
	}
	if !s.g.Maps.Config(string(q.Name)).MapStore { // as in Hazelcast, which says no more than that
		return fmt.Errorf("%w: map %q has no map store to load keys from", fault.ErrNullPointer, q.Name)
	}
	return s.nothingToDo(q.Name, r)
}

// nothingToDo answers a message whose answer says nothing.
func (s *Session) nothingToDo(name []byte, r reply) error {
	if err := s.g.checkName(name); err != nil {
		return err
	}
	r.send(func(dst []byte, correlation int64) []byte {
		last := len(dst)
		return wire.Finish(wire.AppendResponseHead(dst, r.h.info.Type+1, correlation, 0), last)
	})
	return nil
}
