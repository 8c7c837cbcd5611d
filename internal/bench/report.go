package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes r for people.
func (r *Result) WriteText(w io.Writer) error {
	o := &r.Options
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s over %s", o.Protocol, r.workload(), strings.Join(r.Members, " "))
	fmt.Fprintf(&b, "\n%s keys of %d bytes, values of %d bytes, %s", count(float64(o.Keys)), o.KeySize, o.ValueSize, r.distributed())
	if r.FillSeconds > 0 {
		fmt.Fprintf(&b, ", all written in %.1f s", r.FillSeconds)
	}
	b.WriteByte('\n')
	if o.Duration > 0 {
		r.measured(&b)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("bench: writing the report: %w", err)
	}
	return nil
}

// measured is the part on the measured time.
func (r *Result) measured(b *strings.Builder) {
	o := &r.Options
	if o.Rate > 0 {
		fmt.Fprintf(b, "open loop at %s/s over %d connections to each member, at most %d in flight on each\n", count(o.Rate), o.Connections, o.InFlight)
	} else {
		fmt.Fprintf(b, "closed loop, %d connections to each member, %d in flight on each\n", o.Connections, o.InFlight)
	}
	fmt.Fprintf(b, "%s operations in %.2f s: %s/s", count(float64(r.Operations)), r.Seconds, count(r.Throughput))
	if r.EntryThroughput != r.Throughput {
		fmt.Fprintf(b, ", %s entries/s", count(r.EntryThroughput))
	}
	b.WriteString("\n\n")
	r.latencies(b)
	r.cpu(b)
	r.remarks(b)
}

func (r *Result) workload() string {
	switch o := &r.Options; o.Workload {
	case Mixed:
		return fmt.Sprintf("mixed (%g%% get)", 100*o.ReadRatio)
	case PutAll, GetAll:
		return fmt.Sprintf("%s of %d", o.Workload, o.Batch)
	default:
		return o.Workload
	}
}

func (r *Result) distributed() string {
	if r.Options.Distribution == Zipf {
		return fmt.Sprintf("zipf of exponent %g", r.Options.ZipfS)
	}
	return r.Options.Distribution
}

func (r *Result) latencies(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "\toperations\tmean\tp50\tp90\tp99\tp99.9\tp99.99\tmax\t") // a Builder takes everything
	row := func(name string, n int64, l *Latency) {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, n, duration(l.Mean),
			duration(l.P50), duration(l.P90), duration(l.P99), duration(l.P999), duration(l.P9999), duration(l.Max))
	}
	for i := range r.Kinds {
		row(r.Kinds[i].Kind, r.Kinds[i].Operations, &r.Kinds[i].Latency)
	}
	if len(r.Kinds) > 1 {
		row("all", r.Operations, &r.Latency)
	}
	_ = t.Flush()
}

func (r *Result) cpu(b *strings.Builder) {
	b.WriteByte('\n')
	for _, p := range r.Processes {
		fmt.Fprintf(b, "%s (%d): %.0f ns of CPU an operation, %.2f cores, %d MiB resident\n", p.Name, p.PID, p.CPUPerOperation, p.CPUCores, p.Resident>>20)
	}
	if r.Generator.PID != 0 {
		fmt.Fprintf(b, "the generator: %.0f ns of CPU an operation, %.2f cores of %d\n", r.Generator.CPUPerOperation, r.Generator.CPUCores, r.Machine.CPUs)
	}
}

// remarks are what makes the figures mean less than they seem to.
func (r *Result) remarks(b *strings.Builder) {
	o := &r.Options
	if o.Rate > 0 && (r.Late > 0 || r.Throughput < 0.99*o.Rate) {
		fmt.Fprintf(b, "the schedule was not kept: %d requests were sent over a millisecond late, the latest by %s; %.1f%% of the rate was reached. "+
			"Their latency counts from their time: see whether the server or the generator (its CPU, --in-flight) was too slow\n",
			r.Late, duration(r.Behind), 100*r.Throughput/o.Rate)
	}
	if r.Misses > 0 && o.reads() {
		fmt.Fprintf(b, "%d keys that were read are not there: --fill writes them all first\n", r.Misses)
	}
	if r.Repeats > 0 {
		fmt.Fprintf(b, "%d times an operation was refused and sent again\n", r.Repeats)
	}
	if r.TableChanges > 0 {
		fmt.Fprintf(b, "the partition table changed %d times meanwhile\n", r.TableChanges)
	}
	if r.Failed > 0 {
		fmt.Fprintf(b, "%d failed:\n", r.Failed)
		for _, reason := range r.reasons() {
			fmt.Fprintf(b, "  %d × %s\n", r.Failures[reason], reason)
		}
	}
}

// count writes a number with three digits and a unit.
func count(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g G", n/1e9)
	case n >= 999.5e3:
		return fmt.Sprintf("%.3g M", n/1e6)
	case n >= 999.5:
		return fmt.Sprintf("%.3g k", n/1e3)
	}
	return fmt.Sprintf("%.3g", n)
}

// duration writes nanoseconds with three digits.
func duration(ns int64) string {
	d := time.Duration(ns)
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}
