package imap

import (
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// Clear removes all entries of the map in the partition but those of locked keys, and
// returns how many that were (MapClear, MapEvictAll). The event about it is one for
// the whole map, and the caller's to publish.
//
// Near caches are told to forget everything by the partition that the map's name belongs to: there announce
// is true. In the others the sequence moves on silently.
func (*Structure) Clear(tx *partition.Tx, name []byte, announce bool) (removed int, err error) {
	tx.SawAll()
	f := find(tx, name)
	if f == nil && listens(tx, name) {
		f = open(tx, name)
	}
	if f == nil {
		return 0, nil
	}
	f.invalidateAll(tx, announce)
	if f.table.Len() == 0 {
		return 0, nil
	}
	kept := f.s.newTable()
	f.locks.table.Scan(0, func(e store.Entry) bool {
		if l := lockOf(e); l.deadline > tx.Now {
			err = f.keep(&kept, e.Key())
		}
		return err == nil
	})
	if err != nil {
		kept.Reset()
		return 0, err
	}
	dst := append(tx.Begin(partition.KindMap, f.shared.key, f.config.Backups), effectClear)
	dst = packed.AppendUvarint(dst, uint64(kept.Len()))
	kept.Scan(0, func(e store.Entry) bool {
		dst = packed.AppendBytes(dst, e.Key())
		return true
	})
	tx.Commit(dst)
	removed = f.table.Len() - kept.Len()
	f.replace(kept)
	f.expiry.reset()
	f.expiry.rescan()
	if f.extra != nil {
		f.extra.touched = f.extra.touched[:0]
	}
	f.account()
	return removed, nil
}

// Destroy removes a map from the partition with all it has (ClientDestroyProxy). announce is as for Clear.
func (*Structure) Destroy(tx *partition.Tx, name []byte, announce bool) {
	f := find(tx, name)
	if f == nil {
		return
	}
	f.invalidateAll(tx, announce)
	f.locks.table.Scan(0, func(e store.Entry) bool {
		tx.Wake(e.Hash() ^ f.salt)
		return true
	})
	tx.Drop(partition.KindMap, name)
}

// listens tells whether anybody listens for invalidations of a map.
func listens(tx *partition.Tx, name []byte) bool {
	return tx.Wanted(Service, string(name))&event.Invalidation != 0
}
