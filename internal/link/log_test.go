package link_test

import (
	"context"
	"log/slog"
)

// lineHandler writes each record's message and attributes to a channel, and
// drops them when it is full.
type lineHandler struct{ lines chan<- string }

func logTo(lines chan<- string) *slog.Logger { return slog.New(lineHandler{lines}) }

func (lineHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h lineHandler) WithGroup(string) slog.Handler          { return h }

func (h lineHandler) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "remote" {
			line += " " + a.String()
		}
		return true
	})
	select {
	case h.lines <- line:
	default:
	}
	return nil
}
