package gateway

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/structure/imap"
	"github.com/filbertgrid/filbert/internal/wire"
)

// mapPut serves Map.put: the answer is the old value.
func mapPut(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutRequest
	if err := protocol.DecodeMapPutRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	old, err := g.Maps.Put(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), imap.Default)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapPutResponse(tx.Reply, 0, &protocol.MapPutResponse{Response: old})
	return nil
}

// mapPutWithMaxIdle serves Map.putWithMaxIdle.
func mapPutWithMaxIdle(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutWithMaxIdleRequest
	if err := protocol.DecodeMapPutWithMaxIdleRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	old, err := g.Maps.Put(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), lasting(q.MaxIdle))
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapPutWithMaxIdleResponse(tx.Reply, 0, &protocol.MapPutWithMaxIdleResponse{Response: old})
	return nil
}

// mapSet serves Map.set.
func mapSet(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapSetRequest
	if err := protocol.DecodeMapSetRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	if err := g.Maps.Set(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), imap.Default); err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapSetResponse(tx.Reply, 0, &protocol.MapSetResponse{})
	return nil
}

// mapSetWithMaxIdle serves Map.setWithMaxIdle. Its answer has room for an old value, which is always null.
func mapSetWithMaxIdle(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapSetWithMaxIdleRequest
	if err := protocol.DecodeMapSetWithMaxIdleRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	if err := g.Maps.Set(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), lasting(q.MaxIdle)); err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapSetWithMaxIdleResponse(tx.Reply, 0, &protocol.MapSetWithMaxIdleResponse{})
	return nil
}

// mapPutTransient serves Map.putTransient: a set that does not reach a map store.
func mapPutTransient(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutTransientRequest
	if err := protocol.DecodeMapPutTransientRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	if err := g.Maps.Set(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), imap.Default); err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapPutTransientResponse(tx.Reply, 0, &protocol.MapPutTransientResponse{})
	return nil
}

// mapPutTransientWithMaxIdle serves Map.putTransientWithMaxIdle.
func mapPutTransientWithMaxIdle(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutTransientWithMaxIdleRequest
	if err := protocol.DecodeMapPutTransientWithMaxIdleRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	if err := g.Maps.Set(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), lasting(q.MaxIdle)); err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapPutTransientWithMaxIdleResponse(tx.Reply, 0, &protocol.MapPutTransientWithMaxIdleResponse{})
	return nil
}

// mapPutIfAbsent serves Map.putIfAbsent: the answer is the value that is there already.
func mapPutIfAbsent(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutIfAbsentRequest
	if err := protocol.DecodeMapPutIfAbsentRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	old, err := g.Maps.PutIfAbsent(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), imap.Default)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapPutIfAbsentResponse(tx.Reply, 0, &protocol.MapPutIfAbsentResponse{Response: old})
	return nil
}

// mapPutIfAbsentWithMaxIdle serves Map.putIfAbsentWithMaxIdle.
func mapPutIfAbsentWithMaxIdle(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapPutIfAbsentWithMaxIdleRequest
	if err := protocol.DecodeMapPutIfAbsentWithMaxIdleRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	old, err := g.Maps.PutIfAbsent(tx, q.Name, q.Key, q.Value, q.ThreadID, lasting(q.TTL), lasting(q.MaxIdle))
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapPutIfAbsentWithMaxIdleResponse(tx.Reply, 0, &protocol.MapPutIfAbsentWithMaxIdleResponse{Response: old})
	return nil
}

// mapTryPut serves Map.tryPut: false when the key stays locked for too long.
func mapTryPut(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapTryPutRequest
	if err := protocol.DecodeMapTryPutRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	done, err := g.Maps.TryPut(tx, q.Name, q.Key, q.Value, q.ThreadID, q.Timeout)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapTryPutResponse(tx.Reply, 0, &protocol.MapTryPutResponse{Response: done})
	return nil
}

// mapReplace serves Map.replace: the answer is the old value, null if there was none to replace.
func mapReplace(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapReplaceRequest
	if err := protocol.DecodeMapReplaceRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	old, err := g.Maps.Replace(tx, q.Name, q.Key, q.Value, q.ThreadID)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapReplaceResponse(tx.Reply, 0, &protocol.MapReplaceResponse{Response: old})
	return nil
}

// mapReplaceIfSame serves Map.replaceIfSame.
func mapReplaceIfSame(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapReplaceIfSameRequest
	if err := protocol.DecodeMapReplaceIfSameRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkPair(tx, q.Name, q.Key, q.Value); err != nil {
		return err
	}
	done, err := g.Maps.ReplaceIfSame(tx, q.Name, q.Key, q.TestValue, q.Value, q.ThreadID)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapReplaceIfSameResponse(tx.Reply, 0, &protocol.MapReplaceIfSameResponse{Response: done})
	return nil
}

// mapSetTTL serves Map.setTtl: false when there is no entry.
func mapSetTTL(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapSetTtlRequest
	if err := protocol.DecodeMapSetTtlRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	done, err := g.Maps.SetTTL(tx, q.Name, q.Key, 0, lasting(q.TTL))
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapSetTtlResponse(tx.Reply, 0, &protocol.MapSetTtlResponse{Response: done})
	return nil
}
