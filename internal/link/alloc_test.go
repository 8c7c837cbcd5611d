package link_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// echoes makes two connected nodes: b sends a byte back for every frame, and a
// tells of it on the channel.
func echoes(t testing.TB) (a *node, back chan struct{}) {
	t.Helper()
	back = make(chan struct{}, 1024)
	ack := []byte{1}
	a = start(t, 1, func(r *recorder, _ *link.Options) {
		r.frame = func(cluster.MemberID, link.Lane, []byte) error {
			back <- struct{}{}
			return nil
		}
	})
	var b *node
	b = start(t, 2, func(r *recorder, _ *link.Options) {
		r.frame = func(from cluster.MemberID, lane link.Lane, _ []byte) error {
			if !b.hub.Send(from, lane, ack) {
				return errTest
			}
			return nil
		}
	})
	join(t, a, b)
	return a, back
}

// TestNoAllocations: a frame there and one back, through both hubs and the
// kernel, allocate nothing.
func TestNoAllocations(t *testing.T) {
	a, back := echoes(t)
	frame := bytes.Repeat([]byte("x"), 1000)
	to := id(2)
	round := func() {
		if !a.hub.Send(to, link.Effects, frame) {
			t.Error("not sent")
		}
		<-back
	}
	for range 1000 { // buffers grow to their size
		round()
	}
	runtime.GC()
	if allocs := testing.AllocsPerRun(2000, round); allocs != 0 {
		t.Errorf("%v allocations for a frame there and one back", allocs)
	}
}

// BenchmarkRoundTrip: a frame of 100 bytes there and one back, one at a time.
func BenchmarkRoundTrip(b *testing.B) {
	a, back := echoes(b)
	frame, to := make([]byte, 100), id(2)
	b.ReportAllocs()
	for b.Loop() {
		a.hub.Send(to, link.Effects, frame)
		<-back
	}
}

// BenchmarkStream: frames of 100 bytes, 256 on their way, each answered.
func BenchmarkStream(b *testing.B) {
	a, back := echoes(b)
	frame, to := make([]byte, 100), id(2)
	b.ReportAllocs()
	under := 0
	for b.Loop() {
		a.hub.Send(to, link.Effects, frame)
		if under++; under > 256 {
			<-back
			under--
		}
	}
	for range under {
		<-back
	}
}
