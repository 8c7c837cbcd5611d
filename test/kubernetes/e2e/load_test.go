//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

const (
	loadWriters = 4
	loadKeys    = 64                    // of each writer
	loadPace    = 10 * time.Millisecond // between two writes of a writer
)

// load writes to a map, with several writers and a bounded rate, and remembers
// what was acknowledged. Each key belongs to one writer, which writes ever
// higher numbers to it.
type load struct {
	t      *testing.T
	m      *hazelcast.Map
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	keys    map[int64]*written
	acked   int
	failed  int
	lastErr error
	longest time.Duration // one write from its call to its answer, or several that failed in a row
}

// written is what is known of a key.
type written struct {
	acked, attempted int64
}

func startLoad(t *testing.T, client *hazelcast.Client, mapName string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	m, err := client.GetMap(ctx, mapName)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	l := &load{t: t, m: m, cancel: cancel, keys: map[int64]*written{}}
	for writer := range loadWriters {
		l.wg.Go(func() { l.write(ctx, int64(writer)) })
	}
	t.Cleanup(l.stop)
	return l
}

// write is one writer. A write that fails is tried again with the next number:
// the caller cannot know whether it was done.
func (l *load) write(ctx context.Context, writer int64) {
	ticker := time.NewTicker(loadPace)
	defer ticker.Stop()
	since := time.Time{} // when the first write was called that is not acknowledged yet
	for number := int64(1); ; number++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		key := writer*loadKeys + number%loadKeys
		l.mu.Lock()
		w := l.keys[key]
		if w == nil {
			w = &written{}
			l.keys[key] = w
		}
		w.attempted = number
		l.mu.Unlock()
		if since.IsZero() {
			since = time.Now()
		}
		// A write that is under way when the load stops is waited for.
		err := l.m.Set(context.WithoutCancel(ctx), key, number)
		l.mu.Lock()
		if err == nil {
			w.acked = number
			l.acked++
			l.longest = max(l.longest, time.Since(since))
			since = time.Time{}
		} else {
			l.failed++
			l.lastErr = err
		}
		l.mu.Unlock()
	}
}

// pause returns the longest pause since the last call.
func (l *load) pause() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	longest := l.longest
	l.longest = 0
	return longest.Round(time.Millisecond)
}

func (l *load) count() (acked, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked, l.failed
}

func (l *load) stop() {
	l.cancel()
	l.wg.Wait()
}

// verify stops the load and checks that no acknowledged write is lost: each key
// holds the number acknowledged last, or a later one whose answer was an error.
func (l *load) verify() {
	l.t.Helper()
	l.stop()
	ctx, cancel := context.WithTimeout(l.t.Context(), settle)
	defer cancel()
	var lost []string
	for key, w := range l.keys {
		value, err := l.m.Get(ctx, key)
		if err != nil {
			l.t.Fatalf("get %d: %v", key, err)
		}
		number, _ := value.(int64)
		if number < w.acked || number > w.attempted {
			lost = append(lost, fmt.Sprintf("key %d: %v, acknowledged %d", key, value, w.acked))
		}
	}
	if len(lost) > 0 {
		l.t.Errorf("%d of %d keys lost an acknowledged write: %v", len(lost), len(l.keys), lost[:min(len(lost), 10)])
	}
	if l.acked == 0 {
		l.t.Error("no write was acknowledged")
	}
	l.t.Logf("%d writes acknowledged, %d failed (last: %v)", l.acked, l.failed, l.lastErr)
}
