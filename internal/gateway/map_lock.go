package gateway

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// mapLock serves Map.lock: the answer comes when the lock is the caller's.
func mapLock(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapLockRequest
	if err := protocol.DecodeMapLockRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	if err := g.Maps.Lock(tx, q.Name, q.Key, q.ThreadID, q.ReferenceID, q.TTL); err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapLockResponse(tx.Reply, 0, &protocol.MapLockResponse{})
	return nil
}

// mapTryLock serves Map.tryLock.
func mapTryLock(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapTryLockRequest
	if err := protocol.DecodeMapTryLockRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	done, err := g.Maps.TryLock(tx, q.Name, q.Key, q.ThreadID, q.ReferenceID, q.Lease, q.Timeout)
	if err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapTryLockResponse(tx.Reply, 0, &protocol.MapTryLockResponse{Response: done})
	return nil
}

// mapUnlock serves Map.unlock.
func mapUnlock(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapUnlockRequest
	if err := protocol.DecodeMapUnlockRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	if err := g.Maps.Unlock(tx, q.Name, q.Key, q.ThreadID, q.ReferenceID); err != nil {
		return mapError(err)
	}
	tx.Reply = protocol.AppendMapUnlockResponse(tx.Reply, 0, &protocol.MapUnlockResponse{})
	return nil
}

// mapForceUnlock serves Map.forceUnlock: whoever holds the lock.
func mapForceUnlock(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapForceUnlockRequest
	if err := protocol.DecodeMapForceUnlockRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	g.Maps.ForceUnlock(tx, q.Name, q.Key, q.ReferenceID)
	tx.Reply = protocol.AppendMapForceUnlockResponse(tx.Reply, 0, &protocol.MapForceUnlockResponse{})
	return nil
}

// mapIsLocked serves Map.isLocked.
func mapIsLocked(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapIsLockedRequest
	if err := protocol.DecodeMapIsLockedRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	locked := g.Maps.IsLocked(tx, q.Name, q.Key)
	tx.Reply = protocol.AppendMapIsLockedResponse(tx.Reply, 0, &protocol.MapIsLockedResponse{Response: locked})
	return nil
}
