package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/filbertgrid/filbert/internal/store"
)

// grid is what a member holds of one map: a table for each partition, filled with n entries of the sizes that the figures are
// about: keys of 16 and values of 100 bytes, as clients send them.
type grid struct {
	arena  *store.Arena
	tables []store.Table
	value  []byte
}

const (
	partitions = 271
	keyBytes   = 28
	valueBytes = 112
)

func newGrid(tb testing.TB, n int) *grid {
	tb.Helper()
	g := &grid{arena: newArena(tb), tables: make([]store.Table, partitions), value: make([]byte, valueBytes)}
	for i := range g.tables {
		g.tables[i] = store.MakeTable(g.arena, keyHash)
	}
	var key [keyBytes]byte
	for i := range n {
		if _, err := g.insert(key[:], i); err != nil {
			tb.Fatal(err)
		}
	}
	return g
}

// keyOf writes the i-th key and returns its table and hash.
func (g *grid) keyOf(key []byte, i int) (*store.Table, uint32) {
	binary.BigEndian.PutUint64(key[keyBytes-8:], uint64(i))
	return &g.tables[uint64(i)*0x9E3779B97F4A7C15>>32%partitions], keyHash(key)
}

func keyHash(key []byte) uint32 {
	x := binary.BigEndian.Uint64(key[keyBytes-8:]) + 1
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return uint32(x >> 32)
}

func (g *grid) insert(key []byte, i int) (store.Entry, error) {
	t, hash := g.keyOf(key, i)
	return t.Insert(hash, key, g.value, &store.Meta{})
}

func (g *grid) bytes() (sum int64) {
	for i := range g.tables {
		sum += g.tables[i].Bytes()
	}
	return sum
}

func (g *grid) reset() {
	for i := range g.tables {
		g.tables[i].Reset()
	}
}

// BenchmarkGrid measures what a member does with the entries of one map, in random order: go test -bench Grid -benchtime 3s.
func BenchmarkGrid(b *testing.B) {
	for _, n := range []int{100_000, 10_000_000} {
		g := newGrid(b, n)
		var key [keyBytes]byte
		run := func(name string, f func(t *store.Table, hash uint32, key []byte)) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				for b.Loop() {
					t, hash := g.keyOf(key[:], r.IntN(n))
					f(t, hash, key[:])
				}
			})
		}
		sink := byte(0)
		run("get", func(t *store.Table, hash uint32, key []byte) {
			e, _ := t.Get(hash, key)
			v := e.Value()
			sink += v[0] + v[len(v)-1]
		})
		run("overwrite", func(t *store.Table, hash uint32, key []byte) {
			e, _ := t.Get(hash, key)
			_, _, _ = t.Overwrite(e, g.value, &store.Meta{}, false)
		})
		run("remove and insert", func(t *store.Table, hash uint32, key []byte) {
			e, _ := t.Get(hash, key)
			t.Remove(e)
			_, _ = t.Insert(hash, key, g.value, &store.Meta{})
		})
		b.Run(fmt.Sprintf("scan/%d", n), func(b *testing.B) {
			i, seen := 0, 0
			for b.Loop() {
				for seen == 0 {
					_, _ = g.tables[i%partitions].Scan(0, func(store.Entry) bool {
						seen++
						return true
					})
					i++
				}
				seen--
			}
		})
		b.Run(fmt.Sprintf("insert/%d", n), func(b *testing.B) {
			g.reset()
			i := 0
			for b.Loop() {
				_, _ = g.insert(key[:], i)
				if i++; i == n {
					b.StopTimer()
					g.reset()
					i = 0
					b.StartTimer()
				}
			}
		})
		g.reset()
	}
}

// BenchmarkTogether measures requests that arrive together: each Get by itself, or all of them after a Prefetch for each.
func BenchmarkTogether(b *testing.B) {
	const together = 16
	for _, n := range []int{100_000, 10_000_000} {
		g := newGrid(b, n)
		var keys [together][keyBytes]byte
		var tables [together]*store.Table
		var hashes [together]uint32
		for _, prefetch := range []bool{false, true} {
			b.Run(fmt.Sprintf("prefetch=%v/%d", prefetch, n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				sink := byte(0)
				for i := 0; i < b.N; i += together {
					for k := range keys {
						tables[k], hashes[k] = g.keyOf(keys[k][:], r.IntN(n))
					}
					for k := range keys {
						if prefetch {
							tables[k].Prefetch(hashes[k])
						}
					}
					for k := range keys {
						e, _ := tables[k].Get(hashes[k], keys[k][:])
						v := e.Value()
						sink += v[0] + v[len(v)-1]
					}
				}
			})
		}
		g.reset()
	}
}

// BenchmarkReset is how long a partition's lock is held to empty it: the same for any number of entries.
func BenchmarkReset(b *testing.B) {
	for _, entries := range []int{1_000, 37_000, 1_000_000} {
		b.Run(strconv.Itoa(entries), func(b *testing.B) {
			arena := newArena(b)
			var key [keyBytes]byte
			value := make([]byte, valueBytes)
			for b.Loop() {
				b.StopTimer()
				t := store.MakeTable(arena, keyHash)
				for i := range entries {
					binary.BigEndian.PutUint64(key[keyBytes-8:], uint64(i))
					if _, err := t.Insert(keyHash(key[:]), key[:], value, &store.Meta{}); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				t.Reset()
			}
			arena.Drain()
		})
	}
}
