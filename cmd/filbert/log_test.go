package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/filbertgrid/filbert/internal/config"
)

// fixedTime makes lines comparable.
var fixedTime = time.Date(2026, 11, 22, 15, 4, 5, 123456789, time.UTC)

// logLine returns what one record looks like as text.
func logLine(t *testing.T, with func(*slog.Logger) *slog.Logger, level slog.Level, message string, attrs ...slog.Attr) string {
	t.Helper()
	var out bytes.Buffer
	logger := newLogger(&out, config.Logging{Format: config.LogText}, config.LevelTrace)
	if with != nil {
		logger = with(logger)
	}
	record := slog.NewRecord(fixedTime, level, message, 0)
	record.AddAttrs(attrs...)
	if err := logger.Handler().Handle(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTextLines(t *testing.T) {
	const stamp = "2026-11-22 15:04:05.123 "
	membership := func(l *slog.Logger) *slog.Logger {
		return l.With(slog.String("component", "membership"), slog.Int("members", 3))
	}
	tests := []struct {
		name    string
		with    func(*slog.Logger) *slog.Logger
		level   slog.Level
		message string
		attrs   []slog.Attr
		want    string
	}{
		{name: "plain", level: slog.LevelInfo, message: "started", want: "INFO  started\n"},
		{name: "warn", level: slog.LevelWarn, message: "slow", want: "WARN  slow\n"},
		{name: "error", level: slog.LevelError, message: "failed", want: "ERROR failed\n"},
		{name: "fatal", level: config.LevelFatal, message: "ended", want: "FATAL ended\n"},
		{name: "trace", level: config.LevelTrace, message: "step", want: "TRACE step\n"},
		{name: "between levels", level: slog.LevelInfo + 2, message: "x", want: "INFO  x\n"},
		{
			name: "component and attributes", with: membership, level: slog.LevelInfo, message: "joined",
			attrs: []slog.Attr{slog.String("address", "127.0.0.1:5702"), slog.Duration("after", 3*time.Millisecond), slog.Time("at", fixedTime)},
			want:  "INFO  [membership] joined members=3 address=127.0.0.1:5702 after=3ms at=2026-11-22T15:04:05.123456789Z\n",
		},
		{
			name: "message with line breaks", with: membership, level: slog.LevelInfo,
			message: "\n\nMembers {size:1, ver:1} [\n\tMember [127.0.0.1]:5701 - u this\n]\n",
			want:    "INFO  [membership] \n\nMembers {size:1, ver:1} [\n\tMember [127.0.0.1]:5701 - u this\n]\n members=3\n",
		},
		{
			name: "block", level: slog.LevelInfo, message: "members changed",
			attrs: []slog.Attr{slog.String("block", "Members {size:1, ver:1} [\n\tMember [127.0.0.1]:5701 - u this\n]"), slog.Int("version", 1)},
			want:  "INFO  members changed version=1\n\nMembers {size:1, ver:1} [\n\tMember [127.0.0.1]:5701 - u this\n]\n\n",
		},
		{
			name: "values cannot forge lines", level: slog.LevelInfo, message: "refused",
			attrs: []slog.Attr{slog.String("cluster_name", "x\n2026 ERROR lost"), slog.Any("err", errors.New(`a "quoted" one`)), slog.String("empty", ""), slog.String("bytes", "\xff")},
			want:  `INFO  refused cluster_name="x\n2026 ERROR lost" err="a \"quoted\" one" empty="" bytes="\xff"` + "\n",
		},
		{
			name: "groups", with: func(l *slog.Logger) *slog.Logger { return l.WithGroup("peer").With(slog.Int("port", 1)).WithGroup("") },
			level: slog.LevelInfo, message: "m",
			attrs: []slog.Attr{slog.Group("lane", slog.String("name", "bulk"), slog.String("component", "x")), {}},
			want:  "INFO  m peer.port=1 peer.lane.name=bulk peer.lane.component=x\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := logLine(t, tt.with, tt.level, tt.message, tt.attrs...); got != stamp+tt.want {
				t.Errorf("got  %q\nwant %q", got, stamp+tt.want)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	all := []slog.Level{config.LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, config.LevelFatal}
	for least, want := range map[config.LogLevel]int{
		config.LogTrace: 6, config.LogDebug: 5, config.LogInfo: 4, config.LogWarn: 3, config.LogError: 2, config.LogFatal: 1, config.LogOff: 0,
	} {
		for _, format := range []config.LogFormat{config.LogText, config.LogJSON} {
			var out bytes.Buffer
			logger := newLogger(&out, config.Logging{Format: format}, least.Slog())
			for _, level := range all {
				logger.LogAttrs(t.Context(), level, "line")
			}
			if got := strings.Count(out.String(), "\n"); got != want {
				t.Errorf("%s, %s: %d lines, want %d", least, format, got, want)
			}
		}
	}
}

func TestJSONNamesEveryLevel(t *testing.T) {
	var out bytes.Buffer
	logger := newLogger(&out, config.Logging{Format: config.LogJSON}, config.LevelTrace)
	logger.LogAttrs(t.Context(), config.LevelFatal, "ended\nbadly", slog.String("level", "mine"))
	line := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	if !strings.Contains(out.String(), `"level":"FATAL"`) || line["msg"] != "ended\nbadly" {
		t.Errorf("line %q, want level FATAL and the message", out.String())
	}
}

// TestHandlerObeysSlog runs the checks that slog has for handlers, over what can
// be read back from a text line.
func TestHandlerObeysSlog(t *testing.T) {
	var out bytes.Buffer
	logger := newLogger(&out, config.Logging{Format: config.LogText}, slog.LevelInfo)
	err := slogtest.TestHandler(logger.Handler(), func() []map[string]any {
		var results []map[string]any
		for line := range strings.Lines(out.String()) {
			results = append(results, parseLine(t, strings.TrimSuffix(line, "\n")))
		}
		return results
	})
	// A line without a time helps nobody, so this rule of slog is not kept.
	if err != nil && strings.Count(err.Error(), "\n") > 0 || err != nil && !strings.Contains(err.Error(), "zero Record.Time") {
		t.Error(err)
	}
}

// parseLine reads a text line back into nested maps.
func parseLine(t *testing.T, line string) map[string]any {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) < 4 {
		t.Fatalf("short line %q", line)
	}
	result := map[string]any{slog.TimeKey: fields[0] + " " + fields[1], slog.LevelKey: fields[2]}
	var message []string
	for _, field := range fields[3:] {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			message = append(message, field)
			continue
		}
		into := result
		for {
			group, rest, nested := strings.Cut(key, ".")
			if !nested {
				break
			}
			if into[group] == nil {
				into[group] = map[string]any{}
			}
			into, _ = into[group].(map[string]any)
			key = rest
		}
		into[key] = value
	}
	result[slog.MessageKey] = strings.Join(message, " ")
	return result
}

// failing is a writer that is broken.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestHandlerReportsABrokenWriter(t *testing.T) {
	logger := newLogger(failing{}, config.Logging{Format: config.LogText}, slog.LevelInfo)
	record := slog.NewRecord(fixedTime, slog.LevelInfo, "m", 0)
	if err := logger.Handler().Handle(context.Background(), record); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("Handle: %v, want disk full", err)
	}
}

func TestLinesOfManyGoroutinesStayWhole(t *testing.T) {
	var out bytes.Buffer
	logger := newLogger(&out, config.Logging{Format: config.LogText}, slog.LevelInfo)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				logger.LogAttrs(t.Context(), slog.LevelInfo, "line", slog.Int("n", 1))
			}
		})
	}
	wg.Wait()
	for line := range strings.Lines(out.String()) {
		if !strings.HasSuffix(line, " INFO  line n=1\n") {
			t.Fatalf("broken line %q", line)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 400 {
		t.Errorf("%d lines, want 400", n)
	}
}
