package config

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

// mapTable binds the map element: a configuration per name or pattern. A second
// mention of a name changes the first.
func mapTable(c *Config) element {
	e := named("map", "The configuration of maps by name or pattern (one * stands for any characters); default is for all others.",
		func(name string) scope {
			m, ok := c.Maps[name]
			if !ok {
				m = defaultMap()
			}
			m.Name = name
			s := mapScope(&m)
			s.done = func(r *reader, n *node) {
				checkMap(r, n, &m)
				c.Maps[name] = m
			}
			return s
		})
	e.known = func() []string { return slices.Sorted(maps.Keys(c.Maps)) }
	return e
}

func mapScope(m *MapConfig) scope {
	elements := []element{
		leaf("backup-count", "Copies that a write waits for; with async-backup-count 6 at most.",
			asInt(&m.BackupCount, 0, MaxBackupCount, "copies")),
		leaf("async-backup-count", "Copies that a write does not wait for.",
			asInt(&m.AsyncBackupCount, 0, MaxBackupCount, "copies")),
		leaf("time-to-live-seconds", "Expires an entry that long after its last write; 0 for never.",
			asSeconds(&m.TimeToLive, 0, math.MaxInt32)),
		leaf("max-idle-seconds", "Expires an entry that long after its last access; 0 for never.",
			asSeconds(&m.MaxIdle, 0, math.MaxInt32)),
		evictionTable(&m.Eviction),
		leaf("statistics-enabled", "Whether operations are counted.", asBool(&m.StatisticsEnabled)),
		leaf("per-entry-stats-enabled", "Whether entry views carry times and hits.", asBool(&m.PerEntryStatsEnabled)),
		leaf("read-backup-data", "Whether a copy answers reads, which may then be stale.", asBool(&m.ReadBackupData)),
		leaf("in-memory-format", "Known to clients; values are kept as sent whatever it says.",
			asEnum(&m.InMemoryFormat, inMemoryFormats())),
		mergePolicyTable(m),
		splitBrainRef(m),
	}
	return scope{elements: append(elements, mapRest(m)...)}
}

func evictionTable(e *Eviction) element {
	return group("eviction", "When entries are evicted and which.",
		leaf("eviction-policy", "Which entry goes; NONE for never.", asEnum(&e.Policy, evictionPolicies())),
		leaf("max-size-policy", "What size counts: entries of the member or of a partition; megabytes or percent of memory that the map "+
			"takes on the member, or that must stay free there.", asMaxSize(&e.MaxSizePolicy)),
		leaf("size", "The limit; 0 for none.", asInt(&e.Size, 0, math.MaxInt32, "entries, megabytes or percent")),
		java("comparator-class-name", "eviction-policy decides."),
	)
}

// mergePolicyTable binds <merge-policy batch-size="100">Policy</merge-policy>
// and merge-policy: {class-name: Policy, batch-size: 100}.
func mergePolicyTable(m *MapConfig) element {
	return groupScope("merge-policy", "Which entry stays when the halves of a split cluster merge.", scope{
		text: "class-name",
		elements: []element{
			leaf("class-name", "The policy, with or without the package com.hazelcast.spi.merge.", asMergePolicy(&m.MergePolicy)),
			leaf("batch-size", "Entries merged at a time; 500 at most are.", asInt(&m.MergeBatchSize, 1, math.MaxInt32, "entries")),
		},
	})
}

// mapRest holds what a map may have and the member does not use.
func mapRest(m *MapConfig) []element {
	store := java("map-store", "nothing is loaded or stored.")
	store.seen = func() { m.MapStore = true }
	return []element{
		idle("metadata-policy", "There is no metadata for queries."),
		idle("cache-deserialized-values", "Values are never deserialized."),
		idle("near-cache", "Near caches are the clients'."),
		store,
		java("attributes", "there are no extractors."),
		java("entry-listeners", "they cannot be called; clients' listeners are."),
		java("partition-lost-listeners", "they cannot be called; clients' listeners are."),
		java("partition-strategy", "a key's partition follows from the key."),
		java("user-code-namespace", "no code is loaded."),
		missing("indexes", "there are no queries."),
		missing("query-caches", "there are no queries."),
		missing("partition-attributes", "a key's partition follows from the whole key."),
		missing("wan-replication-ref", "nothing is replicated to other clusters."),
		missing("merkle-tree", "nothing is replicated to other clusters."),
		missing("event-journal", "no journal is kept."),
		missing("hot-restart", "data is kept in memory only."),
		missing("data-persistence", "data is kept in memory only."),
		missing("tiered-store", "data is kept in memory only."),
	}
}

// checkMap checks what spans several elements of a map.
func checkMap(r *reader, n *node, m *MapConfig) {
	at := "map/" + clipped(m.Name)
	if sum := m.BackupCount + m.AsyncBackupCount; sum > MaxBackupCount {
		r.problem(n.place, at, ErrConflict, "backup-count and async-backup-count are more than 6 together; allowed: a sum from 0 to 6")
	}
	e := m.Eviction
	switch {
	case e.Size > 0 && (e.Policy == EvictNone):
		r.warn(n.place, at+"/eviction", "size has no effect without an eviction-policy; allowed: LRU, LFU, RANDOM")
	case e.Size > 100 && e.MaxSizePolicy.percent():
		r.problem(n.place, at+"/eviction/size", ErrValue, "wrong value "+quote(strconv.Itoa(e.Size))+
			"; allowed with max-size-policy "+string(e.MaxSizePolicy)+": a whole number from 0 to 100 (percent)")
	}
}
