package sim

import (
	"context"
	"fmt"
	"hash/crc32"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// lastLines is how much of the trace is kept in any case.
const lastLines = 200

// trace is what has happened, in words. Its hash tells two runs apart.
type trace struct {
	keep  bool
	lines []string
	sum   uint64
	count int
}

func (t *trace) line(at time.Duration, text string) {
	line := fmt.Sprintf("%12v %s", at, text)
	t.sum = t.sum*1099511628211 + uint64(crc32.Checksum([]byte(line), crc32.MakeTable(crc32.Castagnoli)))
	t.count++
	t.lines = append(t.lines, line)
	if !t.keep && len(t.lines) > 2*lastLines {
		t.lines = append(t.lines[:0], t.lines[lastLines:]...)
	}
}

// Trace is the trace, or its end if the world does not keep it.
func (w *World) Trace() string { return strings.Join(w.trace.lines, "\n") }

// Hash is the hash of the whole trace: equal for two runs of a seed.
func (w *World) Hash() uint64 { return w.trace.sum }

// logs is a slog.Handler that writes into the trace.
type logs struct {
	w     *World
	who   string
	attrs string
}

// Enabled implements slog.Handler.
func (*logs) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// lossMessage is what migration logs when it has to give up data.
const lossMessage = "partitions lost: no replica in sync was left"

// differMessage is what a backup logs that is not equal to its primary at the same number.
const differMessage = "this backup differs from its primary, it is copied anew"

// takeOverCause is what membership logs when a member begins a list of its own.
const takeOverCause = "coordinator taken over"

// named is the process of a name.
func (w *World) named(name string) *process {
	return w.processes[slices.IndexFunc(w.processes, func(p *process) bool { return p.name == name })]
}

// Handle implements slog.Handler. Lost data is a failure, but at members that are cut off.
func (l *logs) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s%s", l.who, r.Level, r.Message, l.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(" " + strings.Join(strings.Fields(a.String()), " "))
		return true
	})
	l.w.note("%s", b.String())
	if r.Message == differMessage {
		l.w.differs(b.String())
	}
	p := l.w.named(l.who)
	switch {
	case r.Message == lossMessage && !p.silenced:
		l.w.fail("%s", b.String())
	case strings.Contains(b.String(), takeOverCause) && p.silenced && !p.exiled:
		l.w.note("%s may go on by itself", p.name)
		p.exile()
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (l *logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *l
	for _, a := range attrs {
		next.attrs += " " + a.String()
	}
	return &next
}

// WithGroup implements slog.Handler; members use no groups.
func (l *logs) WithGroup(string) slog.Handler { return l }
