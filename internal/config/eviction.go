package config

import "strings"

// Eviction says when a map is too large and which entries go then.
type Eviction struct {
	Policy        EvictionPolicy
	MaxSizePolicy MaxSizePolicy
	// Size is counted as MaxSizePolicy says: entries, megabytes or percent. 0
	// is no limit.
	Size int
}

// EvictionPolicy chooses the entry that goes.
type EvictionPolicy string

// The policies of eviction-policy.
const (
	EvictNone   EvictionPolicy = "NONE"
	EvictLRU    EvictionPolicy = "LRU"
	EvictLFU    EvictionPolicy = "LFU"
	EvictRandom EvictionPolicy = "RANDOM"
)

// MaxSizePolicy says what Size counts.
type MaxSizePolicy string

// The policies of max-size-policy for maps. Hazelcast's NATIVE_MEMORY policies
// become the HEAP ones, since there is one kind of memory here. What is free or
// a hundred percent is counted of the member's memory budget (Memory).
const (
	// PerNode counts entries on each member.
	PerNode MaxSizePolicy = "PER_NODE"
	// PerPartition counts entries in each partition.
	PerPartition MaxSizePolicy = "PER_PARTITION"
	// UsedHeapSize counts megabytes (1,048,576 bytes) that the map takes on
	// each member.
	UsedHeapSize MaxSizePolicy = "USED_HEAP_SIZE"
	// UsedHeapPercentage counts percent of the memory that the map takes.
	UsedHeapPercentage MaxSizePolicy = "USED_HEAP_PERCENTAGE"
	// FreeHeapSize counts megabytes of memory that must stay free.
	FreeHeapSize MaxSizePolicy = "FREE_HEAP_SIZE"
	// FreeHeapPercentage counts percent of memory that must stay free.
	FreeHeapPercentage MaxSizePolicy = "FREE_HEAP_PERCENTAGE"
)

// megabyte is the unit of Size for policies that count bytes.
const megabyte = 1 << 20

// Enabled reports whether anything is ever evicted.
func (e Eviction) Enabled() bool {
	return e.Policy != EvictNone && e.Policy != "" && e.Size > 0
}

// Bytes returns the limit in bytes that the map may take on a member for
// UsedHeapSize, and 0 for every other policy.
func (e Eviction) Bytes() int64 {
	if e.MaxSizePolicy == UsedHeapSize {
		return int64(e.Size) * megabyte
	}
	return 0
}

// percent reports whether p counts percent.
func (p MaxSizePolicy) percent() bool { return p == UsedHeapPercentage || p == FreeHeapPercentage }

// maxSizeValue is the setting of max-size-policy.
type maxSizeValue struct{ value }

func asMaxSize(field *MaxSizePolicy) value { return maxSizeValue{asEnum(field, maxSizePolicies())} }

func (v maxSizeValue) set(text string) bool {
	return v.value.set(strings.Replace(strings.ToUpper(text), "_NATIVE_MEMORY_", "_HEAP_", 1))
}

func (v maxSizeValue) allowed() string {
	return v.value.allowed() + "; the last four also with NATIVE_MEMORY for HEAP"
}

func evictionPolicies() []EvictionPolicy {
	return []EvictionPolicy{EvictNone, EvictLRU, EvictLFU, EvictRandom}
}

func maxSizePolicies() []MaxSizePolicy {
	return []MaxSizePolicy{
		PerNode, PerPartition, UsedHeapSize, UsedHeapPercentage, FreeHeapSize, FreeHeapPercentage,
	}
}
