package config

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

// The policies of max-size-policy for maps.
const (
	// PerNode counts entries on each member.
	PerNode MaxSizePolicy = "PER_NODE"
	// PerPartition counts entries in each partition.
	PerPartition MaxSizePolicy = "PER_PARTITION"
	// UsedHeapSize counts megabytes (1,048,576 bytes) that the map takes on
	// each member.
	UsedHeapSize MaxSizePolicy = "USED_HEAP_SIZE"
	// UsedNativeMemorySize is the same: there is one kind of memory here.
	UsedNativeMemorySize MaxSizePolicy = "USED_NATIVE_MEMORY_SIZE"

	// The rest is known, and answered with a warning.

	UsedHeapPercentage         MaxSizePolicy = "USED_HEAP_PERCENTAGE"
	FreeHeapSize               MaxSizePolicy = "FREE_HEAP_SIZE"
	FreeHeapPercentage         MaxSizePolicy = "FREE_HEAP_PERCENTAGE"
	UsedNativeMemoryPercentage MaxSizePolicy = "USED_NATIVE_MEMORY_PERCENTAGE"
	FreeNativeMemorySize       MaxSizePolicy = "FREE_NATIVE_MEMORY_SIZE"
	FreeNativeMemoryPercentage MaxSizePolicy = "FREE_NATIVE_MEMORY_PERCENTAGE"
)

// megabyte is the unit of Size for policies that count bytes.
const megabyte = 1 << 20

// Enabled reports whether anything is ever evicted.
func (e Eviction) Enabled() bool {
	return e.Policy != EvictNone && e.Policy != "" && e.Size > 0 && e.MaxSizePolicy.Supported()
}

// Bytes returns the limit in bytes per member for a policy that counts bytes,
// and 0 for every other.
func (e Eviction) Bytes() int64 {
	switch e.MaxSizePolicy {
	case UsedHeapSize, UsedNativeMemorySize:
		return int64(e.Size) * megabyte
	case PerNode, PerPartition, UsedHeapPercentage, FreeHeapSize, FreeHeapPercentage,
		UsedNativeMemoryPercentage, FreeNativeMemorySize, FreeNativeMemoryPercentage:
		return 0
	}
	return 0
}

// Supported reports whether the member can evict by p.
func (p MaxSizePolicy) Supported() bool {
	switch p {
	case PerNode, PerPartition, UsedHeapSize, UsedNativeMemorySize:
		return true
	case UsedHeapPercentage, FreeHeapSize, FreeHeapPercentage,
		UsedNativeMemoryPercentage, FreeNativeMemorySize, FreeNativeMemoryPercentage:
		return false
	}
	return false
}

func evictionPolicies() []EvictionPolicy {
	return []EvictionPolicy{EvictNone, EvictLRU, EvictLFU, EvictRandom}
}

func maxSizePolicies() []MaxSizePolicy {
	return []MaxSizePolicy{
		PerNode, PerPartition, UsedHeapSize, UsedHeapPercentage, FreeHeapSize, FreeHeapPercentage,
		UsedNativeMemorySize, UsedNativeMemoryPercentage, FreeNativeMemorySize, FreeNativeMemoryPercentage,
	}
}
