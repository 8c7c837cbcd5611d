package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	uniqueMapName          = "unique"
	uniqueWritersPerClient = 2
	// uniquePace is a writer's pause between two writes.
	uniquePace = 10 * time.Millisecond
	// readBatch is the number of keys that one call reads back.
	readBatch = 1000
)

// unique are keys that are written once: an acknowledged one must be there for
// ever.
type unique struct {
	mu      sync.Mutex
	writers []*uniqueWriter
}

// uniqueWriter writes its keys one after the other. A write whose outcome is
// unknown is not repeated; the next one has another key.
type uniqueWriter struct {
	id     int
	client int
	watch  *watch

	mu        sync.Mutex
	acked     []int64 // numbers of the acknowledged keys
	attempted int64
	failed    map[string]int
	since     time.Time     // the last acknowledgement
	longest   time.Duration // between two acknowledgements since the last reset
}

func newUnique() *unique { return &unique{} }

func (u *unique) writer(client int, watch *watch) *uniqueWriter {
	u.mu.Lock()
	defer u.mu.Unlock()
	w := &uniqueWriter{id: len(u.writers), client: client, watch: watch, failed: map[string]int{}, since: time.Now()}
	u.writers = append(u.writers, w)
	return w
}

func (w *uniqueWriter) key(n int64) string { return fmt.Sprintf("u%d-%d", w.id, n) }

func (w *uniqueWriter) run(ctx context.Context, m *hazelcast.Map) {
	tick := time.NewTicker(uniquePace)
	defer tick.Stop()
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		end := w.watch.begin(w.client, "set", uniqueMapName, w.key(n))
		err := m.Set(one, w.key(n), n)
		end(err)
		cancel()
		w.mu.Lock()
		w.attempted = n
		if err != nil {
			w.failed[because(err)]++
			if errors.Is(err, context.DeadlineExceeded) {
				w.since = time.Now() // judged by watch, not by its time
			}
		} else {
			now := time.Now()
			w.acked = append(w.acked, n)
			w.longest = max(w.longest, now.Sub(w.since))
			w.since = now
		}
		w.mu.Unlock()
	}
}

// reset begins the measurement of pauses anew.
func (u *unique) reset() {
	now := time.Now()
	for _, w := range u.writers {
		w.mu.Lock()
		w.longest, w.since = 0, now
		w.mu.Unlock()
	}
}

// pauses are the longest times that any writer of a smart client, and of the one
// with a single connection, went without an acknowledgement since the last reset.
// The latter has to find another member first, which may be one that only seems
// to live.
func (u *unique) pauses() (smart, unisocket time.Duration) {
	for _, w := range u.writers {
		w.mu.Lock()
		if w.client < smartClients {
			smart = max(smart, w.longest)
		} else {
			unisocket = max(unisocket, w.longest)
		}
		w.mu.Unlock()
	}
	return smart, unisocket
}

// moving waits until every writer got an acknowledgement from now on.
func (u *unique) moving(t *testing.T) {
	t.Helper()
	counts := make([]int, len(u.writers))
	for i, w := range u.writers {
		counts[i] = w.count()
	}
	if !awaitIn(t.Context(), patience, func() bool {
		return !slices.ContainsFunc(u.writers, func(w *uniqueWriter) bool { return w.count() == counts[w.id] })
	}) {
		t.Fatalf("a writer got no acknowledgement within %v of a whole cluster", patience)
	}
}

func (w *uniqueWriter) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// totals are acknowledged and failed writes.
func (u *unique) totals() (acked int, failed map[string]int) {
	failed = map[string]int{}
	for _, w := range u.writers {
		w.mu.Lock()
		acked += len(w.acked)
		for text, n := range w.failed {
			failed[text] += n
		}
		w.mu.Unlock()
	}
	return acked, failed
}

// lost reads the acknowledged keys back, from the given position of each writer
// on, and returns those that are missing. It returns the positions reached.
func (u *unique) lost(t *testing.T, m *hazelcast.Map, from []int) (missing []string, reached []int) {
	t.Helper()
	for i, w := range u.writers {
		w.mu.Lock()
		acked := slices.Clone(w.acked)
		w.mu.Unlock()
		start := 0
		if i < len(from) {
			start = from[i]
		}
		reached = append(reached, len(acked))
		for chunk := range slices.Chunk(acked[start:], readBatch) {
			missing = append(missing, w.missing(t, m, chunk)...)
		}
	}
	return missing, reached
}

// missing returns which of the keys are not there or have another value.
func (w *uniqueWriter) missing(t *testing.T, m *hazelcast.Map, numbers []int64) (out []string) {
	t.Helper()
	keys := make([]any, len(numbers))
	for i, n := range numbers {
		keys[i] = w.key(n)
	}
	var entries []types.Entry
	var err error
	// This is about what is there, not about how soon it is told.
	if !awaitIn(t.Context(), patience, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
		defer cancel()
		entries, err = m.GetAll(ctx, keys...)
		return err == nil
	}) {
		t.Fatalf("getAll in a whole cluster: %v", err)
	}
	values := map[any]any{}
	for _, e := range entries {
		values[e.Key] = e.Value
	}
	for _, n := range numbers {
		if values[w.key(n)] != any(n) {
			out = append(out, fmt.Sprintf("%s (%v)", w.key(n), values[w.key(n)]))
		}
	}
	return out
}
