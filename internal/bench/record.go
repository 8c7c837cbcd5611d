package bench

import (
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// What histograms hold: 100 ns to a minute with three digits, about 170 KiB each. Longer ones count as a minute; the
// maximum is kept beside it.
const (
	leastLatency = 100
	mostLatency  = int64(time.Minute)
	significant  = 3
)

// maxReasons bounds the kinds of failures that are told apart.
const maxReasons = 20

// A recorder counts what one connection does. Its goroutine writes; the counters in live are read by others meanwhile.
type recorder struct {
	// from and until are the measured time, by the run's clock: what should have begun in it is recorded. until is
	// moved when a run is interrupted.
	from  int64
	until *atomic.Int64

	histograms [kinds]*hdrhistogram.Histogram // of the workload's kinds only
	sum, max   [kinds]int64                   // ns
	last       int64                          // when the last one that is recorded was answered
	misses     int64
	repeats    int64
	failures   map[string]int64
	// late counts requests of the open loop that were sent more than lateness after their time; behind is the latest.
	late, behind int64

	live live
}

// live is what the progress line and the series of a run look at: everything since the connection began.
type live struct {
	answers, latency, failures atomic.Int64
	_                          [40]byte // a cache line for each connection
}

// lateness is how late a request of the open loop may be sent without being counted as late.
const lateness = int64(time.Millisecond)

func newRecorder(used []kind, from int64, until *atomic.Int64) *recorder {
	r := &recorder{from: from, until: until, failures: map[string]int64{}}
	for _, k := range used {
		r.histograms[k] = hdrhistogram.New(leastLatency, mostLatency, significant)
	}
	return r
}

// measured reports whether what should have begun at a time is recorded.
func (r *recorder) measured(at int64) bool { return at >= r.from && at < r.until.Load() }

// success records an operation that was answered.
func (r *recorder) success(s *slot, now int64, misses int) {
	if !r.measured(s.at) {
		return
	}
	latency := now - s.at
	if h := r.histograms[s.kind]; h != nil {
		_ = h.RecordValue(min(max(latency, leastLatency), mostLatency)) // within its range: it cannot fail
	}
	r.sum[s.kind] += latency
	r.max[s.kind] = max(r.max[s.kind], latency)
	r.last = now
	r.misses += int64(misses)
}

// failure records an operation that failed, whenever that was.
func (r *recorder) failure(reason string) {
	if _, known := r.failures[reason]; !known && len(r.failures) >= maxReasons {
		reason = "others"
	}
	r.failures[reason]++
	r.live.failures.Add(1)
}

// sent notes how late a request of the open loop is.
func (r *recorder) sent(s *slot, now int64) {
	if behind := now - s.at; r.measured(s.at) {
		r.behind = max(r.behind, behind)
		if behind > lateness {
			r.late++
		}
	}
}

// progress adds what a batch of answers has brought to what others see.
func (r *recorder) progress(answers, latency int64) {
	r.live.answers.Store(r.live.answers.Load() + answers) // one writer
	r.live.latency.Store(r.live.latency.Load() + latency)
}
