package partition

import "testing"

// What one large value needed is given back; what is in use stays.
func TestShrink(t *testing.T) {
	p := &Partition{out: make([]byte, 0, 2*scratchKept), reply: make([]byte, 0, scratchKept)}
	p.held[1].push(&heldItem{}, make([]byte, 2*scratchKept))
	p.shrink()
	if cap(p.out) != 0 || cap(p.reply) != scratchKept || p.held[1].len() != 1 {
		t.Errorf("out %d, reply %d, held %d", cap(p.out), cap(p.reply), p.held[1].len())
	}
	p.held[1].pop()
	p.shrink()
	if cap(p.held[1].bytes) != 0 {
		t.Errorf("held keeps %d bytes", cap(p.held[1].bytes))
	}
}
