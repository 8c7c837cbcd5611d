package imap_test

import (
	"fmt"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/store"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// summed is a pair with entries that expire and count, and locks.
func summed(t testing.TB, n int) *pair {
	t.Helper()
	p := newPair(t, imap.Config{EntryStatistics: true, Backups: partition.Backups{Sync: 1}})
	for i := range n {
		p.set(fmt.Sprint("key", i), fmt.Appendf(nil, "value%04d", i), 1<<40)
	}
	p.command([]string{"c1", "lock", "key7"})
	p.command([]string{"c1", "lock", "none"})
	p.log = nil
	return p
}

// Whatever the steps, the sum is the same, on both replicas, and reads do not change it.
func TestSumIsOfWhatReplicasAgreeOn(t *testing.T) {
	p := summed(t, 1000)
	want, _ := p.maps().SumOf(1 << 30)
	if want.Entries != 1002 {
		t.Errorf("%d entries and locks, want 1002", want.Entries)
	}
	for i := range 500 {
		p.now++
		p.command([]string{"c1", "get", fmt.Sprint("key", i)})
	}
	for _, m := range p.members {
		for _, limit := range []int{1, 100, 5000, 1 << 20} {
			if got, same := m.maps.SumOf(limit); got != want || !same {
				t.Errorf("steps of %d bytes: %+v, want %+v; the ranges again are the same: %t", limit, got, want, same)
			}
		}
	}
}

// Every part of an entry that an effect brings is part of the sum.
func TestSumShowsDamage(t *testing.T) {
	flip := func(value []byte, _ *store.Meta) { value[len(value)-1] ^= 1 }
	for name, damage := range map[string]func(m *imap.Structure){
		"a bit of a value": func(m *imap.Structure) { m.Damage("key1", false, flip) },
		"two values swapped": func(m *imap.Structure) {
			m.Damage("key1", false, func(v []byte, _ *store.Meta) { copy(v, "value0002") })
			m.Damage("key2", false, func(v []byte, _ *store.Meta) { copy(v, "value0001") })
		},
		"version":  func(m *imap.Structure) { m.Damage("key1", false, func(_ []byte, m *store.Meta) { m.Version++ }) },
		"created":  func(m *imap.Structure) { m.Damage("key1", false, func(_ []byte, m *store.Meta) { m.Created++ }) },
		"updated":  func(m *imap.Structure) { m.Damage("key1", false, func(_ []byte, m *store.Meta) { m.Updated++ }) },
		"ttl":      func(m *imap.Structure) { m.Damage("key1", false, func(_ []byte, m *store.Meta) { m.TTL++ }) },
		"deadline": func(m *imap.Structure) { m.Damage("key1", false, func(_ []byte, m *store.Meta) { m.Deadline++ }) },
		"a lock":   func(m *imap.Structure) { m.Damage("key7", true, flip) },
	} {
		t.Run(name, func(t *testing.T) {
			p := summed(t, 100)
			damage(p.members[1].maps)
			one, _ := p.members[0].maps.SumOf(1 << 20)
			two, _ := p.members[1].maps.SumOf(1 << 20)
			if one.Hash == two.Hash {
				t.Error("the sum is the same")
			}
			p.tick(200)
			if n := p.members[1].grid.Census().Differing; n != 1 {
				t.Errorf("found %d times, want once", n)
			}
			if one, two := p.members[0].grid.Digest(0), p.members[1].grid.Digest(0); one.Sum != two.Sum {
				t.Error("it was not repaired")
			}
		})
	}
}

// BenchmarkSum is what comparing costs for an entry, by the size of its value.
func BenchmarkSum(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint("value=", size), func(b *testing.B) {
			const entries = 4000
			p := newPair(b, imap.Config{})
			p.alone = true
			for i := range entries {
				p.set(fmt.Sprintf("key-%08d", i), make([]byte, size), imap.Default)
			}
			n := 0
			for b.Loop() {
				s, _ := p.maps().SumOnce()
				n += int(s.Entries)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/entry")
		})
	}
}
