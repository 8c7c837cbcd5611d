package gateway

import (
	"cmp"
	"slices"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Batches are what one step of a message with many keys is about: at some 400 ns each in a large map.
const batchKeys = 256

// partHead is room for what a part of a message has beside its entries, its name among them; more of that makes it grow.
const partHead = 256

// batch are keys of one partition, by their numbers in the message, and what they take of it.
type batch struct {
	id    int32
	items []int
	bytes int
}

// batches takes the keys of a message apart: no batch has more than batchKeys, or more than stepBytes by what size says of each.
// Those of one partition are in the order of the message.
func (g *Gateway) batches(keys [][]byte, size func(i int) int) ([]batch, error) {
	last := map[int32]int{} // by partition, its last batch
	var list []batch
	for i, key := range keys {
		if !serial.Valid(key) {
			return nil, errShortData
		}
		id, n := g.placeOf(key), size(i)
		at, known := last[id]
		if !known || len(list[at].items) == batchKeys || list[at].bytes+n > stepBytes {
			at = len(list)
			last[id], list = at, append(list, batch{id: id})
		}
		list[at].items = append(list[at].items, i)
		list[at].bytes += n
	}
	return list, nil
}

// spread sends a message for each batch, and tells whether it did: not when there is one batch, of the partition that the message
// names or of any if it names none. part makes the message of a batch. Those of one partition are sent one after the other: the same
// key may be in two of them.
func (s *Session) spread(m wire.Message, r reply, keys [][]byte, size func(i int) int, part func(b batch) []byte) (bool, error) {
	list, err := s.g.batches(keys, size)
	if err != nil {
		return false, err
	}
	if len(list) == 0 {
		m.SetPartitionID(max(m.PartitionID(), 0)) // without keys any partition will do
		return false, nil
	}
	if len(list) == 1 && m.PartitionID() == -1 {
		m.SetPartitionID(list[0].id)
	}
	if len(list) == 1 && list[0].id == m.PartitionID() {
		return false, nil
	}
	slices.SortStableFunc(list, func(a, b batch) int { return cmp.Compare(a.id, b.id) })
	f, err := s.g.newFanOut(r, len(m))
	if err != nil {
		return true, err
	}
	f.mu.rest = map[partition.ID][][]byte{}
	var ids []partition.ID
	for _, b := range list {
		id := partition.ID(b.id)
		if f.mu.rest[id] == nil {
			ids = append(ids, id)
		}
		f.mu.rest[id] = append(f.mu.rest[id], part(b))
	}
	f.mu.left = len(ids)
	s.g.Run(func() {
		for _, id := range ids {
			f.mu.Lock()
			m := f.more(id)
			if m == nil { // another partition's answer was an error
				f.mu.left--
			}
			last := f.mu.left == 0
			f.mu.Unlock()
			if m != nil {
				f.run(id, m)
			} else {
				f.end(last)
			}
		}
	})
	return true, nil
}

// spreadGetAll answers with a list (listing.go), of which each batch of keys is a part.
func spreadGetAll(s *Session, m wire.Message, r reply) (bool, error) {
	if id, ok := s.g.onePlace(m, 1); ok && s.listDirectly(r, m, id) {
		return true, nil
	}
	var q protocol.MapGetAllRequest
	if err := protocol.DecodeMapGetAllRequest(m, &q); err != nil {
		return false, err
	}
	list, err := s.g.batches(q.Keys, func(int) int { return 0 })
	if err == nil {
		err = s.g.checkName(q.Name)
	}
	if err != nil {
		return true, err
	}
	if len(list) == 0 {
		list = append(list, batch{}) // without keys any partition will do
	}
	l, err := s.g.newListing(r, len(list), len(m))
	if err != nil {
		return true, err
	}
	l.mu.parts = make([]part, len(list))
	for i, b := range list {
		var message []byte
		if len(b.items) == len(q.Keys) {
			message = slices.Clone(m)
		} else {
			of := protocol.MapGetAllRequest{Name: q.Name}
			for _, i := range b.items {
				of.Keys = append(of.Keys, q.Keys[i])
			}
			message = protocol.AppendMapGetAllRequest(nil, 0, 0, &of)
		}
		l.mu.parts[i] = part{id: partition.ID(b.id), message: message, own: true, room: l.first}
	}
	l.enqueue()
	return true, nil
}

func spreadPutAll(s *Session, m wire.Message, r reply) (bool, error) {
	if id, ok := s.g.onePlace(m, 2); ok && m.PartitionID() == id {
		return false, nil // as the clients send them
	}
	var q protocol.MapPutAllRequest
	if err := protocol.DecodeMapPutAllRequest(m, &q); err != nil {
		return false, err
	}
	pair := func(e *protocol.Pair[[]byte, []byte]) (key, value []byte) { return e.Key, e.Value }
	return spreadEntries(s, m, r, q.Entries, pair, func(dst []byte, id int32, entries []protocol.Pair[[]byte, []byte]) []byte {
		return protocol.AppendMapPutAllRequest(dst, 0, id, &protocol.MapPutAllRequest{
			Name: q.Name, Entries: entries, TriggerMapLoader: q.TriggerMapLoader || !q.HasTriggerMapLoader,
		})
	})
}

func spreadPutAllWithMetadata(s *Session, m wire.Message, r reply) (bool, error) {
	var q protocol.MapPutAllWithMetadataRequest
	if err := protocol.DecodeMapPutAllWithMetadataRequest(m, &q); err != nil {
		return false, err
	}
	pair := func(e *protocol.SimpleEntryView) (key, value []byte) { return e.Key, e.Value }
	return spreadEntries(s, m, r, q.Entries, pair, func(dst []byte, id int32, entries []protocol.SimpleEntryView) []byte {
		return protocol.AppendMapPutAllWithMetadataRequest(dst, 0, id, &protocol.MapPutAllWithMetadataRequest{Name: q.Name, Entries: entries})
	})
}

// spreadEntries spreads a message about entries; part makes one about some of them.
func spreadEntries[E any](s *Session, m wire.Message, r reply, entries []E, pair func(e *E) (key, value []byte),
	part func(dst []byte, id int32, entries []E) []byte,
) (bool, error) {
	keys := make([][]byte, len(entries))
	for i := range entries {
		keys[i], _ = pair(&entries[i])
	}
	all := 0 // what they take, by size
	size := func(i int) int {
		key, value := pair(&entries[i])
		n := sizeOf(len(key)) + sizeOf(len(value))
		all += n
		return n
	}
	return s.spread(m, r, keys, size, func(b batch) []byte {
		some := make([]E, len(b.items))
		for k, i := range b.items {
			some[k] = entries[i]
		}
		return part(make([]byte, 0, partHead+len(m)*b.bytes/all), b.id, some)
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
