package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// A figure is one line of the table.
type figure struct {
	Row  string `json:"row"`
	What string `json:"what"`
	// A and B are what the two servers did, for people; Value is what counts, mostly a ratio.
	A     string  `json:"a"`
	B     string  `json:"b"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	// Wanted says what Value should be, "" where it is only told; Met whether it is.
	Wanted string `json:"wanted,omitempty"`
	Met    bool   `json:"met"`
	// Note says why there is no value.
	Note string `json:"note,omitempty"`
}

// atLeast and atMost give a figure what it should be.
func (f figure) atLeast(limit float64) figure {
	f.Wanted, f.Met = fmt.Sprintf("≥ %.4g", limit), f.Value >= limit
	return f
}

func (f figure) atMost(limit float64) figure {
	f.Wanted, f.Met = fmt.Sprintf("≤ %.4g", limit), f.Value <= limit
	return f
}

// line is the figure as a line of a Markdown table.
func (f figure) line() string {
	if f.Note != "" {
		return fmt.Sprintf("| %s | | | | | %s |", f.What, f.Note)
	}
	met := ""
	if f.Wanted != "" {
		met = map[bool]string{true: "yes", false: "**no**"}[f.Met]
	}
	return fmt.Sprintf("| %s | %s | %s | %.3g%s | %s | %s |", f.What, f.A, f.B, f.Value, f.Unit, f.Wanted, met)
}

// A report is the whole of a run.
type report struct {
	Began   time.Time `json:"began"`
	Commit  string    `json:"commit"`
	Machine string    `json:"machine"`
	Keys    int64     `json:"keys"`
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds_each"`
	Took    float64   `json:"took_seconds"`
	Figures []figure  `json:"figures"`
}

// head prints what stands above the table.
func (r *report) head(w io.Writer, m machine) {
	_, _ = fmt.Fprintf(w, "%s, commit %s, %s: servers on processor %s, generator on %s; %d keys of 16 bytes, values of 100;\n"+
		"50 connections unless said otherwise; each figure is the median of %d turns of %.1f s.\n\n"+
		"| what | Filbert | other | ratio | wanted | |\n|---|--:|--:|--:|--:|---|\n",
		r.Began.Format(time.DateOnly), r.Commit, r.Machine, m.servers, m.generator, r.Keys, r.Rounds, r.Seconds)
}

// add prints a figure and keeps it.
func (r *report) add(w io.Writer, row string, f figure) {
	f.Row = row
	r.Figures = append(r.Figures, f)
	_, _ = fmt.Fprintln(w, f.line())
}

// write keeps the report as JSON.
func (r *report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// Units for people.

func perSecond(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.3g M/s", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g k/s", n/1e3)
	}
	return fmt.Sprintf("%.3g/s", n)
}

func nanoseconds(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g s", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.3g ms", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g µs", n/1e3)
	}
	return fmt.Sprintf("%.3g ns", n)
}

func mebibytes(n int64) string { return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20)) }
