package gateway

import (
	"fmt"
	"slices"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Messages with many keys. Clients send one for each partition; one whose keys belong to several is
// taken apart here into such messages, whose answers are merged like those of a fan-out.

// mapGetAll serves Map.getAll: only keys that have an entry are in the answer.
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
	dst := wire.AppendResponseHead(tx.Reply, protocol.MapGetAllResponseType, 0, 0)
	dst = wire.AppendBegin(dst)
	limit := len(dst) + g.Limits.MaxOutputBytes
	for _, key := range q.Keys {
		if value := g.Maps.Get(tx, q.Name, key); value != nil {
			dst = wire.AppendFrame(wire.AppendFrame(dst, key), value)
		}
		if len(dst) > limit {
			return fmt.Errorf("%w: more than %d bytes", fault.ErrQueryResultSizeExceeded, g.Limits.MaxOutputBytes)
		}
	}
	tx.Reply = wire.FinishEmpty(wire.AppendEnd(dst))
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

// spread sends one message for each partition that has keys and tells whether it did: not when all of them belong to
// the partition that the message names. part makes the message about the items of one partition.
func (s *Session) spread(m wire.Message, r reply, keys [][]byte, part func(items []int, id int32) []byte) (bool, error) {
	places := map[int32][]int{}
	var ids []int32
	for i, key := range keys {
		if !serial.Valid(key) {
			return false, errShortData
		}
		id := s.g.placeOf(key)
		if places[id] == nil {
			ids = append(ids, id)
		}
		places[id] = append(places[id], i)
	}
	if len(ids) <= 1 && m.PartitionID() == -1 {
		m.SetPartitionID(append(ids, 0)[0]) // without keys any partition will do
	}
	if len(ids) == 0 || (len(ids) == 1 && ids[0] == m.PartitionID()) {
		return false, nil
	}
	slices.Sort(ids)
	f := &fanOut{g: s.g, reply: r}
	f.mu.left = len(ids)
	messages := make([][]byte, len(ids))
	for i, id := range ids {
		messages[i] = part(places[id], id)
	}
	if s.g.forward.fans.n.Add(1) > maxFanOuts {
		s.g.forward.fans.n.Add(-1)
		return true, partition.ErrOverloaded
	}
	s.g.Run(func() {
		for i, id := range ids {
			q := f.request(partition.ID(id))
			q.Message = messages[i]
			s.g.route(&q, r.h)
		}
	})
	return true, nil
}

func spreadGetAll(s *Session, m wire.Message, r reply) (bool, error) {
	var q protocol.MapGetAllRequest
	if err := protocol.DecodeMapGetAllRequest(m, &q); err != nil {
		return false, err
	}
	return s.spread(m, r, q.Keys, func(items []int, id int32) []byte {
		part := protocol.MapGetAllRequest{Name: q.Name}
		for _, i := range items {
			part.Keys = append(part.Keys, q.Keys[i])
		}
		return protocol.AppendMapGetAllRequest(nil, 0, id, &part)
	})
}

func spreadPutAll(s *Session, m wire.Message, r reply) (bool, error) {
	var q protocol.MapPutAllRequest
	if err := protocol.DecodeMapPutAllRequest(m, &q); err != nil {
		return false, err
	}
	keys := make([][]byte, len(q.Entries))
	for i := range q.Entries {
		keys[i] = q.Entries[i].Key
	}
	return s.spread(m, r, keys, func(items []int, id int32) []byte {
		part := protocol.MapPutAllRequest{Name: q.Name, TriggerMapLoader: q.TriggerMapLoader || !q.HasTriggerMapLoader}
		for _, i := range items {
			part.Entries = append(part.Entries, q.Entries[i])
		}
		return protocol.AppendMapPutAllRequest(nil, 0, id, &part)
	})
}

func spreadPutAllWithMetadata(s *Session, m wire.Message, r reply) (bool, error) {
	var q protocol.MapPutAllWithMetadataRequest
	if err := protocol.DecodeMapPutAllWithMetadataRequest(m, &q); err != nil {
		return false, err
	}
	keys := make([][]byte, len(q.Entries))
	for i := range q.Entries {
		keys[i] = q.Entries[i].Key
	}
	return s.spread(m, r, keys, func(items []int, id int32) []byte {
		part := protocol.MapPutAllWithMetadataRequest{Name: q.Name}
		for _, i := range items {
			part.Entries = append(part.Entries, q.Entries[i])
		}
		return protocol.AppendMapPutAllWithMetadataRequest(nil, 0, id, &part)
	})
}

// fanDone merges answers that say nothing.
func fanDone() *fan {
	return &fan{
		merge: func(*fanOut, wire.Message) error { return nil },
		finish: func(f *fanOut) {
			f.reply.send(func(dst []byte, correlation int64) []byte {
				last := len(dst)
				return wire.Finish(wire.AppendResponseHead(dst, f.reply.h.info.Type+1, correlation, 0), last)
			})
		},
	}
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
