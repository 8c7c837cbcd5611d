package imap_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// apply runs an operation that must be answered at once, without an error.
func (p *pair) apply(f func(m *imap.Structure, tx *partition.Tx) error) {
	p.t.Helper()
	if got := p.do(1, "op", func(tx *partition.Tx) error { return f(p.maps(), tx) }); got != "" {
		p.t.Fatalf("answered %q", got)
	}
	p.ops = p.ops[:0]
}

func (p *pair) set(key string, value []byte, ttl int64) {
	p.t.Helper()
	p.apply(func(m *imap.Structure, tx *partition.Tx) error {
		return m.Set(tx, mapName, []byte(key), value, 1, ttl, imap.Default)
	})
}

func (p *pair) size() (n int) {
	p.t.Helper()
	p.apply(func(m *imap.Structure, tx *partition.Tx) error {
		n = m.Size(tx, mapName)
		return nil
	})
	return n
}

func (p *pair) has(key string) (found bool) {
	p.t.Helper()
	p.apply(func(m *imap.Structure, tx *partition.Tx) error {
		found = m.ContainsKey(tx, mapName, []byte(key))
		return nil
	})
	return found
}

// count returns how many lines of the log begin with a prefix, and empties it.
func (p *pair) count(prefix string) (n int) {
	for _, line := range p.log {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	p.log = nil
	return n
}

func TestEvictionKeepsWithinTheLimit(t *testing.T) {
	const mb = 1 << 20
	tests := []struct {
		name       string
		eviction   imap.Eviction
		budget     int64
		value      int
		puts       int
		atMost     int
		evictedMin int
	}{
		{"per partition", imap.Eviction{Policy: imap.EvictRandom, MaxSize: imap.PerPartition, Size: 100}, 0, 10, 1000, 100, 900},
		// One partition of one member: its share is everything.
		{"per node", imap.Eviction{Policy: imap.EvictLFU, MaxSize: imap.PerNode, Size: 50}, 0, 10, 500, 50, 450},
		{"no limit", imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.PerNode}, 0, 10, 500, 500, 0},
		{"no policy", imap.Eviction{MaxSize: imap.PerPartition, Size: 10}, 0, 10, 500, 500, 0},
		{"used megabytes", imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.UsedHeapSize, Size: 1}, 0, 1000, 3000, 1000, 1500},
		{"used percent", imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.UsedHeapPercentage, Size: 1}, 100 * mb, 1000, 3000, 1000, 1500},
		{"free megabytes", imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.FreeHeapSize, Size: 10}, 10 * mb, 10, 500, 1, 499},
		{"free percent, enough", imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.FreeHeapPercentage, Size: 10}, 100 * mb, 10, 500, 500, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, imap.Config{Eviction: test.eviction})
			p.budget(test.budget)
			p.listen(event.Evicted)
			for i := range test.puts {
				p.set(fmt.Sprint("key", i), make([]byte, test.value), imap.Default)
			}
			if n := p.size(); n > test.atMost {
				t.Errorf("%d entries, want at most %d", n, test.atMost)
			}
			evicted := p.count("event EVICTED")
			if evicted < test.evictedMin || evicted+p.size() != test.puts {
				t.Errorf("%d were evicted, %d are left of %d", evicted, p.size(), test.puts)
			}
			if test.evictedMin > 0 && !p.has(fmt.Sprint("key", test.puts-1)) {
				t.Error("the last entry was evicted for itself")
			}
			if differ := p.replicasDiffer(); differ != "" {
				t.Errorf("the replicas differ: %s", differ)
			}
		})
	}
}

// budget gives both members a memory budget.
func (p *pair) budget(bytes int64) {
	for _, m := range p.members {
		m.arena.SetBudget(bytes)
	}
}

