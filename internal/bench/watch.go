package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// sampleInterval is the resolution of the throughput over time.
const sampleInterval = time.Second

// A watcher looks at a phase while it runs: throughput over time, CPU of the processes, the progress line.
type watcher struct {
	phase     *phase
	processes []int
	result    *Result
	line      *line
}

// watch returns when the measured time is over, or ctx ends.
func (w *watcher) watch(ctx context.Context) {
	from := w.phase.base.Add(time.Duration(w.phase.from))
	w.until(ctx, from, "warming up")
	begin, operations := w.usages(), w.answers()
	started := time.Now()
	w.sample(ctx, started, from.Add(w.phase.options.Duration))
	measured := float64(w.answers() - operations)
	end := w.usages()
	for i := range begin {
		if i >= len(end) || end[i].PID != begin[i].PID {
			break // a process has ended
		}
		p := end[i]
		p.CPUSeconds -= begin[i].CPUSeconds
		p.CPUCores = p.CPUSeconds / time.Since(started).Seconds()
		if measured > 0 {
			p.CPUPerOperation = p.CPUSeconds * 1e9 / measured
		}
		if p.PID == os.Getpid() {
			w.result.Generator = p
			continue
		}
		w.result.Processes = append(w.result.Processes, p)
	}
}

func (w *watcher) answers() int64 {
	n, _, _ := w.phase.seen()
	return n
}

// until waits for a time.
func (w *watcher) until(ctx context.Context, at time.Time, what string) {
	wait := time.NewTimer(time.Until(at))
	defer wait.Stop()
	w.line.show(what)
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}

// sample adds a point to the series for each interval until a time.
func (w *watcher) sample(ctx context.Context, started, until time.Time) {
	var seen sampled
	seen.answers, seen.latency, seen.failures = w.phase.seen()
	last := started
	for at := started.Add(sampleInterval); ctx.Err() == nil && last.Before(until); at = at.Add(sampleInterval) {
		if at.After(until) {
			at = until
		}
		wait := time.NewTimer(time.Until(at))
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
		var now sampled
		now.answers, now.latency, now.failures = w.phase.seen()
		point := seen.to(now, time.Since(last))
		last, seen = time.Now(), now
		point.Second = last.Sub(started).Seconds()
		w.result.Series = append(w.result.Series, point)
		w.line.show(fmt.Sprintf("%3.0f s of %.0f s: %s/s, mean %s, %d failed", point.Second, until.Sub(started).Seconds(),
			count(point.Throughput), duration(point.MeanLatency), now.failures))
	}
}

// sampled are the counters of a phase at one time.
type sampled struct{ answers, latency, failures int64 }

// to returns the point between two times.
func (s sampled) to(now sampled, took time.Duration) Point {
	p := Point{Throughput: float64(now.answers-s.answers) / max(took.Seconds(), 1e-9)}
	if now.answers > s.answers {
		p.MeanLatency = (now.latency - s.latency) / (now.answers - s.answers)
	}
	return p
}

// usages reads the figures of the server's processes and of this one, but for those that have ended.
func (w *watcher) usages() []Process {
	var all []Process
	for _, pid := range append([]int{os.Getpid()}, w.processes...) {
		if u, name, err := usageOf(pid); err == nil {
			all = append(all, Process{PID: pid, Name: name, CPUSeconds: u.cpu(), Resident: u.resident})
		}
	}
	return all
}

// A line is a progress line: each text is written over the one before.
type line struct {
	out   io.Writer
	width int
}

func newLine(out io.Writer) *line { return &line{out: out} }

func (l *line) show(text string) {
	if l.out == nil {
		return
	}
	padding := strings.Repeat(" ", max(0, l.width-len(text)))
	l.width = len(text)
	_, _ = fmt.Fprintf(l.out, "\r%s%s", text, padding) // nobody misses a progress line
}

// end wipes the line out.
func (l *line) end() {
	if l.out != nil && l.width > 0 {
		_, _ = fmt.Fprintf(l.out, "\r%s\r", strings.Repeat(" ", l.width))
	}
}
