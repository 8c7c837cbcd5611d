package config

import "strings"

// MergePolicy says which of two entries of one key stays when the halves of a split cluster merge. The names are those of
// Hazelcast's classes (package com.hazelcast.spi.merge).
type MergePolicy string

// The merge policies (manual: "Split-Brain Recovery"). "The other entry" is the one that the cluster has that is merged
// into.
const (
	// MergeDiscard keeps what the other cluster has, nothing included.
	MergeDiscard MergePolicy = "DiscardMergePolicy"
	// MergeExpirationTime lets the entry win that expires later.
	MergeExpirationTime MergePolicy = "ExpirationTimeMergePolicy"
	// MergeHigherHits lets the entry win that was read more often.
	MergeHigherHits MergePolicy = "HigherHitsMergePolicy"
	// MergeLatestAccess lets the entry win that was read later.
	MergeLatestAccess MergePolicy = "LatestAccessMergePolicy"
	// MergeLatestUpdate lets the entry win that was written later.
	MergeLatestUpdate MergePolicy = "LatestUpdateMergePolicy"
	// MergePassThrough replaces the other entry.
	MergePassThrough MergePolicy = "PassThroughMergePolicy"
	// MergePutIfAbsent keeps the other entry if there is one.
	MergePutIfAbsent MergePolicy = "PutIfAbsentMergePolicy"
)

func mergePolicies() []MergePolicy {
	return []MergePolicy{
		MergeDiscard, MergeExpirationTime, MergeHigherHits, MergeLatestAccess, MergeLatestUpdate, MergePassThrough,
		MergePutIfAbsent,
	}
}

// mergePackage may stand before the name of a policy. A policy of another package is code, which a member does not run.
const mergePackage = "com.hazelcast.spi.merge."

type mergePolicyValue struct{ value }

// asMergePolicy binds the name of a merge policy, with or without its package.
func asMergePolicy(field *MergePolicy) value { return mergePolicyValue{asEnum(field, mergePolicies())} }

func (v mergePolicyValue) set(text string) bool {
	return v.value.set(strings.TrimPrefix(text, mergePackage))
}
