package imap

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
)

// TestManySmallMaps bounds what an entry of a small map costs: with 1,000 entries over 271 partitions, a fragment has not even four. A quarter is
// for what the garbage collector has not collected yet.
func TestManySmallMaps(t *testing.T) {
	const (
		maps, entries, partitions = 200, 1000, 271
		payload                   = 28 + 112
		most                      = 200
	)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	arena := NewArena(t)
	s := New(Options{Arena: arena, Partitions: partitions, Config: func(string) Config { return Config{Statistics: true} }})
	parts := make([]map[string]partition.Fragment, partitions) // as package partition has them
	for i := range parts {
		parts[i] = map[string]partition.Fragment{}
	}
	value := make([]byte, 112)
	var effect []byte
	for m := range maps {
		name := fmt.Sprintf("map-%04d", m)
		for i := range entries {
			key := binary.BigEndian.AppendUint64(make([]byte, 20, 28), uint64(m*entries+i))
			p := int(Hash(key)>>8) % partitions
			f := parts[p][name]
			if f == nil {
				f = s.NewFragment(partition.ID(p), name)
				f.SetPrimary(true, 1)
				parts[p][f.Name()] = f
			}
			effect = appendPut(effect[:0], key, value, &store.Meta{})
			if err := f.Apply(effect); err != nil {
				t.Fatal(err)
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	heap := float64(after.HeapAlloc-before.HeapAlloc) / (maps * entries)
	held := float64(arena.Stats().Used)/(maps*entries) - payload
	t.Logf("%d fragments; each entry costs %.1f bytes in the arena and %.1f in the heap", s.FragmentCount(), held, heap)
	if held+heap*5/4 > most {
		t.Errorf("each entry costs %.1f bytes beside its own, allowed are %d", held+heap*5/4, most)
	}
	runtime.KeepAlive(parts)
}
