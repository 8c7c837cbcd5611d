package gateway

import (
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// mapGet serves Map.get.
func mapGet(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapGetRequest
	if err := protocol.DecodeMapGetRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	value := g.Maps.Get(tx, q.Name, q.Key)
	tx.Reply = protocol.AppendMapGetResponse(tx.Reply, 0, &protocol.MapGetResponse{Response: value})
	return nil
}

// mapContainsKey serves Map.containsKey.
func mapContainsKey(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapContainsKeyRequest
	if err := protocol.DecodeMapContainsKeyRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	found := g.Maps.ContainsKey(tx, q.Name, q.Key)
	tx.Reply = protocol.AppendMapContainsKeyResponse(tx.Reply, 0, &protocol.MapContainsKeyResponse{Response: found})
	return nil
}

// mapEntryView serves Map.getEntryView.
func mapEntryView(g *Gateway, tx *partition.Tx, m wire.Message) error {
	var q protocol.MapGetEntryViewRequest
	if err := protocol.DecodeMapGetEntryViewRequest(m, &q); err != nil {
		return err
	}
	if err := g.checkKey(tx, q.Name, q.Key); err != nil {
		return err
	}
	view, found := g.Maps.EntryView(tx, q.Name, q.Key)
	var a protocol.MapGetEntryViewResponse
	if found {
		a.MaxIdle = view.MaxIdle
		a.Response = &protocol.SimpleEntryView{
			Key: view.Key, Value: view.Value, Cost: view.Cost, CreationTime: view.CreationTime,
			ExpirationTime: view.ExpirationTime, Hits: view.Hits, LastAccessTime: view.LastAccessTime,
			LastStoredTime: view.LastStoredTime, LastUpdateTime: view.LastUpdateTime, Version: view.Version,
			TTL: view.TTL, MaxIdle: view.MaxIdle,
		}
	}
	tx.Reply = protocol.AppendMapGetEntryViewResponse(tx.Reply, 0, &a)
	return nil
}
