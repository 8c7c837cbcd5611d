package main

import (
	"os"
	"testing"
	"time"
)

// A signal that comes twice in a moment is one request; one that comes later
// is another.
func TestDistinct(t *testing.T) {
	raw, signals := make(chan os.Signal, 3), make(chan os.Signal, 3)
	for range 3 {
		raw <- os.Interrupt
	}
	close(raw)
	times := []time.Duration{0, echo / 2, echo}
	distinct(raw, signals, func() time.Time {
		at := times[0]
		times = times[1:]
		return time.Unix(1, 0).Add(at)
	})
	if len(signals) != 2 {
		t.Errorf("%d requests of three signals, want 2", len(signals))
	}
}
