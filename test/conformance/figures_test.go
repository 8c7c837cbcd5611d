package conformance

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

const (
	figureRuns = 9 // the median of an odd number is one of them
	// idleAfter is how long an idle member runs before its memory is read.
	idleAfter = 3 * time.Second
	// callRuns is the number of calls behind the latency figures.
	callRuns = 20_000
)

// TestFigures prints what docs/figures.md records. It asserts nothing about
// time: the machine is shared.
func TestFigures(t *testing.T) {
	info, err := os.Stat(serverBinary(t))
	if err != nil {
		t.Fatal(err)
	}
	figure("binary_size", info.Size(), "bytes")
	var serving, joining []time.Duration
	for range figureRuns {
		c := newCluster(t)
		serving = append(serving, c.timeToServe(c.start()))
		joiner := c.start()
		joiner.awaitMembers(2)
		joining = append(joining, c.timeToServe(joiner))
		for _, m := range slices.Clone(c.members) {
			c.crash(m)
		}
	}
	figure("start_to_serving_median", milliseconds(median(serving)), "ms")
	figure("start_to_serving_slowest", milliseconds(slices.Max(serving)), "ms")
	figure("second_member_joined_median", milliseconds(median(joining)), "ms")
	figure("second_member_joined_slowest", milliseconds(slices.Max(joining)), "ms")

	c := startCluster(t, 1)
	<-time.After(idleAfter)
	figure("idle_rss", c.members[0].rss(), "bytes")
	m := getMap(t, c.client(smart), "figures")
	figure("set_median", milliseconds(median(timeCalls(t, m, func(ctx context.Context, m *hazelcast.Map, i int64) error {
		return m.Set(ctx, i%1000, i)
	}))), "ms")
	figure("get_median", milliseconds(median(timeCalls(t, m, func(ctx context.Context, m *hazelcast.Map, i int64) error {
		_, err := m.Get(ctx, i%1000)
		return err
	}))), "ms")
}

// timeToServe is the time from the start of a process until it lets a client in.
func (c *cluster) timeToServe(m *member) time.Duration {
	c.t.Helper()
	m.await("a served client", joinTimeout, func() bool {
		conn, _, err := connectRaw(address(m.port), c.name)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return time.Since(m.started)
}

func timeCalls(t *testing.T, m *hazelcast.Map, call func(context.Context, *hazelcast.Map, int64) error) []time.Duration {
	t.Helper()
	took := make([]time.Duration, 0, callRuns)
	for i := range int64(callRuns) {
		start := time.Now()
		if err := call(t.Context(), m, i); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	return took
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
