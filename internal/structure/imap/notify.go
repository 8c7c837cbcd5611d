package imap

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
)

// wanted returns the events that somebody listens for.
func (f *fragment) wanted(tx *partition.Tx) event.Type {
	return tx.Wanted(Service, f.shared.name) & (eventTypes | event.Invalidation)
}

// notify publishes what happened to a key, if it is wanted, and its near-cache invalidation. Source is the client that
// did it, zero for what the member did by itself.
func (f *fragment) notify(tx *partition.Tx, wanted, what event.Type, key, value, old []byte, source cluster.UUID) {
	if wanted&what != 0 {
		e := event.Event{
			Service: Service, Name: f.shared.name, Type: what, Key: key, Value: value, OldValue: old, Count: 1, Source: source,
		}
		tx.Publish(&e)
	}
	f.invalidate(tx, wanted, key, source)
}

// invalidate tells near caches to forget a key, or all keys if it is nil. Clients skip what they
// did themselves, so a change by the member must not carry the client that happened to cause it.
func (f *fragment) invalidate(tx *partition.Tx, wanted event.Type, key []byte, source cluster.UUID) {
	if wanted&event.Invalidation == 0 {
		return
	}
	f.sequence++
	if source.IsZero() {
		source = tx.Self()
	}
	e := event.Event{
		Service: Service, Name: f.shared.name, Type: event.Invalidation, Key: key, Source: source, Sequence: f.sequence,
	}
	tx.Publish(&e)
}

// invalidateAll tells near caches to forget everything; without announce it only counts.
func (f *fragment) invalidateAll(tx *partition.Tx, announce bool) {
	wanted := f.wanted(tx)
	switch {
	case wanted&event.Invalidation == 0:
	case announce:
		f.invalidate(tx, wanted, nil, tx.Client())
	default:
		f.sequence++
	}
}

// Sequence returns the number of the last near-cache invalidation of a map in
// the partition, 0 if there was none (MapFetchNearCacheInvalidationMetadata).
func (*Structure) Sequence(tx *partition.Tx, name []byte) int64 {
	if f := find(tx, name); f != nil {
		return f.sequence
	}
	return 0
}
