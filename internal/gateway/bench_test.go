package gateway

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// together is how many requests arrive in one read.
const together = 16

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
					p.through(b, ahead[at:at+together]...)
				}
			})
		}
	}
}
