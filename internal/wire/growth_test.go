package wire_test

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/wire"
)

// TestManyFramesGrowByParts: of a large message of small frames only the next is announced, and the buffer still grows in few steps.
func TestManyFramesGrowByParts(t *testing.T) {
	m := wire.AppendRequestHead(nil, 0x010200, 1, 0, 0)
	last := 0
	for len(m) < 8<<20 {
		last = len(m)
		m = wire.AppendFrame(m, make([]byte, 100))
	}
	m = wire.Finish(m, last)
	r := wire.NewReader(wire.Limits{})
	steps, room := 0, 0
	for rest := m; len(rest) > 0; {
		buf := r.Buffer()
		if len(buf) > room {
			steps++
		}
		n := copy(buf, rest[:min(len(rest), 16<<10)])
		rest, room = rest[n:], len(buf)-n
		r.Advance(n)
		if got, err := r.Next(); err != nil || (got != nil) != (len(rest) == 0) {
			t.Fatalf("%d bytes before the end: %v, %v", len(rest), got != nil, err)
		}
	}
	if steps > 32 {
		t.Errorf("the buffer was made anew %d times", steps)
	}
}
