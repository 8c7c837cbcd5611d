package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/filbertgrid/filbert/internal/config"
)

// componentKey is the attribute that text lines show in brackets: the part of
// the member that speaks.
const componentKey = "component"

// blockKey is the attribute whose text is printed as it is, below the line, for
// tables such as the list of members. Only text that the member itself laid out
// goes there: all other values are quoted where they could pass for a line.
const blockKey = "block"

// newLogger returns the logger that the configuration asks for. The level is
// asked at every line, so that it can be changed while the member runs.
func newLogger(out io.Writer, logging config.Logging, level slog.Leveler) *slog.Logger {
	if logging.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: nameLevel}))
	}
	return slog.New(&textHandler{level: level, out: &lockedWriter{w: out}})
}

// nameLevel gives the levels beyond slog's own their names in JSON.
func nameLevel(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.LevelKey {
		if level, ok := attr.Value.Any().(slog.Level); ok {
			attr.Value = slog.StringValue(levelName(level))
		}
	}
	return attr
}

// levelName returns the name by which LOGGING_LEVEL knows the level.
func levelName(level slog.Level) string {
	switch {
	case level >= config.LevelFatal:
		return string(config.LogFatal)
	case level >= slog.LevelError:
		return string(config.LogError)
	case level >= slog.LevelWarn:
		return string(config.LogWarn)
	case level >= slog.LevelInfo:
		return string(config.LogInfo)
	case level >= slog.LevelDebug:
		return string(config.LogDebug)
	}
	return string(config.LogTrace)
}

// lockedWriter keeps lines of different goroutines apart.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) write(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(line); err != nil {
		return fmt.Errorf("writing the log: %w", err)
	}
	return nil
}

// A textHandler writes lines for people:
//
//	2026-11-22 15:04:05.123 INFO  [membership] member joined address=127.0.0.1:5702
//
// slog's own text handler puts the message into quotes and escapes its line
// breaks, which makes a table of members unreadable and unlike the one that
// operators of Hazelcast look for.
type textHandler struct {
	level     slog.Leveler
	out       *lockedWriter
	component string
	attrs     string // of With, already formatted: " key=value key=value"
	block     string // of With
	prefix    string // of the open groups: "group."
}

// Enabled implements slog.Handler.
func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle implements slog.Handler. A record is one write.
func (h *textHandler) Handle(_ context.Context, record slog.Record) error {
	line := lineBuilder{component: h.component, block: h.block}
	line.attrs.WriteString(h.attrs)
	record.Attrs(func(attr slog.Attr) bool {
		line.add(h.prefix, attr)
		return true
	})
	at := record.Time
	if at.IsZero() { // slog: then it is to be left out; a line without a time helps nobody
		at = time.Now()
	}
	text := at.AppendFormat(make([]byte, 0, 256), "2006-01-02 15:04:05.000 ")
	text = fmt.Appendf(text, "%-5s ", levelName(record.Level))
	if line.component != "" {
		text = fmt.Appendf(text, "[%s] ", line.component)
	}
	text = append(text, record.Message...)
	text = append(text, line.attrs.String()...)
	if line.block != "" {
		text = append(text, '\n', '\n')
		text = append(text, line.block...)
		text = append(text, '\n')
	}
	return h.out.write(append(text, '\n'))
}

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	line := lineBuilder{component: h.component, block: h.block}
	line.attrs.WriteString(h.attrs)
	for _, attr := range attrs {
		line.add(h.prefix, attr)
	}
	with := *h
	with.component, with.block, with.attrs = line.component, line.block, line.attrs.String()
	return &with
}

// WithGroup implements slog.Handler.
func (h *textHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix += name + "."
	return &with
}

// A lineBuilder gathers the attributes of a line.
type lineBuilder struct {
	component, block string
	attrs            strings.Builder
}

// add appends one attribute; groups become prefixes of their members' keys.
func (l *lineBuilder) add(prefix string, attr slog.Attr) {
	value := attr.Value.Resolve()
	switch {
	case attr.Equal(slog.Attr{}): // slog: an empty one is to be left out
		return
	case value.Kind() == slog.KindGroup:
		if attr.Key != "" {
			prefix += attr.Key + "."
		}
		for _, member := range value.Group() {
			l.add(prefix, member)
		}
		return
	case prefix == "" && attr.Key == componentKey:
		l.component = value.String()
		return
	case prefix == "" && attr.Key == blockKey:
		l.block = value.String()
		return
	}
	l.attrs.WriteByte(' ')
	l.attrs.WriteString(prefix)
	l.attrs.WriteString(attr.Key)
	l.attrs.WriteByte('=')
	text := value.String()
	if value.Kind() == slog.KindTime {
		text = value.Time().Format(time.RFC3339Nano)
	}
	if needsQuotes(text) {
		text = strconv.Quote(text)
	}
	l.attrs.WriteString(text)
}

// needsQuotes reports whether a value could be taken for more than itself: for
// a second attribute, or a second line.
func needsQuotes(text string) bool {
	if text == "" || !utf8.ValidString(text) {
		return true
	}
	return strings.ContainsFunc(text, func(r rune) bool {
		return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r)
	})
}
