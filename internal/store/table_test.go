package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/filbertgrid/filbert/internal/invariant"
	"github.com/filbertgrid/filbert/internal/store"
)

// newArena returns an arena whose books must balance at the end of the test.
func newArena(t testing.TB) *store.Arena {
	t.Helper()
	a, err := store.NewArena()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.Drain()
		if err := a.Balanced(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// newTable returns a table that the test's end removes.
func newTable(t testing.TB, width int) *store.Table {
	t.Helper()
	return newTableOf(t, func(key []byte) uint32 { return hashOf(key, width) })
}

func newTableOf(t testing.TB, hash func(key []byte) uint32) *store.Table {
	t.Helper()
	a := newArena(t)
	table := store.MakeTable(a, hash)
	t.Cleanup(table.Reset)
	return &table
}

// model is the same table, dumber.
type model map[string]modelEntry

type modelEntry struct {
	value string
	meta  store.Meta
}

// hashOf spreads keys; width less than 32 makes hashes collide.
func hashOf(key []byte, width int) uint32 {
	return crc32.ChecksumIEEE(key) >> (32 - width) << (32 - width)
}

func randomMeta(r *rand.Rand) store.Meta {
	m := store.Meta{Version: r.Uint32()}
	if r.IntN(2) == 0 {
		m.Counters, m.Created, m.Updated, m.Accessed, m.Hits = true, r.Int64N(1<<48), 2, 3, r.Uint32()
	}
	if r.IntN(3) == 0 {
		m.TTL, m.MaxIdle, m.Deadline, m.IdleSince, m.Due = r.Int64N(1<<40)+1, 5, 6, 7, 8
	}
	return m
}

func randomValue(r *rand.Rand) []byte {
	n := r.IntN(200)
	switch r.IntN(100) {
	case 0:
		n = r.IntN(30000)
	case 1:
		n = 0
	}
	v := make([]byte, n)
	for i := range v {
		v[i] = byte(r.Uint32())
	}
	return v
}

func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		for _, width := range []int{32, 6} {
			t.Run(fmt.Sprintf("seed=%d/width=%d", seed, width), func(t *testing.T) {
				t.Parallel()
				runModel(t, rand.New(rand.NewPCG(seed, 1)), width)
			})
		}
	}
}

func runModel(t *testing.T, r *rand.Rand, width int) {
	t.Helper()
	table := newTable(t, width)
	m := model{}
	steps := 12000
	for step := range steps {
		// The table grows, churns and shrinks.
		keys := 1 + 3000*min(step, steps-step)/steps
		key := binary.BigEndian.AppendUint32([]byte("key-"), uint32(r.IntN(keys)))
		if step > steps/2 && r.IntN(2) == 0 {
			key = binary.BigEndian.AppendUint32([]byte("key-"), uint32(r.IntN(3000)))
		}
		hash := hashOf(key, width)
		table.Prefetch(hash) // changes nothing, whatever the table is like
		e, found := table.Get(hash, key)
		want, expected := m[string(key)]
		if found != expected {
			t.Fatalf("step %d: key %q found %v, want %v", step, key, found, expected)
		}
		if found {
			checkEntry(t, e, string(key), want)
		}
		remove := 3
		if step > steps/2 {
			remove = 6
		}
		if r.IntN(10) < remove {
			if found {
				table.Remove(e)
				checkEntry(t, e, string(key), want) // Readable until the next change.
				delete(m, string(key))
			}
		} else {
			put(t, r, table, m, hash, key, e, found)
		}
		if step%1000 == 0 {
			table.Tidy()
			checkAll(t, table, m)
		}
	}
	checkAll(t, table, m)
	for key := range m {
		e, _ := table.Get(hashOf([]byte(key), width), []byte(key))
		table.Remove(e)
		table.Tidy()
	}
	if table.Len() != 0 || table.Bytes() > 300 {
		t.Errorf("an emptied table has %d entries and owns %d bytes", table.Len(), table.Bytes())
	}
}

