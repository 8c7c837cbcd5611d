package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// format is the version of the JSON of a Result; one that is raised is not read any more.
const format = 1

// A Result is what a run measured. Times are in nanoseconds unless their names say otherwise.
type Result struct {
	Format  int       `json:"format"`
	Options Options   `json:"options"`
	Began   time.Time `json:"began"`
	Machine Machine   `json:"machine"`
	// Members are the addresses of the servers.
	Members []string `json:"members"`

	FillSeconds float64 `json:"fill_seconds"`
	// Seconds were measured; Operations began in them and succeeded; Throughput is their number a second.
	Seconds    float64 `json:"seconds"`
	Operations int64   `json:"operations"`
	Throughput float64 `json:"throughput"`
	// Entries a second, where an operation has many.
	EntryThroughput float64   `json:"entry_throughput"`
	Latency         Latency   `json:"latency"`
	Kinds           []PerKind `json:"kinds"`
	// Distribution is the latency by percentile, for the plot.
	Distribution []Percentile `json:"distribution"`
	Series       []Point      `json:"series"`

	// Failed operations, by kind in Failures, count from the warm-up on.
	Failed   int64            `json:"failed"`
	Failures map[string]int64 `json:"failures,omitempty"`
	// Misses are keys that were read and not there; Repeats operations that were refused and sent again.
	Misses  int64 `json:"misses"`
	Repeats int64 `json:"repeats"`
	// TableChanges is how often the partition table changed.
	TableChanges int64 `json:"table_changes"`

	// Late requests of the open loop were sent over a millisecond after their time; Behind is the latest.
	Late   int64 `json:"late"`
	Behind int64 `json:"behind_ns"`

	Processes []Process `json:"processes,omitempty"`
	Generator Process   `json:"generator"`
}

// Machine is where the generator ran.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"` // that the generator may use
	Go   string `json:"go"`
}

// Latency of operations, in ns.
type Latency struct {
	Mean  int64 `json:"mean"`
	P50   int64 `json:"p50"`
	P90   int64 `json:"p90"`
	P99   int64 `json:"p99"`
	P999  int64 `json:"p99.9"`
	P9999 int64 `json:"p99.99"`
	Max   int64 `json:"max"`
}

// PerKind is the part of one kind of operations.
type PerKind struct {
	Kind       string  `json:"kind"`
	Operations int64   `json:"operations"`
	Throughput float64 `json:"throughput"`
	Latency    Latency `json:"latency"`
}

// A Percentile is a point of the distribution: so many percent took no longer.
type Percentile struct {
	Percent float64 `json:"percent"`
	Latency int64   `json:"latency_ns"`
}

// A Point is one interval of the measured time; Second is its end.
type Point struct {
	Second      float64 `json:"second"`
	Throughput  float64 `json:"throughput"`
	MeanLatency int64   `json:"mean_latency_ns"`
}

// A Process is what a process used in the measured time, and its resident memory at the end of it.
type Process struct {
	PID             int     `json:"pid"`
	Name            string  `json:"name"`
	CPUSeconds      float64 `json:"cpu_seconds"`
	CPUCores        float64 `json:"cpu_cores"`
	CPUPerOperation float64 `json:"cpu_ns_per_operation"`
	Resident        int64   `json:"resident_bytes"`
}

func newResult(o *Options, t *target) *Result {
	return &Result{
		Format: format, Options: *o, Began: time.Now().UTC(), Members: t.members,
		Machine: Machine{runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version()},
	}
}

// sum adds up what the connections of a phase have recorded.
func (r *Result) sum(p *phase) {
	all := hdrhistogram.New(leastLatency, mostLatency, significant)
	r.Failures = map[string]int64{}
	last := p.end.Load()
	for _, rec := range p.recorders {
		last = max(last, rec.last)
		r.Misses += rec.misses
		r.Repeats += rec.repeats
		r.Late += rec.late
		r.Behind = max(r.Behind, rec.behind)
		for reason, n := range rec.failures {
			r.Failures[reason] += n
			r.Failed += n
		}
	}
	r.Seconds = max(time.Duration(last-p.from).Seconds(), 1e-9)
	var sum, longest int64
	for _, k := range p.kinds {
		h := hdrhistogram.New(leastLatency, mostLatency, significant)
		var kindSum, kindMax int64
		for _, rec := range p.recorders {
			h.Merge(rec.histograms[k])
			kindSum += rec.sum[k]
			kindMax = max(kindMax, rec.max[k])
		}
		all.Merge(h)
		sum, longest = sum+kindSum, max(longest, kindMax)
		r.Kinds = append(r.Kinds, PerKind{k.String(), h.TotalCount(), float64(h.TotalCount()) / r.Seconds, latencyOf(h, kindSum, kindMax)})
	}
	r.Operations = all.TotalCount()
	r.Throughput = float64(r.Operations) / r.Seconds
	r.EntryThroughput = r.Throughput * float64(p.options.batchOf(p.kinds[0]))
	r.Latency = latencyOf(all, sum, longest)
	r.Distribution = distribution(all, longest)
	if p.target.table != nil {
		r.TableChanges = p.target.table.changes.Load()
	}
}

// latencyOf reads a histogram. Its sum and maximum were counted beside it, exactly.
func latencyOf(h *hdrhistogram.Histogram, sum, longest int64) Latency {
	if h.TotalCount() == 0 {
		return Latency{}
	}
	at := func(percent float64) int64 { return min(h.ValueAtQuantile(percent), longest) }
	return Latency{sum / h.TotalCount(), at(50), at(90), at(99), at(99.9), at(99.99), longest}
}

// distribution is the latency at 0 %, 50 %, 75 %, … in quarters of the way to the next half, as far as there are
// operations to tell it.
func distribution(h *hdrhistogram.Histogram, longest int64) []Percentile {
	var all []Percentile
	for halves := 0.0; ; halves += 0.25 {
		rest := math.Pow(2, -halves)
		if rest*float64(h.TotalCount()) < 1 {
			return all
		}
		percent := 100 * (1 - rest)
		all = append(all, Percentile{percent, min(max(h.ValueAtQuantile(percent), h.Min()), longest)})
	}
}

// WriteJSON writes r for others to read, and for ReadFile.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("bench: writing JSON: %w", err)
	}
	return nil
}

// ErrResult is returned by ReadFile when a file is no result of this program.
var ErrResult = errors.New("bench: not a result of filbert bench --json")

// maxResultFile bounds what ReadFile reads: a day of points is below 10 MiB.
const maxResultFile = 64 << 20

// ReadFile reads what WriteJSON wrote.
func ReadFile(name string) (*Result, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer func() { _ = file.Close() }()
	var r Result
	if err := json.NewDecoder(io.LimitReader(file, maxResultFile)).Decode(&r); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrResult, name, err)
	}
	if r.Format != format {
		return nil, fmt.Errorf("%w: %s: format %d, this program reads %d", ErrResult, name, r.Format, format)
	}
	return &r, nil
}

// reasons lists failures, the most frequent first.
func (r *Result) reasons() []string {
	var all []string
	for reason := range r.Failures {
		all = append(all, reason)
	}
	slices.SortFunc(all, func(a, b string) int {
		if r.Failures[a] != r.Failures[b] {
			return int(r.Failures[b] - r.Failures[a])
		}
		if a < b {
			return -1
		}
		return 1
	})
	return all
}
