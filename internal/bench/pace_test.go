package bench

import (
	"io"
	"math"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	tests := []struct {
		rate          float64
		number, count int
		processors    int
		period, burst int64
		first         int64
	}{
		{1_000, 0, 1, 1, 1e6, 1, 0},
		{1_000, 5, 10, 1, 10e6, 1, 5e6},
		{1, 0, 1, 1, 1e9, 1, 0},
		{1e6, 0, 1, 1, 50e3, 50, 0},
		{3e6, 1, 2, 4, 50_000, 75, 25_000},
		{400e3, 25, 50, 1, 1_500_000, 12, 750_000},
		{400e3, 0, 50, 2, 750_000, 6, 0},
	}
	for _, tt := range tests {
		p := newPace(tt.rate, tt.number, tt.count, tt.processors, 0)
		if p.period != tt.period || p.burst != tt.burst || p.first != tt.first {
			t.Errorf("rate %g, %d of %d: period %d, burst %d, first %d; want %d, %d, %d",
				tt.rate, tt.number, tt.count, p.period, p.burst, p.first, tt.period, tt.burst, tt.first)
		}
		if rate := float64(p.burst) / float64(p.period) * 1e9 * float64(tt.count); math.Abs(rate/tt.rate-1) > 1e-3 {
			t.Errorf("rate %g became %g", tt.rate, rate)
		}
		p.begun = 3 * p.burst
		if due := p.due(); due != p.first+3*p.period {
			t.Errorf("rate %g: due at %d", tt.rate, due)
		}
	}
}

// Both tickers tick no earlier than they should, and end when stopped.
func TestTickers(t *testing.T) {
	const first, period = int64(2 * time.Millisecond), int64(time.Millisecond)
	for name, start := range map[string]func() (ticker, error){
		"best":  func() (ticker, error) { return newTicker(first, period) },
		"plain": func() (ticker, error) { return newPlainTicker(first, period), nil },
	} {
		began := time.Now()
		ticker, err := start()
		if err != nil {
			t.Fatal(err)
		}
		// Several ticks that are past are one, but the first is never early.
		if err := ticker.wait(); err != nil || int64(time.Since(began)) < first {
			t.Errorf("%s: first tick after %s, %v", name, time.Since(began), err)
		}
		for range 5 {
			if err := ticker.wait(); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ticker.wait() == nil {
			}
		}()
		ticker.stop()
		<-ended
	}
}

// handTicker ticks when the test says so.
type handTicker struct{ ticks, ended chan struct{} }

func (h handTicker) wait() error {
	select {
	case <-h.ticks:
		return nil
	case <-h.ended:
		return errStopped
	}
}

func (h handTicker) stop() { close(h.ended) }

// A server that stalls once shows in everything that should have begun meanwhile. One operation is due every
// millisecond for 100 ms; the server answers the first 10 at once, and all others only at 100 ms. A generator that waited
// for an answer before it sent the next request would have measured one slow operation of eleven.
func TestNoCoordinatedOmission(t *testing.T) {
	ours, theirs := net.Pipe()
	const ms = int64(time.Millisecond)
	var clock atomic.Int64
	p := &phase{options: &Options{Protocol: EchoOnly, Workload: Get, Keys: 10, KeySize: 2, ValueSize: 8, Map: "m"}, kinds: []kind{kindGet}, depth: 4}
	var until atomic.Int64
	until.Store(100 * ms)
	rec := newRecorder(p.kinds, 0, &until)
	l := newLoop(ours, p.dialect(p.templates()), 4, 1, clock.Load)
	schedule := &pace{period: ms, burst: 1, ticker: handTicker{make(chan struct{}), make(chan struct{})}}
	hand, _ := schedule.ticker.(handTicker)

	stall := make(chan struct{})
	served := make(chan error, 1)
	go func() { // the server
		size := p.options.echoSizes()[0]
		in, out := make([]byte, size.request), make([]byte, size.response)
		for i := range 100 {
			if i == 10 {
				<-stall
			}
			if _, err := io.ReadFull(theirs, in); err != nil {
				served <- err
				return
			}
			if _, err := theirs.Write(out); err != nil {
				served <- err
				return
			}
		}
		served <- nil
	}()
	ended := make(chan error, 1)
	p.options.Duration = 100
	go func() { ended <- l.run(newSingle(p.options, 0, placer{}), rec, schedule) }()
	for i := int64(1); i <= 100; i++ {
		for rec.live.answers.Load() < min(i, 10) {
			runtime.Gosched()
		}
		clock.Store(i * ms)
		if i < 100 {
			hand.ticks <- struct{}{}
		}
	}
	close(stall)
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	ours.Close()
	theirs.Close()

	h := rec.histograms[kindGet]
	if h.TotalCount() != 100 || rec.max[kindGet] != 90*ms {
		t.Errorf("%d operations, the slowest %d ms; want 100, 90 ms", h.TotalCount(), rec.max[kindGet]/ms)
	}
	for percent, want := range map[float64]int64{10: 0, 50: 40, 90: 80, 99: 89} {
		if got := h.ValueAtQuantile(percent); got < want*ms-ms/10 || got > want*ms+ms/10 {
			t.Errorf("p%g is %.1f ms, want %d ms", percent, float64(got)/float64(ms), want)
		}
	}
	// Four were sent in time and waited for the server; all others waited for room as well.
	if rec.late != 90-4 && rec.late != 90-4-1 {
		t.Errorf("%d requests were late", rec.late)
	}
}
