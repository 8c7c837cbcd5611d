package config

import (
	"errors"
	"testing"
)

func TestMapLookup(t *testing.T) {
	c := Default()
	for i, name := range []string{"exact", "orders*", "orders-eu*", "*-eu", "a*b", "x*", "*x", "two*stars*", "no-star"} {
		c.Maps[name] = MapConfig{BackupCount: 1, Eviction: Eviction{Size: i}}
	}
	tests := map[string]string{
		"exact": "exact", "exact@key": "exact", "orders": "orders*", "orders-1": "orders*", "orders-eu-1": "orders-eu*",
		"stock-eu": "*-eu", "ab": "a*b", "aXb": "a*b", "other": "", "no-star-1": "", "xy": "x*",
		"two-stars*": "two*stars*", "two-stars-1": "",
	}
	for name, pattern := range tests {
		m, err := c.Map(name)
		if err != nil || m.Pattern != pattern {
			t.Errorf("%s: %q (%v), want %q", name, m.Pattern, err, pattern)
		}
	}
	if _, err := c.Map("xx"); !errors.Is(err, ErrAmbiguous) ||
		err.Error() != `map "xx": ambiguous configuration: "*x" and "x*"; give the name a configuration of its own, or make one pattern longer` {
		t.Errorf("error is %v", err)
	}
	if m, err := c.Map("other"); err != nil || m.BackupCount != 1 || !m.StatisticsEnabled || m.Name != "other" {
		t.Errorf("the built-in default is %+v (%v)", m, err)
	}
	c.Maps["default"] = MapConfig{BackupCount: 5}
	if m, err := c.Map("other"); err != nil || m.Pattern != "default" || m.BackupCount != 5 || m.Name != "other" {
		t.Errorf("default is %+v (%v)", m, err)
	}
}

// TestMapStartsFromBuiltIn wants a named map not to inherit from "default", as
// in Hazelcast.
func TestMapStartsFromBuiltIn(t *testing.T) {
	c, _ := mustLoad(t, yamlSource("hazelcast:\n  map: {default: {backup-count: 4}, a: {max-idle-seconds: 1}}"))
	if m, err := c.Map("a"); err != nil || m.BackupCount != 1 {
		t.Errorf("map is %+v (%v)", m, err)
	}
}

func TestEviction(t *testing.T) {
	tests := []struct {
		e       Eviction
		enabled bool
		bytes   int64
	}{
		{Eviction{}, false, 0},
		{Eviction{EvictLRU, PerNode, 0}, false, 0},
		{Eviction{EvictNone, PerNode, 5}, false, 0},
		{Eviction{EvictLRU, PerNode, 5}, true, 0},
		{Eviction{EvictRandom, PerPartition, 5}, true, 0},
		{Eviction{EvictLFU, UsedHeapSize, 5}, true, 5 << 20},
		{Eviction{EvictLFU, UsedHeapSize, 2048}, true, 2 << 30},
		{Eviction{EvictLRU, FreeHeapPercentage, 5}, true, 0},
	}
	for _, test := range tests {
		if test.e.Enabled() != test.enabled || test.e.Bytes() != test.bytes {
			t.Errorf("%+v: %v %d", test.e, test.e.Enabled(), test.e.Bytes())
		}
	}
}

// TestNativeMemory wants every policy for native memory to become one for heap.
func TestNativeMemory(t *testing.T) {
	for written, want := range map[string]MaxSizePolicy{
		"USED_NATIVE_MEMORY_SIZE": UsedHeapSize, "used_native_memory_percentage": UsedHeapPercentage,
		"FREE_NATIVE_MEMORY_SIZE": FreeHeapSize, "FREE_NATIVE_MEMORY_PERCENTAGE": FreeHeapPercentage, "PER_PARTITION": PerPartition,
	} {
		c, _ := mustLoad(t, yamlSource("hazelcast:\n  map: {a: {eviction: {eviction-policy: LRU, size: 5, max-size-policy: "+written+"}}}"))
		if got := c.Maps["a"].Eviction.MaxSizePolicy; got != want {
			t.Errorf("%s: %s, want %s", written, got, want)
		}
	}
}
