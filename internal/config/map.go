package config

import (
	"fmt"
	"strings"
	"time"
)

// MaxBackupCount is the most copies beside the primary, sync and async together.
const MaxBackupCount = 6

// MapConfig is the configuration of one map. It is fixed for a map at its first
// use in a cluster.
type MapConfig struct {
	// Name is the map's name as looked up.
	Name string
	// Pattern is the name or pattern under which the configuration was written;
	// "" for the built-in default.
	Pattern string

	// BackupCount and AsyncBackupCount are copies that a write waits for and
	// copies that it does not: each 0..6, 6 at most together.
	BackupCount      int
	AsyncBackupCount int

	// TimeToLive and MaxIdle expire an entry after its last write and its last
	// access; 0 for never. Whole seconds.
	TimeToLive time.Duration
	MaxIdle    time.Duration

	Eviction Eviction

	// StatisticsEnabled counts operations per map; PerEntryStatsEnabled keeps
	// creation, access and update times of each entry.
	StatisticsEnabled    bool
	PerEntryStatsEnabled bool

	// ReadBackupData answers reads from a copy on the member asked; such reads
	// may be stale.
	ReadBackupData bool

	// MapStore tells that a map store is named: it is not loaded, but requests to
	// load from it are no mistake of the client.
	MapStore bool
	// InMemoryFormat is kept for the cluster document; values are always stored
	// as the client sent them.
	InMemoryFormat InMemoryFormat
	// SplitBrainProtectionRef names a split-brain-protection; "" for none.
	SplitBrainProtectionRef string
	// MergePolicy says which entry stays when the halves of a split cluster merge.
	MergePolicy MergePolicy
	// MergeBatchSize is the number of entries merged at a time.
	MergeBatchSize int
}

// defaultMapName is the configuration for maps that no other one fits.
const defaultMapName = "default"

func defaultMap() MapConfig {
	return MapConfig{
		BackupCount:       1,
		Eviction:          Eviction{Policy: EvictNone, MaxSizePolicy: PerNode},
		StatisticsEnabled: true,
		InMemoryFormat:    FormatBinary,
		MergePolicy:       MergePutIfAbsent,
		MergeBatchSize:    100,
	}
}

// Map returns the configuration of the map called name, without the part after
// '@'. An exact name wins, then the pattern with the most matching characters,
// then "default", then the built-in default. It returns ErrAmbiguous when two
// patterns match equally well, as Hazelcast does.
func (c *Config) Map(name string) (MapConfig, error) {
	base, _, _ := strings.Cut(name, "@")
	key := base
	m, ok := c.Maps[base]
	if !ok {
		pattern, found, err := bestPattern(c.Maps, base)
		if err != nil {
			return MapConfig{}, fmt.Errorf("map %s: %w", quote(name), err)
		}
		if key = pattern; !found {
			key = defaultMapName
		}
		if m, ok = c.Maps[key]; !ok {
			m, key = defaultMap(), ""
		}
	}
	m.Name, m.Pattern = base, key
	return m, nil
}

// InMemoryFormat is how Hazelcast keeps values.
type InMemoryFormat string

// The formats of in-memory-format.
const (
	FormatBinary InMemoryFormat = "BINARY"
	FormatObject InMemoryFormat = "OBJECT"
	FormatNative InMemoryFormat = "NATIVE"
)

func inMemoryFormats() []InMemoryFormat {
	return []InMemoryFormat{FormatBinary, FormatObject, FormatNative}
}
