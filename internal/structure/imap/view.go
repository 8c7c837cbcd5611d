package imap

import (
	"math"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// notSet is what the entry view shows for a number that is not kept (Record.UNSET).
const notSet = -1

// View is an entry with all that is known of it (SimpleEntryView of the protocol). Times are in ms since
// 1970, -1 where they are not kept; TTL, MaxIdle and ExpirationTime are math.MaxInt64 without an end.
type View struct {
	Cost, CreationTime, ExpirationTime, Hits, LastAccessTime, LastStoredTime, LastUpdateTime int64
	Version, TTL, MaxIdle                                                                    int64
	// Key and Value are views until the fragment's next change.
	Key, Value []byte
}

// EntryView returns the view of an entry, and whether there is one (MapGetEntryView). It does not count as an access.
func (*Structure) EntryView(tx *partition.Tx, name, key []byte) (v View, found bool) {
	hash := Hash(key)
	f := known(tx, name, hash)
	if f == nil {
		return v, false
	}
	f.saw(tx, hash)
	e, found := f.live(tx, hash, key)
	if !found {
		return v, false
	}
	m := e.Meta()
	v = View{
		Cost: int64(e.Size()), CreationTime: notSet, Hits: notSet, LastAccessTime: notSet,
		LastStoredTime: notSet, LastUpdateTime: notSet, Version: int64(m.Version),
		ExpirationTime: f.expiresAt(&m), TTL: math.MaxInt64, MaxIdle: math.MaxInt64,
		Key: e.Key(), Value: e.Value(),
	}
	if f.config.EntryStatistics {
		v.CreationTime, v.LastUpdateTime, v.Hits = m.Created, m.Updated, int64(m.Hits)
	}
	if m.Accessed != 0 && (f.config.EntryStatistics || f.config.Eviction.Policy == EvictLRU) {
		v.LastAccessTime = m.Accessed
	}
	if f.config.Eviction.Policy == EvictLFU {
		v.Hits = int64(m.Hits)
	}
	if m.TTL != 0 {
		v.TTL = m.TTL
	}
	if m.MaxIdle != 0 {
		v.MaxIdle = m.MaxIdle
	}
	return v, true
}

// PutView sets one of the entries of a MapPutAllWithMetadata, with its times and counters. Like PutAll it heeds no locks.
func (*Structure) PutView(tx *partition.Tx, name []byte, v *View) error {
	f, hash := open(tx, name), Hash(v.Key)
	e, found := f.live(tx, hash, v.Key)
	m := store.Meta{
		Counters: f.counters, Version: uint32(max(v.Version, 0)),
		Created: v.CreationTime, Updated: v.LastUpdateTime, Accessed: max(v.LastAccessTime, 0),
		Hits: uint32(min(max(v.Hits, 0), math.MaxUint32)),
	}
	if m.Created <= 0 {
		m.Created = tx.Now
	}
	if m.Updated <= 0 {
		m.Updated = m.Created
	}
	f.setExpiry(&m, v.TTL, v.MaxIdle, tx.Now)
	switch {
	case v.ExpirationTime <= 0:
	case finite(v.ExpirationTime) && m.MaxIdle == 0:
		// The end is known: it is kept, whatever the clocks of the other cluster said when.
		m.Deadline = v.ExpirationTime
		if m.TTL == 0 {
			m.TTL = max(v.ExpirationTime-tx.Now, 1)
		}
	case m.TTL != 0 && v.LastUpdateTime > 0:
		m.Deadline = v.LastUpdateTime + m.TTL
	}
	_, err := f.write(tx, write{hash: hash, key: v.Key, value: v.Value, meta: &m}, e, found)
	return err
}
