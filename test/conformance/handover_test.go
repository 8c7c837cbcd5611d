package conformance

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	// heldBytes is what the cluster holds while it moves partitions: 4 MB in each of 271 when runs are long.
	heldBytes     = 128 << 20
	heldBytesLong = 1 << 30
	heldValue     = 1000
	// pauseLimit is what 99 of 100 hand-overs must keep.
	pauseLimit = 50 * time.Millisecond
)

// TestHandOverPause fills a cluster of two, lets a third join under load, and asks the members how long
// requests stood still while partitions were handed over.
func TestHandOverPause(t *testing.T) {
	c := newCluster(t)
	management := []int{}
	add := func() {
		management = append(management, freePort(t))
		c.env["HZ_PROPERTIES_FILBERT_MANAGEMENT_ADDRESS"] = address(management[len(management)-1])
		c.add()
	}
	add()
	add()
	c.settle()
	m := getMap(t, c.client(smart), "held")
	held := int64(heldBytes)
	if *longRuns {
		held = heldBytesLong
	}
	var fillers sync.WaitGroup
	for i := range int64(loadWriters) {
		fillers.Go(func() {
			const batch = 500
			for n := i * batch; n < held/heldValue; n += loadWriters * batch {
				chunk := make([]types.Entry, batch)
				for k := range chunk {
					chunk[k] = types.Entry{Key: n + int64(k), Value: make([]byte, heldValue)}
				}
				if err := m.PutAll(t.Context(), chunk...); err != nil {
					t.Errorf("putAll: %v", err)
					return
				}
			}
		})
	}
	fillers.Wait()
	load := &load{acked: map[string]int64{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for i := range loadWriters {
		writers.Go(func() { load.run(ctx, m, i) })
	}
	load.awaitWrites(t, 1000)
	before := scrape(t, management)
	began := time.Now()
	add()
	// A third of the partitions gets another primary.
	pauses := before
	c.members[0].await("the hand-overs", leaveTimeout, func() bool {
		pauses = scrape(t, management[:2]).since(&before)
		return pauses.count >= 85
	})
	figure("hand_over_join_took", milliseconds(time.Since(began)), "ms")
	c.settle()
	pauses = scrape(t, management[:2]).since(&before)
	load.awaitWrites(t, 500)
	stop()
	writers.Wait()
	load.check(t, m)

	figure("hand_over_held", held>>20, "MiB")
	figure("hand_overs", pauses.count, "partitions")
	figure("hand_over_pause_p99_below", milliseconds(pauses.quantile(0.99)), "ms")
	figure("hand_over_pause_longest_below", milliseconds(pauses.quantile(1)), "ms")
	figure("hand_over_longest_client_pause", milliseconds(load.pause(began)), "ms")
	limit := pauseLimit
	if !*longRuns {
		limit += slowMachine
	}
	if p99 := pauses.quantile(0.99); p99 > limit {
		t.Errorf("requests stood still for %v at %v hand-overs, 99 of 100 times at most, limit %v", p99, pauses.count, limit)
	}
}

// pauses are the buckets of filbert_handover_pause_seconds, summed over members.
type pauses struct {
	count   float64
	bounds  []float64
	buckets map[float64]float64 // cumulative
}

// scrape asks members.
func scrape(t *testing.T, management []int) pauses {
	t.Helper()
	p := pauses{buckets: map[float64]float64{}}
	for _, port := range management {
		p.add(t, port)
	}
	return p
}

// since is what has come to an earlier scrape.
func (p pauses) since(before *pauses) pauses {
	p.count -= before.count
	for bound, n := range before.buckets {
		p.buckets[bound] -= n
	}
	return p
}

// add adds what a member tells.
func (p *pauses) add(t *testing.T, port int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address(port)+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var bound, n float64
		if _, err := fmt.Sscanf(line, `filbert_handover_pause_seconds_count %g`, &n); err == nil {
			p.count += n
		}
		rest, ok := strings.CutPrefix(line, `filbert_handover_pause_seconds_bucket{le="`)
		if !ok || strings.HasPrefix(rest, "+Inf") {
			continue
		}
		if _, err := fmt.Sscanf(strings.Replace(rest, `"} `, " ", 1), "%g %g", &bound, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, known := p.buckets[bound]; !known {
			p.bounds = append(p.bounds, bound)
		}
		p.buckets[bound] += n
	}
}

// quantile is an upper bound of it: that of its bucket.
func (p *pauses) quantile(q float64) time.Duration {
	for _, bound := range p.bounds {
		if p.buckets[bound] >= q*p.count {
			return time.Duration(bound * float64(time.Second))
		}
	}
	return math.MaxInt64
}
