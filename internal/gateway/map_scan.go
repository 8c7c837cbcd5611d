package gateway

import (
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Messages about the whole map: the parts of one partition each, and how they are merged.

// mapSize answers with the size of one partition.
func mapSize(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapSizeRequest
	if err := protocol.DecodeMapSizeRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkName(q.Name); err != nil {
		return err
	}
	return appendCount(tx, g.Maps.Size(tx, q.Name))
}

// mapIsEmpty answers like mapSize; the merge makes a yes or no of it.
func mapIsEmpty(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapIsEmptyRequest
	if err := protocol.DecodeMapIsEmptyRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkName(q.Name); err != nil {
		return err
	}
	return appendCount(tx, g.Maps.Size(tx, q.Name))
}

func appendCount(tx *partition.Tx, n int) error {
	tx.Reply = protocol.AppendMapSizeResponse(tx.Reply, 0, &protocol.MapSizeResponse{Response: int32(n)})
	return nil
}

func fanSize() *fan {
	return fanSum(func(f *fanOut, sum int64) {
		f.reply.send(func(dst []byte, correlation int64) []byte {
			// Clients know sizes of 32 bits; Hazelcast answers with the largest one, too.
			a := protocol.MapSizeResponse{Response: int32(min(sum, 1<<31-1))}
			return protocol.AppendMapSizeResponse(dst, correlation, &a)
		})
	})
}

func fanIsEmpty() *fan {
	return fanSum(func(f *fanOut, sum int64) {
		f.reply.send(func(dst []byte, correlation int64) []byte {
			return protocol.AppendMapIsEmptyResponse(dst, correlation, &protocol.MapIsEmptyResponse{Response: sum == 0})
		})
	})
}

// mapClear removes the entries of one partition and answers with their number.
func mapClear(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapClearRequest
	if err := protocol.DecodeMapClearRequest(m, &q); err != nil {
		return err
	}
	return clearPart(g, tx, q.Name)
}

// mapEvictAll does the same: without a map store only the event differs.
func mapEvictAll(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapEvictAllRequest
	if err := protocol.DecodeMapEvictAllRequest(m, &q); err != nil {
		return err
	}
	return clearPart(g, tx, q.Name)
}

func clearPart(g *Gateway, tx *partition.Tx, name []byte) error {
	if err := g.checkName(name); err != nil {
		return err
	}
	removed, err := g.Maps.Clear(tx, name, g.speaksFor(tx, name))
	if err != nil {
		return mapError(err)
	}
	return appendCount(tx, removed)
}

// fanClear answers when all partitions are cleared, and tells listeners once, with the number of all entries.
func fanClear(what event.Type) *fan {
	return fanSum(func(f *fanOut, sum int64) {
		frames := wire.Message(f.message).Frames()
		frames.Next()
		if name, ok := frames.Next(); ok && sum > 0 {
			e := event.Event{
				Service: imap.Service, Name: string(name.Payload), Type: what, Count: int32(min(sum, 1<<31-1)),
				Source: f.reply.s.client.id, Member: f.g.Self, Partition: f.g.namePlace(string(name.Payload)),
			}
			f.g.Events.Publish(&e)
		}
		f.reply.send(func(dst []byte, correlation int64) []byte {
			last := len(dst)
			return wire.Finish(wire.AppendResponseHead(dst, f.reply.h.info.Type+1, correlation, 0), last)
		})
	})
}

// mapContainsValue answers for one partition.
func mapContainsValue(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapContainsValueRequest
	if err := protocol.DecodeMapContainsValueRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkName(q.Name); err != nil {
		return err
	}
	found, next, done := g.Maps.ContainsValue(tx, q.Name, q.Value, uint64(m.CorrelationID()))
	if found || done {
		next = 0
	}
	tx.Reply = protocol.AppendMapContainsValueResponse(tx.Reply, int64(next), &protocol.MapContainsValueResponse{Response: found})
	return nil
}

func fanContainsValue() *fan {
	return &fan{
		merge: func(f *fanOut, part wire.Message) error {
			var a protocol.MapContainsValueResponse
			err := protocol.DecodeMapContainsValueResponse(part, &a)
			f.mu.flag = f.mu.flag || a.Response
			return err
		},
		finish: func(f *fanOut) {
			f.reply.send(func(dst []byte, correlation int64) []byte {
				return protocol.AppendMapContainsValueResponse(dst, correlation, &protocol.MapContainsValueResponse{Response: f.mu.flag})
			})
		},
	}
}

// what an answer shows of an entry.
const (
	showKey   = 1
	showValue = 2
)

func mapKeySet(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapKeySetRequest
	if err := protocol.DecodeMapKeySetRequest(m, &q); err != nil {
		return err
	}
	return listPart(g, tx, m, q.Name, protocol.MapKeySetResponseType, showKey)
}

func mapValues(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapValuesRequest
	if err := protocol.DecodeMapValuesRequest(m, &q); err != nil {
		return err
	}
	return listPart(g, tx, m, q.Name, protocol.MapValuesResponseType, showValue)
}

func mapEntrySet(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapEntrySetRequest
	if err := protocol.DecodeMapEntrySetRequest(m, &q); err != nil {
		return err
	}
	return listPart(g, tx, m, q.Name, protocol.MapEntrySetResponseType, showKey|showValue)
}

// listPart answers with a step of what one partition has, as a list (see listing).
func listPart(g *Gateway, tx *partition.Tx, m wire.Message, name []byte, messageType int32, show int) error {
	if err := g.checkName(name); err != nil {
		return err
	}
	at := len(tx.Reply)
	p := page{dst: wire.AppendBegin(wire.AppendResponseHead(tx.Reply, messageType, 0, 0))}
	p.begin = len(p.dst)
	p.room, p.strict, _ = stepOf(m)
	cursor, done := g.Maps.Scan(tx, name, uint64(m.CorrelationID()), 0, func(hash uint32, key, value []byte) bool {
		return p.add(hash, show, key, value)
	})
	tx.Reply = appendListEnd(p.dst)
	wire.Message(tx.Reply[at:]).SetCorrelationID(p.next(cursor, done))
	return nil
}

func appendItem(dst, key, value []byte, show int) []byte {
	if show&showKey != 0 {
		dst = wire.AppendFrame(dst, key)
	}
	if show&showValue != 0 {
		dst = wire.AppendFrame(dst, value)
	}
	return dst
}
