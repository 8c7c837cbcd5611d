package metric

import (
	"sync"
	"testing"
	"time"
)

func TestBoundsAscendFromOneMicrosecondToTenSeconds(t *testing.T) {
	if got := Bound(0); got != time.Microsecond {
		t.Errorf("Bound(0) = %v, want 1µs", got)
	}
	if got := Bound(BoundCount - 1); got != 10*time.Second {
		t.Errorf("the last bound is %v, want 10s", got)
	}
	for i := 1; i < BoundCount; i++ {
		if Bound(i) <= Bound(i-1) {
			t.Errorf("Bound(%d) = %v does not exceed Bound(%d) = %v", i, Bound(i), i-1, Bound(i-1))
		}
	}
}

// TestBucketAgreesWithBound compares the arithmetic with the plain definition,
// at every bound and one nanosecond to its sides.
func TestBucketAgreesWithBound(t *testing.T) {
	plain := func(d time.Duration) int {
		for i := range BoundCount {
			if d <= Bound(i) {
				return i
			}
		}
		return BoundCount
	}
	durations := []time.Duration{0, time.Nanosecond, time.Hour, 1<<63 - 1}
	for i := range BoundCount {
		durations = append(durations, Bound(i)-1, Bound(i), Bound(i)+1)
	}
	for _, d := range durations {
		if got, want := bucket(d), plain(d); got != want {
			t.Errorf("bucket(%d ns) = %d, want %d", d, got, want)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{-time.Second, time.Microsecond, 3 * time.Microsecond, time.Minute} {
		h.Observe(d)
	}
	s := h.Snapshot()
	want := [BucketCount]uint64{0: 2, 2: 1, BoundCount: 1}
	if s.Buckets != want {
		t.Errorf("buckets = %v, want %v", s.Buckets, want)
	}
	if s.Sum != time.Minute+4*time.Microsecond {
		t.Errorf("sum = %v, want 1m0.000004s", s.Sum)
	}
	if s.Count() != 4 {
		t.Errorf("count = %d, want 4", s.Count())
	}
	s.Merge(&s)
	if s.Count() != 8 || s.Sum != 2*(time.Minute+4*time.Microsecond) {
		t.Errorf("merged with itself: count %d, sum %v; want 8 and twice the time", s.Count(), s.Sum)
	}
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	const writers, each = 8, 1000
	var (
		c  Counter
		g  Gauge
		h  Histogram
		wg sync.WaitGroup
	)
	for range writers {
		wg.Go(func() {
			for range each {
				c.Inc()
				c.Add(2)
				g.Add(1)
				h.Observe(time.Millisecond)
			}
		})
	}
	wg.Wait()
	s := h.Snapshot()
	if c.Load() != 3*writers*each || g.Load() != writers*each || s.Count() != writers*each {
		t.Errorf("counter %d, gauge %d, histogram %d after %d rounds", c.Load(), g.Load(), s.Count(), writers*each)
	}
	g.Set(-3)
	if g.Load() != -3 {
		t.Errorf("gauge = %d after Set(-3)", g.Load())
	}
}

func TestWritingAllocatesNothing(t *testing.T) {
	var (
		c Counter
		h Histogram
	)
	if n := testing.AllocsPerRun(100, func() { c.Inc(); h.Observe(time.Millisecond) }); n != 0 {
		t.Errorf("one write allocates %v times, want 0", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	var h Histogram
	for b.Loop() {
		h.Observe(37 * time.Microsecond)
	}
}
