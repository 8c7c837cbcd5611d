package chaos

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is what a member counts, by series.
type sample map[string]float64

// counts asks a member for its metrics; nothing is returned without an answer.
func (m *member) counts(ctx context.Context) sample {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/metrics", m.ip, managementPort), nil)
	if err != nil {
		return nil
	}
	res, err := m.http.Do(req)
	if err != nil {
		return nil
	}
	defer func() { _ = res.Body.Close() }()
	out := sample{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if number, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(name, "#") {
			out[name] = number
		}
	}
	return out
}

// counters are the latest samples of every life of every member: what a member
// counts is gone with its process.
type counters map[string]sample

func (c counters) note(ctx context.Context, members []*member) {
	for _, m := range members {
		if !m.running() {
			continue
		}
		if s := m.counts(ctx); s != nil {
			c[fmt.Sprintf("%s as process %d", m.ip, m.cmd.Process.Pid)] = s
		}
	}
}

// sum adds a counter up over all lives.
func (c counters) sum(series string) float64 {
	total := 0.0
	for _, s := range c {
		total += s[series]
	}
	return total
}

// never are counters that stay 0 while at most as many members fail as there are
// backups, and none is cut off for long.
func never() []string {
	return []string{"filbert_partitions_lost_total", "filbert_backup_differences_total"}
}

// check fails the test when something was counted that must not be.
func (c counters) check(t *testing.T) {
	t.Helper()
	for _, series := range never() {
		for _, life := range slices.Sorted(maps.Keys(c)) {
			if n := c[life][series]; n > 0 && !*partitions {
				t.Errorf("%s: %s is %v", life, series, n)
			}
		}
	}
}

const pauseBuckets = "filbert_handover_pause_seconds_bucket{le=\""

// handOvers are the number of hand-overs and the bound of the histogram's bucket
// that holds a percentage of them, in seconds.
func (c counters) handOvers(percent float64) (number, bound float64) {
	buckets := map[float64]float64{}
	for _, s := range c {
		for series, n := range s {
			if le, ok := strings.CutPrefix(series, pauseBuckets); ok {
				if limit, err := strconv.ParseFloat(strings.TrimSuffix(le, "\"}"), 64); err == nil {
					buckets[limit] += n
				}
			}
		}
	}
	number = buckets[math.Inf(1)]
	for _, limit := range slices.Sorted(maps.Keys(buckets)) {
		if buckets[limit] >= number*percent/100 {
			return number, limit
		}
	}
	return number, 0
}
