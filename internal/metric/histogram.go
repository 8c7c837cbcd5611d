package metric

import (
	"sync/atomic"
	"time"
)

const (
	decades   = 7 // 1 µs, 10 µs, … 1 s
	perDecade = 3 // 1, 2 and 5 times the decade

	// BoundCount is how many upper bounds a Histogram has: 1, 2 and 5 times
	// every power of ten from 1 µs on, and 10 s at the end. In memory on a local
	// network the interesting latencies span five decades, so relative precision
	// matters and absolute does not.
	BoundCount = decades*perDecade + 1

	// BucketCount is the number of buckets: one for each bound, and a last one
	// for what took longer than 10 s.
	BucketCount = BoundCount + 1
)

// Bound returns the i-th upper bound, inclusive, for 0 <= i < BoundCount.
func Bound(i int) time.Duration {
	bound := time.Microsecond
	for range i / perDecade {
		bound *= 10
	}
	switch i % perDecade {
	case 1:
		bound *= 2
	case 2:
		bound *= 5
	}
	return bound
}

// bucket returns the index of the first bound that d does not exceed, and
// BoundCount when there is none.
func bucket(d time.Duration) int {
	decade := time.Microsecond
	for i := 0; i < BoundCount-1; i += perDecade {
		switch {
		case d <= decade:
			return i
		case d <= 2*decade:
			return i + 1
		case d <= 5*decade:
			return i + 2
		}
		decade *= 10
	}
	if d <= decade {
		return BoundCount - 1
	}
	return BoundCount
}

// Histogram counts durations in fixed buckets. One observation is two atomic
// additions.
type Histogram struct {
	buckets [BucketCount]atomic.Uint64 // not cumulative
	nanos   atomic.Int64               // sum of all observations; overflows after 292 years of waiting
}

// Observe counts one duration. A negative one, from a clock that was set back,
// counts as zero.
func (h *Histogram) Observe(d time.Duration) { h.ObserveAll(d, 1) }

// ObserveAll counts a duration n times.
func (h *Histogram) ObserveAll(d time.Duration, n uint64) {
	d = max(d, 0)
	h.buckets[bucket(d)].Add(n)
	h.nanos.Add(int64(d) * int64(n))
}

// HistogramSnapshot is a histogram read at one time.
type HistogramSnapshot struct {
	// Buckets holds the observations per bucket, not cumulative: those above
	// Bound(i-1) and up to Bound(i); the last one those above 10 s.
	Buckets [BucketCount]uint64
	// Sum is the time of all observations together.
	Sum time.Duration
}

// Snapshot reads the histogram.
func (h *Histogram) Snapshot() HistogramSnapshot {
	var s HistogramSnapshot
	for i := range h.buckets {
		s.Buckets[i] = h.buckets[i].Load()
	}
	s.Sum = time.Duration(h.nanos.Load())
	return s
}

// Count returns the number of observations.
func (s *HistogramSnapshot) Count() uint64 {
	var count uint64
	for _, n := range s.Buckets {
		count += n
	}
	return count
}

// Merge adds the observations of other, so that histograms kept apart to spare
// contention can be shown as one.
func (s *HistogramSnapshot) Merge(other *HistogramSnapshot) {
	for i, n := range other.Buckets {
		s.Buckets[i] += n
	}
	s.Sum += other.Sum
}
