package gateway

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// mapRemove serves Map.remove: the answer is the old value.
func mapRemove(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapRemoveRequest
	if err := protocol.DecodeMapRemoveRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	old, err := g.Maps.Remove(tx, q.Name, q.Key, q.ThreadID)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapRemoveResponse(tx.Reply, 0, &protocol.MapRemoveResponse{Response: old})
	return nil
}

// mapDelete serves Map.delete: true when there was an entry.
func mapDelete(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapDeleteRequest
	if err := protocol.DecodeMapDeleteRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	old, err := g.Maps.Remove(tx, q.Name, q.Key, q.ThreadID)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapDeleteResponse(tx.Reply, 0, &protocol.MapDeleteResponse{Response: old != nil})
	return nil
}

// mapRemoveIfSame serves Map.removeIfSame.
func mapRemoveIfSame(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapRemoveIfSameRequest
	if err := protocol.DecodeMapRemoveIfSameRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	done, err := g.Maps.RemoveIfSame(tx, q.Name, q.Key, q.Value, q.ThreadID)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapRemoveIfSameResponse(tx.Reply, 0, &protocol.MapRemoveIfSameResponse{Response: done})
	return nil
}

// mapTryRemove serves Map.tryRemove: false also when the key stays locked for too long.
func mapTryRemove(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapTryRemoveRequest
	if err := protocol.DecodeMapTryRemoveRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	done, err := g.Maps.TryRemove(tx, q.Name, q.Key, q.ThreadID, q.Timeout)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapTryRemoveResponse(tx.Reply, 0, &protocol.MapTryRemoveResponse{Response: done})
	return nil
}

// mapEvict serves Map.evict.
func mapEvict(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapEvictRequest
	if err := protocol.DecodeMapEvictRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	done, err := g.Maps.Evict(tx, q.Name, q.Key, q.ThreadID)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapEvictResponse(tx.Reply, 0, &protocol.MapEvictResponse{Response: done})
	return nil
}
