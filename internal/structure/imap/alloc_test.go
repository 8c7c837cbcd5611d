package imap_test

import (
	"fmt"
	"testing"

	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// quiet is a pair whose backup is not there: what is left is the way of an operation in one member.
func quiet(tb testing.TB, config imap.Config) (p *pair, run func(f func(tx *partition.Tx) error)) {
	tb.Helper()
	p = newPair(tb, config)
	p.alone = true
	runner := &once{}
	r := partition.Request{Answerer: runner, Runner: runner, Message: []byte{0}}
	return p, func(f func(tx *partition.Tx) error) {
		runner.f = f
		p.members[0].grid.Submit(&r)
	}
}

// once runs one function for each request and forgets the answer.
type once struct {
	f   func(tx *partition.Tx) error
	err error
}

func (o *once) Run(tx *partition.Tx, _ *partition.Request)          { o.err = o.f(tx) }
func (*once) Fail(dst []byte, _ *partition.Request, _ error) []byte { return dst }
func (*once) Answer(*partition.Request, []byte)                     {}
func (*once) Reroute(*partition.Request)                            {}
func (*once) Keep(*partition.Request)                               {}

// TestNoAllocation counts the allocations of the verbs of the hot path.
func TestNoAllocation(t *testing.T) {
	configs := map[string]imap.Config{
		"default":    {},
		"statistics": {EntryStatistics: true, Statistics: true},
		"expiring":   {TTL: 1 << 40, MaxIdle: 1 << 40},
		"evicting":   {Eviction: imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.PerPartition, Size: 500}},
	}
	value := make([]byte, 100)
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			p, run := quiet(t, config)
			m := p.maps()
			var keys [][]byte
			for i := range 1000 {
				keys = append(keys, fmt.Appendf(nil, "key-%08d", i))
			}
			i := 0
			verbs := map[string]func(tx *partition.Tx) error{
				"set": func(tx *partition.Tx) error {
					return m.Set(tx, mapName, keys[i%len(keys)], value, 1, imap.Default, imap.Default)
				},
				"put": func(tx *partition.Tx) error {
					old, err := m.Put(tx, mapName, keys[i%len(keys)], value, 1, imap.Default, imap.Default)
					tx.Reply = append(tx.Reply, old...)
					return err
				},
				"get": func(tx *partition.Tx) error {
					tx.Reply = append(tx.Reply, m.Get(tx, mapName, keys[i%len(keys)])...)
					return nil
				},
				"remove and set": func(tx *partition.Tx) error {
					if _, err := m.Remove(tx, mapName, keys[i%len(keys)], 1); err != nil {
						return err
					}
					return m.Set(tx, mapName, keys[i%len(keys)], value, 1, imap.Default, imap.Default)
				},
			}
			for _, verb := range []string{"set", "put", "get", "remove and set"} {
				f := verbs[verb]
				step := func() {
					i++
					run(f)
				}
				for range 3000 {
					step()
				}
				if got := testing.AllocsPerRun(3000, step); got != 0 {
					t.Errorf("%s: %v allocations", verb, got)
				}
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	p, run := quiet(b, imap.Config{})
	m, value := p.maps(), make([]byte, 100)
	var keys [][]byte
	for i := range 4000 {
		keys = append(keys, fmt.Appendf(nil, "key-%08d", i))
	}
	i := 0
	f := func(tx *partition.Tx) error {
		return m.Set(tx, mapName, keys[i%len(keys)], value, 1, imap.Default, imap.Default)
	}
	b.ReportAllocs()
	for b.Loop() {
		i += 7
		run(f)
	}
}

func BenchmarkGet(b *testing.B) {
	p, run := quiet(b, imap.Config{})
	m, value := p.maps(), make([]byte, 100)
	var keys [][]byte
	for i := range 4000 {
		keys = append(keys, fmt.Appendf(nil, "key-%08d", i))
		run(func(tx *partition.Tx) error {
			return m.Set(tx, mapName, keys[i], value, 1, imap.Default, imap.Default)
		})
	}
	i := 0
	f := func(tx *partition.Tx) error {
		tx.Reply = append(tx.Reply, m.Get(tx, mapName, keys[i%len(keys)])...)
		return nil
	}
	b.ReportAllocs()
	for b.Loop() {
		i += 7
		run(f)
	}
}
