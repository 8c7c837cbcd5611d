package gateway

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// together is how many requests arrive in one read.
const together = 16

// arrive is through for requests that were read together, as a connection's reader does it.
func (p *pipe) arrive(tb testing.TB, requests [][]byte) {
	tb.Helper()
	n := 0
	for _, r := range requests {
		n += copy(p.r.Buffer()[n:], r)
	}
	p.r.Advance(n)
	p.s.Attend()
	p.messages = p.messages[:0]
	for {
		m, err := p.r.Next()
		if err != nil {
			tb.Fatal(err)
		}
		if m == nil {
			break
		}
		p.messages = append(p.messages, m)
	}
	known := p.s.Prepare(p.messages)
	for i, m := range p.messages {
		if err := p.s.handle(m, &known[i]); err != nil {
			tb.Fatal(err)
		}
	}
	p.s.Settle()
	p.spare = p.s.Take(p.spare)
}

// BenchmarkTogether measures requests for random keys of a map, 16 in each read, from bytes to bytes: what a member does beside the kernel.
func BenchmarkTogether(b *testing.B) {
	partitions = 271
	defer func(few int) { partitions = few }(7)
	for _, n := range []int{2_000, 100_000, 1_000_000} {
		w := newWorld(b, 1, nil)
		p := newPipe(b, w)
		value := make([]byte, 112)
		key := func(i int) []byte { return data(fmt.Sprintf("%016d", i)) }
		for i := range n {
			p.through(b, w.set("bench", key(i), value))
		}
		requests := map[string]func(i int) []byte{
			"get": func(i int) []byte { return w.get("bench", key(i)) },
			"set": func(i int) []byte { return w.set("bench", key(i), value) },
		}
		for _, name := range []string{"get", "set"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				ahead := make([][]byte, min(n, 200_000)) // more than what the processor keeps
				for i := range ahead {
					ahead[i] = requests[name](r.IntN(n))
				}
				b.ResetTimer()
				for i := 0; i < b.N; i += together {
					at := i % (len(ahead) - together)
					p.arrive(b, ahead[at:at+together])
				}
			})
		}
	}
}
