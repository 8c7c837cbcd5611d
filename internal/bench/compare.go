package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Ratio is one figure of two results.
type Ratio struct {
	Name string
	A, B float64
	// Latencies are in ns; of all others more is better but for CPU.
	format func(float64) string
}

// Of is B divided by A, 0 where A is 0.
func (r Ratio) Of() float64 {
	if r.A == 0 {
		return 0
	}
	return r.B / r.A
}

// Ratios returns the figures that two results have in common.
func Ratios(a, b *Result) []Ratio {
	ns := func(v float64) string { return duration(int64(v)) }
	all := []Ratio{{"throughput, operations/s", a.Throughput, b.Throughput, count}}
	add := func(name string, a, b float64, format func(float64) string) {
		all = append(all, Ratio{name, a, b, format})
	}
	if a.EntryThroughput != a.Throughput || b.EntryThroughput != b.Throughput {
		add("throughput, entries/s", a.EntryThroughput, b.EntryThroughput, count)
	}
	latencies := func(prefix string, x, y *Latency) {
		add(prefix+"mean", float64(x.Mean), float64(y.Mean), ns)
		add(prefix+"p50", float64(x.P50), float64(y.P50), ns)
		add(prefix+"p90", float64(x.P90), float64(y.P90), ns)
		add(prefix+"p99", float64(x.P99), float64(y.P99), ns)
		add(prefix+"p99.9", float64(x.P999), float64(y.P999), ns)
		add(prefix+"p99.99", float64(x.P9999), float64(y.P9999), ns)
		add(prefix+"max", float64(x.Max), float64(y.Max), ns)
	}
	latencies("", &a.Latency, &b.Latency)
	if len(a.Kinds) > 1 {
		for i := range a.Kinds {
			if at := slices.IndexFunc(b.Kinds, func(k PerKind) bool { return k.Kind == a.Kinds[i].Kind }); at >= 0 {
				latencies(a.Kinds[i].Kind+" ", &a.Kinds[i].Latency, &b.Kinds[at].Latency)
			}
		}
	}
	if len(a.Processes) > 0 && len(b.Processes) > 0 {
		add("server CPU, ns/operation", a.ServerCPU(), b.ServerCPU(), func(v float64) string { return fmt.Sprintf("%.0f", v) })
	}
	add("generator CPU, ns/operation", a.Generator.CPUPerOperation, b.Generator.CPUPerOperation, func(v float64) string { return fmt.Sprintf("%.0f", v) })
	add("failed", float64(a.Failed), float64(b.Failed), count)
	return all
}

// ServerCPU is the CPU of all server processes for an operation, in ns.
func (r *Result) ServerCPU() (ns float64) {
	for _, p := range r.Processes {
		ns += p.CPUPerOperation
	}
	return ns
}

// A Difference is an option in which two runs are not equal.
type Difference struct{ Option, A, B string }

// Differences returns the options in which two runs are not equal, as the JSON names them. What says which server it
// was is left out, for to compare servers is what it is for, and so is what does not change the load.
func Differences(a, b *Result) []Difference {
	x, y := optionsOf(&a.Options), optionsOf(&b.Options)
	var all []Difference
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if slices.Contains([]string{"-", "protocol", "address", "cluster_name", "username", "get_command", "set_command", "map", "fill", "timeout_ns"}, name) {
			continue
		}
		if x[name] != y[name] {
			all = append(all, Difference{name, fmt.Sprint(x[name]), fmt.Sprint(y[name])})
		}
	}
	if a.Machine != b.Machine {
		all = append(all, Difference{"machine", fmt.Sprint(a.Machine), fmt.Sprint(b.Machine)})
	}
	return all
}

// optionsOf returns options by their names in JSON.
func optionsOf(o *Options) map[string]any {
	text, err := json.Marshal(o)
	all := map[string]any{}
	if err == nil {
		_ = json.Unmarshal(text, &all) // it was an object a moment ago
	}
	return all
}

// Compare writes the figures of two results side by side, with their ratios, and says in what the runs were not equal.
func Compare(w io.Writer, nameA string, a *Result, nameB string, b *Result) error {
	var out strings.Builder
	for _, r := range []struct {
		letter, name string
		*Result
	}{{"A", nameA, a}, {"B", nameB, b}} {
		fmt.Fprintf(&out, "%s: %s: %s, %s, %s\n", r.letter, r.name, r.Options.Protocol, r.workload(), strings.Join(r.Members, " "))
	}
	out.WriteByte('\n')
	t := tabwriter.NewWriter(&out, 0, 8, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "\tA\tB\tB/A\t") // a Builder takes everything
	for _, r := range Ratios(a, b) {
		quotient := "-"
		if r.A != 0 {
			quotient = fmt.Sprintf("%.3f", r.Of())
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", r.Name, r.format(r.A), r.format(r.B), quotient)
	}
	_ = t.Flush()
	if differences := Differences(a, b); len(differences) > 0 {
		out.WriteString("\nnot equal, so the ratios are not of the servers alone:\n")
		for _, d := range differences {
			fmt.Fprintf(&out, "  %s: %s and %s\n", d.Option, d.A, d.B)
		}
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("bench: writing the comparison: %w", err)
	}
	return nil
}
