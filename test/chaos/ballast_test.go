package chaos

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	ballastMapName = "ballast"
	ballastBatch   = 1000
)

// ballast is data that lies still and has to be moved with every change of the
// members, so that moving takes time and can be disturbed.
func ballastValue(n int64) string { return fmt.Sprintf("%0200d", n) }

// fillBallast writes the given number of entries.
func fillBallast(t *testing.T, m *hazelcast.Map, entries int) {
	t.Helper()
	for from := 0; from < entries; from += ballastBatch {
		batch := make([]types.Entry, min(ballastBatch, entries-from))
		for i := range batch {
			n := int64(from + i)
			batch[i] = types.Entry{Key: n, Value: ballastValue(n)}
		}
		ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
		err := m.PutAll(ctx, batch...)
		cancel()
		if err != nil {
			t.Fatalf("putAll: %v", err)
		}
	}
}

// missingBallast returns the keys whose entry is not there or is another one.
func missingBallast(t *testing.T, m *hazelcast.Map, entries int) (out []string) {
	t.Helper()
	for from := 0; from < entries; from += ballastBatch {
		keys := make([]any, min(ballastBatch, entries-from))
		for i := range keys {
			keys[i] = int64(from + i)
		}
		ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
		got, err := m.GetAll(ctx, keys...)
		cancel()
		if err != nil {
			t.Fatalf("getAll: %v", err)
		}
		values := map[any]any{}
		for _, e := range got {
			values[e.Key] = e.Value
		}
		for _, key := range keys {
			n, _ := key.(int64)
			if values[key] != any(ballastValue(n)) {
				text, _ := values[key].(string)
				out = append(out, fmt.Sprintf("ballast %d (%s)", n, strings.TrimLeft(text, "0")))
			}
		}
	}
	return out
}
