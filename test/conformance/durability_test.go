package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	// loadWriters is how many goroutines write; each waits for its answers.
	loadWriters = 8
	// writesGoOnWithin is the longest that a writer may wait for an acknowledgement
	// after a member was killed.
	writesGoOnWithin = 2 * time.Second
	// slowMachine is what CI, where builds run beside the test, adds to that.
	slowMachine = 8 * time.Second
)

// load writes keys of its own, one after the other, and remembers the
// acknowledged ones.
type load struct {
	mu      sync.Mutex
	acked   map[string]int64
	ackedAt [loadWriters][]time.Time
	failed  int
	ends    int // members that have ended meanwhile, if more than one
	fatal   error
}

// run writes until the context ends. A write whose outcome is unknown is
// neither counted nor repeated: the next one has another key.
func (l *load) run(ctx context.Context, m *hazelcast.Map, writer int) {
	for n := int64(0); ctx.Err() == nil; n++ {
		key := fmt.Sprintf("%s-%d-%d", m.Name(), writer, n)
		err := m.Set(ctx, key, n)
		l.mu.Lock()
		switch {
		case err == nil:
			l.acked[key] = n
			l.ackedAt[writer] = append(l.ackedAt[writer], time.Now())
		case outcomeUnknown(err):
			l.failed++
		case ctx.Err() == nil:
			l.fatal = errors.Join(l.fatal, fmt.Errorf("set of %s: %w", key, err))
		}
		l.mu.Unlock()
	}
}

// pause is the longest time that any one writer went without an
// acknowledgement, from a moment on. Writers take random partitions, so each
// of them soon meets one that was the dead member's.
func (l *load) pause(from time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	longest := time.Duration(0)
	for _, acks := range l.ackedAt {
		last := from
		for _, at := range acks {
			if at.After(from) {
				longest, last = max(longest, at.Sub(last)), at
			}
		}
	}
	return longest
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// awaitWrites waits until n more writes were acknowledged.
func (l *load) awaitWrites(t testing.TB, n int) {
	t.Helper()
	want := l.count() + n
	ctx, cancel := context.WithTimeout(t.Context(), operationTimeout)
	defer cancel()
	if err := eventually(ctx, operationTimeout, func() error {
		return same("enough writes", l.count() >= want, true)
	}); err != nil {
		t.Fatalf("no writes: %v", err)
	}
}

// check reads every acknowledged write back.
func (l *load) check(t testing.TB, m *hazelcast.Map) {
	t.Helper()
	keys := []any{}
	for k := range l.acked {
		keys = append(keys, k)
	}
	missing := 0
	for chunk := range slices.Chunk(keys, 1000) {
		got, err := m.GetAll(t.Context(), chunk...)
		if err != nil {
			t.Fatalf("getAll: %v", err)
		}
		values := map[any]any{}
		for _, e := range got {
			values[e.Key] = e.Value
		}
		for _, k := range chunk {
			if values[k] != any(l.acked[k.(string)]) {
				missing++
			}
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d acknowledged writes are missing", missing, len(keys))
	}
	if l.fatal != nil {
		t.Errorf("writes failed: %v", l.fatal)
	}
	if l.failed > loadWriters*max(l.ends, 1) {
		// The end of a member can catch at most the one write of each writer that was under way.
		t.Errorf("%d writes of %d writers failed", l.failed, loadWriters)
	}
}

// TestKillUnderLoad kills one of three members while a client writes. Nothing
// acknowledged may be missing, and writes go on at once.
func TestKillUnderLoad(t *testing.T) {
	for _, r := range bothRoutings {
		t.Run(string(r), func(t *testing.T) {
			c := startCluster(t, 3)
			m := getMap(t, c.client(r), "load")
			l := &load{acked: map[string]int64{}}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var writers sync.WaitGroup
			for i := range loadWriters {
				writers.Go(func() { l.run(ctx, m, i) })
			}
			l.awaitWrites(t, 2000)
			victim := c.members[rand.IntN(len(c.members))]
			killed := time.Now()
			c.crash(victim)
			l.awaitWrites(t, 2000)
			c.settle()
			l.awaitWrites(t, 500)
			stop()
			writers.Wait()

			l.check(t, m)
			pause := l.pause(killed)
			figure("kill_under_load_pause_"+string(r), milliseconds(pause), "ms")
			figure("kill_under_load_acknowledged_"+string(r), l.count(), "writes")
			limit := writesGoOnWithin
			if !*longRuns {
				limit += slowMachine
			}
			if pause > limit {
				t.Errorf("a writer got no acknowledgement for %v after the kill, limit %v", pause, limit)
			}
		})
	}
}

// TestThreeOfFourLeaveAtOnce: several members get SIGTERM at the same time, and
// every entry is on the one that stays.
func TestThreeOfFourLeaveAtOnce(t *testing.T) {
	const entries, batch = 100_000, 1000
	c := startCluster(t, 4)
	client := c.client(smart)
	m := getMap(t, client, "leave")
	for from := int64(0); from < entries; from += batch {
		chunk := make([]types.Entry, batch)
		for i := range chunk {
			chunk[i] = types.Entry{Key: from + int64(i), Value: from + int64(i)}
		}
		if err := m.PutAll(t.Context(), chunk...); err != nil {
			t.Fatal(err)
		}
	}
	leavers := slices.Clone(c.members[:3])
	start := time.Now()
	for _, l := range leavers {
		c.forget(l)
		l.terminate()
	}
	for _, l := range leavers {
		if err := l.awaitExit(leaveTimeout); err != nil {
			t.Errorf("member %d left with %v", l.port, err)
		}
	}
	figure("three_of_four_leave", milliseconds(time.Since(start)), "ms")
	c.settle()

	// A new client has no connection that could still hide a lost member.
	fresh := getMap(t, c.client(smart), "leave")
	if size, err := fresh.Size(t.Context()); err != nil || size != entries {
		t.Errorf("size is %d (%v), want %d", size, err, entries)
	}
	missing := 0
	for from := int64(0); from < entries; from += batch {
		keys := make([]any, batch)
		for i := range keys {
			keys[i] = from + int64(i)
		}
		got, err := fresh.GetAll(t.Context(), keys...)
		if err != nil {
			t.Fatal(err)
		}
		missing += batch - len(got)
	}
	figure("three_of_four_leave_missing", missing, "entries")
	if missing > 0 {
		t.Errorf("%d entries are missing", missing)
	}
}
