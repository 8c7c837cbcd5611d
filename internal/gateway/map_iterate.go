package gateway

import (
	"fmt"
	"math"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// maxFetchBytes ends a batch, however many entries were asked for: to copy more would take long, and the client asks again.
const maxFetchBytes = 512 << 10

// mapFetchKeys serves Map.fetchKeys: the next keys of one partition, and where to go on.
func mapFetchKeys(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapFetchKeysRequest
	if err := protocol.DecodeMapFetchKeysRequest(m, &q); err != nil {
		return err
	}
	return fetch(g, tx, q.Name, q.IterationPointers, q.Batch, protocol.MapFetchKeysResponseType, showKey)
}

// mapFetchEntries serves Map.fetchEntries likewise.
func mapFetchEntries(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapFetchEntriesRequest
	if err := protocol.DecodeMapFetchEntriesRequest(m, &q); err != nil {
		return err
	}
	return fetch(g, tx, q.Name, q.IterationPointers, q.Batch, protocol.MapFetchEntriesResponseType, showKey|showValue)
}

// fetch answers with pointers and a list. The pointers come first but are known last: they have a fixed size and are written into their room.
func fetch(
	g *Gateway, tx *partition.Tx, name []byte, pointers []protocol.Pair[int32, int32], batch, messageType int32, show int,
) error {
	if err := g.checkName(name); err != nil {
		return err
	}
	if batch < 1 {
		return fmt.Errorf("%w: batch of %d entries, at least 1", fault.ErrIllegalArgument, batch)
	}
	at := imap.Pointer{Index: math.MaxInt32, Size: -1}
	if n := len(pointers); n > 0 {
		at = imap.Pointer{Index: pointers[n-1].Key, Size: pointers[n-1].Value}
	}
	dst := wire.AppendResponseHead(tx.Reply, messageType, 0, 0)
	room := len(dst)
	dst = protocol.AppendEntryListIntegerInteger(dst, []protocol.Pair[int32, int32]{{}})
	dst = wire.AppendBegin(dst)
	begin := len(dst)
	cursor, done := g.Maps.Scan(tx, name, at.Cursor(), int(batch), func(_ uint32, key, value []byte) bool {
		dst = appendItem(dst, key, value, show)
		return len(dst)-begin < maxFetchBytes
	})
	next := imap.PointerOf(cursor, done)
	protocol.AppendEntryListIntegerInteger(dst[:room], []protocol.Pair[int32, int32]{{Key: next.Index, Value: next.Size}})
	tx.Reply = wire.FinishEmpty(wire.AppendEnd(dst))
	return nil
}