func put(t *testing.T, r *rand.Rand, table *store.Table, m model, hash uint32, key []byte, e store.Entry, found bool) {
	t.Helper()
	old := m[string(key)]
	meta, value := randomMeta(r), randomValue(r)
	var err error
	switch {
	case !found:
		e, err = table.Insert(hash, key, value, &meta)
	case r.IntN(5) == 0:
		e, err = table.SetMeta(e, &meta)
		value = []byte(old.value)
	default:
		if r.IntN(2) == 0 {
			meta = old.meta
			meta.Version++
		}
		keep := r.IntN(2) == 0
		var was store.Entry
		was, e, err = table.Overwrite(e, value, &meta, keep)
		if keep && err == nil && (string(was.Value()) != old.value || string(was.Key()) != string(key)) {
			t.Fatalf("an old value of %d bytes was not kept", len(old.value))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	m[string(key)] = modelEntry{string(value), meta}
	checkEntry(t, e, string(key), m[string(key)])
}

func checkEntry(t *testing.T, e store.Entry, key string, want modelEntry) {
	t.Helper()
	if string(e.Key()) != key || string(e.Value()) != want.value || e.Meta() != want.meta {
		t.Fatalf("entry %q: %d bytes, %+v, want %q: %d bytes, %+v",
			e.Key(), len(e.Value()), e.Meta(), key, len(want.value), want.meta)
	}
}

func checkAll(t *testing.T, table *store.Table, m model) {
	t.Helper()
	if table.Len() != len(m) {
		t.Fatalf("length %d, want %d", table.Len(), len(m))
	}
	seen := 0
	_, done := table.Scan(0, func(e store.Entry) bool {
		want, found := m[string(e.Key())]
		if !found {
			t.Fatalf("scan shows %q, which is not there", e.Key())
		}
		checkEntry(t, e, string(e.Key()), want)
		seen++
		return true
	})
	if !done || seen != len(m) {
		t.Fatalf("scan saw %d of %d, done %v", seen, len(m), done)
	}
}

func TestScanSurvivesResizing(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	table := newTable(t, 32)
	key := func(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }
	set := func(i int) {
		k := key(i)
		if _, found := table.Get(hashOf(k, 32), k); !found {
			if _, err := table.Insert(hashOf(k, 32), k, k, &store.Meta{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 1000 {
		set(i)
	}
	seen := map[string]int{}
	var cursor uint64
	for done := false; !done; {
		n := r.IntN(20)
		cursor, done = table.Scan(cursor, func(e store.Entry) bool {
			seen[string(e.Key())]++
			n--
			return n > 0
		})
		// The first thousand stay; others come and go by hundreds.
		for range 300 {
			i := 1000 + r.IntN(20000)
			if e, found := table.Get(hashOf(key(i), 32), key(i)); found && r.IntN(3) == 0 {
				table.Remove(e)
			} else {
				set(i)
			}
		}
	}
	for i := range 1000 {
		if seen[string(key(i))] != 1 {
			t.Errorf("key %d was visited %d times", i, seen[string(key(i))])
		}
	}
}

func TestSampleReachesAll(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	table := newTable(t, 32)
	for i := range 2000 {
		k := binary.BigEndian.AppendUint32(nil, uint32(i))
		if _, err := table.Insert(hashOf(k, 32), k, nil, &store.Meta{}); err != nil {
			t.Fatal(err)
		}
		n := 0
		table.Sample(15, r, func(store.Entry) { n++ })
		if n != min(15, i+1) {
			t.Fatalf("sample of 15 from %d entries showed %d", i+1, n)
		}
	}
	counts := map[string]int{}
	for range 4000 {
		table.Sample(15, r, func(e store.Entry) { counts[string(e.Key())]++ })
	}
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	// 30 times each on average.
	if len(counts) != 2000 || most > 120 {
		t.Errorf("samples reached %d of 2000 entries, one of them %d times", len(counts), most)
	}
}

func TestSameHash(t *testing.T) {
	table := newTableOf(t, func(key []byte) uint32 { return binary.BigEndian.Uint32(key) % 2 })
	for i := range 3000 {
		k := binary.BigEndian.AppendUint32(nil, uint32(i))
		if _, err := table.Insert(uint32(i%2), k, k, &store.Meta{}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	table.Same(1, func(store.Entry) { n++ })
	if n != 1500 {
		t.Errorf("%d entries of the hash, want 1500", n)
	}
	cursor, done := table.Scan(0, func(store.Entry) bool { return false })
	if cursor != 1 || done {
		t.Errorf("the scan stopped at %d, done %v", cursor, done)
	}
}

func TestFreedMemoryIsPoisoned(t *testing.T) {
	if !invariant.Enabled {
		return
	}
	table := newTable(t, 32)
	for _, k := range []string{"a", "b"} {
		if _, err := table.Insert(hashOf([]byte(k), 32), []byte(k), bytes.Repeat([]byte(k), 100), &store.Meta{}); err != nil {
			t.Fatal(err)
		}
	}
	e, _ := table.Get(hashOf([]byte("a"), 32), []byte("a"))
	view := e.Value()
	table.Remove(e)
	if view[50] != 'a' {
		t.Error("a removed value is gone before the next change")
	}
	table.Tidy()
	if view[50] == 'a' {
		t.Error("a removed value can be read after the next change")
	}
}

func TestNoAllocation(t *testing.T) {
	table := newTable(t, 32)
	keys, values := fill(t, table, 2000)
	i := 0
	meta := store.Meta{Version: 1}
	check := func(name string, f func(e store.Entry)) {
		got := testing.AllocsPerRun(20000, func() {
			i++
			k := keys[i%len(keys)]
			e, found := table.Get(hashOf(k, 32), k)
			if !found {
				t.Fatal("lost a key")
			}
			f(e)
		})
		if got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
	check("get", func(e store.Entry) { _ = e.Value() })
	check("overwrite", func(e store.Entry) { _, _, _ = table.Overwrite(e, values[0], &meta, false) })
	check("overwrite, kept", func(e store.Entry) { _, _, _ = table.Overwrite(e, values[0], &meta, true) })
	check("overwrite, other sizes", func(e store.Entry) {
		_, _, _ = table.Overwrite(e, values[0][:i*7%len(values[0])], &meta, false)
	})
}

func fill(t testing.TB, table *store.Table, n int) (keys, values [][]byte) {
	t.Helper()
	value := make([]byte, 100)
	for i := range n {
		k := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(i))
		if _, err := table.Insert(hashOf(k, 32), k, value, &store.Meta{}); err != nil {
			t.Fatal(err)
		}
		keys, values = append(keys, k), append(values, value)
	}
	return keys, values
}

// TestOverhead keeps what an entry costs beyond its own bytes within limits, and what is left when most have gone.
func TestOverhead(t *testing.T) {
	for _, c := range []struct {
		n     int
		limit float64
	}{{1, 320}, {4, 120}, {10, 80}, {100, 50}, {1000, 40}, {40000, 26}} {
		table := newTable(t, 32)
		before := table.Bytes()
		keys, _ := fill(t, table, c.n)
		perEntry := float64(table.Bytes()-before)/float64(c.n) - 108
		t.Logf("%d entries of 108 bytes: %d bytes owned, %.1f bytes overhead per entry", c.n, table.Bytes(), perEntry)
		if perEntry > c.limit {
			t.Errorf("%d entries: %.1f bytes of overhead per entry, allowed are %.0f", c.n, perEntry, c.limit)
		}
		for _, k := range keys[c.n/10:] {
			e, _ := table.Get(hashOf(k, 32), k)
			table.Remove(e)
			table.Tidy()
		}
		if limit := 200*int64(c.n/10) + 2048; table.Bytes() > limit {
			t.Errorf("%d of %d entries left own %d bytes", c.n/10, c.n, table.Bytes())
		}
	}
}

// TestChurn keeps waste bounded while entries of the same and of other sizes come and go.
func TestChurn(t *testing.T) {
	for name, size := range map[string]func(i int) int{
		"same size":   func(int) int { return 112 },
		"other sizes": func(i int) int { return 20 + i*7919%200 },
	} {
		t.Run(name, func(t *testing.T) {
			const n = 20000
			table := newTable(t, 32)
			r := rand.New(rand.NewPCG(1, 1))
			value := make([]byte, 512)
			payload, key := 0, make([]byte, 28)
			for i := range 12 * n {
				binary.BigEndian.PutUint64(key, uint64(r.IntN(n)))
				hash, v := hashOf(key, 32), value[:size(i)]
				e, found := table.Get(hash, key)
				if found {
					payload -= len(e.Value()) + len(key)
				}
				var err error
				switch {
				case found && r.IntN(3) == 0:
					_, _, err = table.Overwrite(e, v, &store.Meta{}, false)
				case found:
					table.Remove(e)
					continue
				default:
					_, err = table.Insert(hash, key, v, &store.Meta{})
				}
				if err != nil {
					t.Fatal(err)
				}
				payload += len(v) + len(key)
			}
			perEntry := float64(table.Bytes()-int64(payload)) / float64(table.Len())
			t.Logf("%d entries, %.1f bytes overhead per entry", table.Len(), perEntry)
			if perEntry > 60 {
				t.Errorf("%.1f bytes of overhead per entry", perEntry)
			}
		})
	}
}

// TestBudget fills a table that is limited, and one that is not, beyond the arena's budget.
func TestBudget(t *testing.T) {
	const budget = 1 << 20
	a := newArena(t)
	a.SetBudget(budget)
	hash := func(key []byte) uint32 { return hashOf(key, 32) }
	limited, free := store.MakeTable(a, hash), store.MakeTable(a, hash)
	defer limited.Reset()
	defer free.Reset()
	limited.Limit(true)
	key := func(i int) []byte { return binary.BigEndian.AppendUint32([]byte("key-"), uint32(i)) }
	insert := func(table *store.Table, i, size int) error {
		_, err := table.Insert(hash(key(i)), key(i), make([]byte, size), &store.Meta{})
		return err
	}
	n := 0
	var err error
	for ; err == nil; n++ {
		err = insert(&limited, n, 300)
	}
	n--
	if !errors.Is(err, store.ErrBudget) || a.Used() > budget || n < budget/360 {
		t.Fatalf("after %d entries of 300 bytes %d bytes are used of %d, and: %v", n, a.Used(), budget, err)
	}
	if err := insert(&free, 0, 20_000); err != nil {
		t.Errorf("a table without a limit is refused: %v", err)
	}
	e, _ := limited.Get(hash(key(1)), key(1))
	if _, _, err := limited.Overwrite(e, make([]byte, 20_000), &store.Meta{}, false); !errors.Is(err, store.ErrBudget) {
		t.Errorf("a value that grows by far is not refused: %v", err)
	}
	for _, size := range []int{300, 299, 10} {
		e, _ := limited.Get(hash(key(1)), key(1))
		if _, _, err := limited.Overwrite(e, make([]byte, size), &store.Meta{}, size == 299); err != nil {
			t.Errorf("a value of %d bytes that does not grow is refused: %v", size, err)
		}
	}
	for i := range 100 { // what goes makes room for as much, whatever is left of the budget
		e, _ := limited.Get(hash(key(2+i)), key(2+i))
		limited.Remove(e)
		if err := insert(&limited, n+i, 300); err != nil {
			t.Fatalf("one of 300 bytes was removed, and one is refused: %v", err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	table := newTable(b, 32)
	keys, _ := fill(b, table, 4000)
	b.ReportMetric(float64(table.Bytes())/4000-108, "overhead-B/entry")
	i := 0
	for b.Loop() {
		k := keys[i%len(keys)]
		i += 7
		e, _ := table.Get(hashOf(k, 32), k)
		_ = e.Value()
	}
}

func BenchmarkOverwrite(b *testing.B) {
	table := newTable(b, 32)
	keys, values := fill(b, table, 4000)
	i := 0
	for b.Loop() {
		k := keys[i%len(keys)]
		i += 7
		e, _ := table.Get(hashOf(k, 32), k)
		_, _, _ = table.Overwrite(e, values[0], &store.Meta{}, false)
	}
}

func BenchmarkInsertRemove(b *testing.B) {
	table := newTable(b, 32)
	keys, values := fill(b, table, 4000)
	i := 0
	for b.Loop() {
		k := keys[i%len(keys)]
		i += 7
		e, _ := table.Get(hashOf(k, 32), k)
		table.Remove(e)
		_, _ = table.Insert(hashOf(k, 32), k, values[0], &store.Meta{})
	}
}