// TestBudget fills a map beyond the memory that there may be: writes are refused, or entries evicted where the map does. What needs no more
// room goes on, and what is removed makes room.
func TestBudget(t *testing.T) {
	const budget = 2 << 20
	for _, policy := range []imap.EvictionPolicy{imap.EvictNone, imap.EvictLRU, imap.EvictRandom} {
		for _, sizes := range []int{1, 700} {
			t.Run(fmt.Sprintf("policy=%d/sizes=%d", policy, sizes), func(t *testing.T) {
				// By entries there would be room enough.
				p := newPair(t, imap.Config{Eviction: imap.Eviction{Policy: policy, MaxSize: imap.PerPartition, Size: 1 << 30}})
				p.budget(budget)
				size := func(i int) int { return 300 + i*7919%sizes }
				set := func(i, size int) error {
					var err error
					p.apply(func(m *imap.Structure, tx *partition.Tx) error {
						err = m.Set(tx, mapName, fmt.Appendf(nil, "key%d", i), make([]byte, size), 1, imap.Default, imap.Default)
						return nil
					})
					return err
				}
				refused, puts := 0, 12_000
				for i := range puts {
					if err := set(i, size(i)); errors.Is(err, imap.ErrBudget) {
						refused++
					} else if err != nil {
						t.Fatal(err)
					}
					for _, m := range p.members {
						if used := m.arena.Used(); used > budget+budget/8 {
							t.Fatalf("%d bytes are held after %d entries, the budget is %d", used, i, budget)
						}
					}
				}
				payload := budget / (300 + sizes/2 + 30)
				if n := p.size(); n < payload*3/4 {
					t.Errorf("%d entries are held, there should be room for %d", n, payload)
				}
				if policy != imap.EvictNone {
					if refused > puts/100 {
						t.Errorf("%d of %d were refused though the map evicts", refused, puts)
					}
					return
				}
				held := p.size()
				if refused != puts-held {
					t.Errorf("%d of %d were refused, %d are held", refused, puts, held)
				}
				if was, _ := p.maps().Budgeted(); int(was) != refused {
					t.Errorf("%d were refused, and %d counted", refused, was)
				}
				for i := range held / 2 { // the first ones were all taken
					if err := set(i, size(i)); err != nil {
						t.Fatalf("a value that has not grown is refused: %v", err)
					}
					if err := set(i, size(i)/2); err != nil {
						t.Fatalf("a value that has shrunk is refused: %v", err)
					}
				}
				for i := range held / 2 {
					p.command([]string{"c1", "remove", fmt.Sprint("key", i)})
				}
				p.tick(1000)
				p.log = nil
				for i := range held / 3 {
					if err := set(puts+i, size(i)); err != nil {
						t.Fatalf("half was removed, and the %d-th new one of %d is refused: %v", i, held, err)
					}
				}
				if differ := p.replicasDiffer(); differ != "" {
					t.Errorf("the replicas differ: %.200s", differ)
				}
			})
		}
	}
}

func TestEvictionChoosesWell(t *testing.T) {
	for _, policy := range []imap.EvictionPolicy{imap.EvictLRU, imap.EvictLFU} {
		p := newPair(t, imap.Config{Eviction: imap.Eviction{Policy: policy, MaxSize: imap.PerPartition, Size: 1000}})
		for i := range 1000 {
			p.set(fmt.Sprint("key", i), nil, imap.Default)
		}
		p.now++
		for i := range 500 {
			p.has(fmt.Sprint("key", i))
		}
		for i := range 250 {
			p.now++
			p.set(fmt.Sprint("new", i), nil, imap.Default)
		}
		kept := 0
		for i := range 500 {
			if p.has(fmt.Sprint("key", i)) {
				kept++
			}
		}
		// At random half of the evicted ones were among them.
		if kept < 495 {
			t.Errorf("policy %d: only %d of 500 that were read are left", policy, kept)
		}
	}
}

func TestLoweredLimitIsReached(t *testing.T) {
	p := newPair(t, imap.Config{Eviction: imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.PerNode, Size: 500}})
	p.dataMembers = 2 // two members hold twice as much
	for i := range 1000 {
		p.set(fmt.Sprint("key", i), nil, imap.Default)
	}
	if n := p.size(); n != 1000 {
		t.Fatalf("%d entries, want 1000", n)
	}
	p.dataMembers = 1
	p.tick(2000)
	if n := p.size(); n != 500 {
		t.Errorf("%d entries, want 500", n)
	}
}
