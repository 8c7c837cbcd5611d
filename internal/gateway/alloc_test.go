package gateway

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/wire"
)

// pipe is a session without a connection: bytes go in, bytes come out.
type pipe struct {
	s     *Session
	r     *wire.Reader
	spare []byte
	// messages is the work space of through.
	messages []wire.Message
}

func (*pipe) Wake()       {}
func (*pipe) Tick()       {}
func (*pipe) Close(error) {}

func newPipe(tb testing.TB, w *world) *pipe {
	tb.Helper()
	p := &pipe{r: wire.NewReader(wire.Limits{})}
	p.s = w.nodes[0].g.NewSession(p)
	p.through(tb, authentication(1, "dev", "", "", cluster.UUID{1}))
	return p
}

// through sends requests that are read together, and returns how many bytes come back.
func (p *pipe) through(tb testing.TB, requests ...[]byte) int {
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
	return len(p.spare)
}

// TestNoAllocations: a get and a set allocate nothing from the bytes of the request to those of the answer.
func TestNoAllocations(t *testing.T) {
	w := newWorld(t, 1, nil)
	p := newPipe(t, w)
	key, value := data("a key of usual length"), make([]byte, 200)
	set, get := w.set("map", key, value), w.get("map", key)
	answer := 0
	for range 100 { // buffers and the entry find their size
		p.through(t, set)
		answer = p.through(t, get)
	}
	if answer < len(value) {
		t.Fatalf("answer of %d bytes, the value has %d", answer, len(value))
	}
	if n := testing.AllocsPerRun(1000, func() { p.through(t, get) }); n != 0 {
		t.Errorf("%v allocations for each get", n)
	}
	if n := testing.AllocsPerRun(1000, func() { p.through(t, set) }); n != 0 {
		t.Errorf("%v allocations for each set", n)
	}
	if n := testing.AllocsPerRun(1000, func() { p.through(t, set, get, get, set, get) }); n != 0 {
		t.Errorf("%v allocations for five together", n)
	}
}

func BenchmarkGet(b *testing.B) {
	w := newWorld(b, 1, nil)
	p := newPipe(b, w)
	key := data("a key of usual length")
	p.through(b, w.set("map", key, make([]byte, 200)))
	get := w.get("map", key)
	for b.Loop() {
		p.through(b, get)
	}
}

func BenchmarkSet(b *testing.B) {
	w := newWorld(b, 1, nil)
	p := newPipe(b, w)
	set := w.set("map", data("a key of usual length"), make([]byte, 200))
	for b.Loop() {
		p.through(b, set)
	}
}
