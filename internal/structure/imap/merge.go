package imap

import (
	"bytes"
	"fmt"
	"math"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// MergePolicy says which entry stays when two clusters of one name become one. The policies compare as Hazelcast's of
// the same names (package com.hazelcast.spi.merge); between equals the arriving entry wins.
type MergePolicy uint8

// The merge policies. Numbers are part of the cluster document: append only.
const (
	// MergePutIfAbsent keeps the entry that is there.
	MergePutIfAbsent MergePolicy = iota
	// MergePassThrough takes the arriving entry.
	MergePassThrough
	// MergeDiscard drops the arriving entry even if there is none.
	MergeDiscard
	// MergeLatestUpdate, MergeLatestAccess, MergeHigherHits and MergeExpirationTime take the greater of the two.
	MergeLatestUpdate
	MergeLatestAccess
	MergeHigherHits
	MergeExpirationTime
)

// counters tells whether the policy compares what entries keep only if they are told to.
func (p MergePolicy) counters() bool {
	return p == MergeLatestUpdate || p == MergeLatestAccess || p == MergeHigherHits
}

// Merged is what became of an entry of another cluster.
type Merged uint8

const (
	// Taken says that the entry is in the map now.
	Taken Merged = iota + 1
	// Equal says that the map had the same value already, or the entry's time is over.
	Equal
	// Dropped says that the policy has kept another value, or nothing.
	Dropped
)

// Merge lets an entry of another cluster meet the map's own one, by the map's merge policy. entry is an effect
// of that cluster's snapshot (package partition, Fragment.Snapshot); what is no entry, a lock, is Equal. shift is what this
// cluster's time is ahead of the other's, in ms: all times of the entry are moved by it, so clocks that differ do
// not decide. A locked key is merged like any other, as Hazelcast's MergeOperation does.
//
// Merging an entry again changes nothing more unless the map was written in between, and even then only
// under MergePassThrough.
func (*Structure) Merge(tx *partition.Tx, name, entry []byte, shift int64) (Merged, error) {
	r := packed.NewReader(entry)
	switch kind := r.Byte(); kind {
	case effectPut:
	case effectLock:
		return Equal, r.Err()
	default:
		return 0, fmt.Errorf("%w: kind %d in a snapshot", ErrBadEffect, kind)
	}
	m := readState(&r)
	key, value := r.Bytes(), r.Bytes()
	if err := r.Err(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBadEffect, err)
	}
	f, hash := open(tx, name), Hash(key)
	moveTimes(&m, shift)
	f.adopt(&m)
	if m.ExpiresAt(0) <= tx.Now {
		return Equal, nil
	}
	e, found := f.live(tx, hash, key)
	if !f.takes(&m, e, found) {
		f.saw(tx, hash)
		if found && bytes.Equal(e.Value(), value) {
			return Equal, nil
		}
		return Dropped, nil
	}
	same := found && bytes.Equal(e.Value(), value)
	if same {
		if was := e.Meta(); sameState(&was, &m) {
			f.saw(tx, hash)
			return Equal, nil
		}
	}
	if _, err := f.write(tx, write{hash: hash, key: key, value: value, meta: &m, event: event.Merged}, e, found); err != nil {
		return 0, err
	}
	if same {
		return Equal, nil
	}
	return Taken, nil
}

// moveTimes moves all times that are set.
func moveTimes(m *store.Meta, shift int64) {
	for _, at := range []*int64{&m.Created, &m.Updated, &m.Accessed, &m.Deadline, &m.IdleSince} {
		if *at != 0 {
			*at = max(*at+shift, 1)
		}
	}
}

// adopt makes of another cluster's counters what this map keeps.
func (f *fragment) adopt(m *store.Meta) {
	if !f.counters {
		m.Created, m.Updated, m.Accessed, m.Hits = 0, 0, 0, 0
	}
	m.Counters = f.counters
}

// takes asks the map's policy whether an arriving entry replaces what is there.
func (f *fragment) takes(m *store.Meta, e store.Entry, found bool) bool {
	policy := f.config.MergePolicy
	if !found || policy == MergePassThrough || policy == MergeDiscard {
		return policy != MergeDiscard
	}
	was := e.Meta()
	switch policy {
	case MergeLatestUpdate:
		return m.Updated >= was.Updated
	case MergeLatestAccess:
		return m.Accessed >= was.Accessed
	case MergeHigherHits:
		return m.Hits >= was.Hits
	case MergeExpirationTime:
		return expiration(m) >= expiration(&was)
	case MergePutIfAbsent, MergePassThrough, MergeDiscard:
	}
	return false
}

// expiration is when an entry ends if it is not read any more, as far as that is replicated.
func expiration(m *store.Meta) int64 {
	if m.Deadline == 0 && m.MaxIdle == 0 {
		return math.MaxInt64
	}
	return m.ExpiresAt(0)
}

func sameState(a, b *store.Meta) bool {
	x, y := *a, *b
	x.Due, y.Due = 0, 0
	return x == y
}
