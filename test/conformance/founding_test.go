package conformance

import (
	"maps"
	"slices"
	"testing"
	"time"
)

const (
	foundingMembers   = 8
	foundingRounds    = 3  // in CI
	foundingRoundsAll = 50 // with -long
)

// TestSimultaneousStartFoundsOneCluster starts eight members at the same
// instant, over and over: it is always exactly one cluster.
func TestSimultaneousStartFoundsOneCluster(t *testing.T) {
	rounds := foundingRounds
	if *longRuns {
		rounds = foundingRoundsAll
	}
	slowest := time.Duration(0)
	for round := range rounds {
		slowest = max(slowest, foundOnce(t, round))
		if t.Failed() {
			return
		}
	}
	figure("founding_rounds_with_one_cluster", rounds, "rounds")
	figure("founding_slowest", milliseconds(slowest), "ms")
}

// foundOnce returns the time from the first start until every member lists all.
func foundOnce(t *testing.T, round int) time.Duration {
	t.Helper()
	c := newCluster(t)
	begin := time.Now()
	for range foundingMembers {
		c.start()
	}
	c.awaitSize()
	took := time.Since(begin)
	defer func() {
		for _, m := range slices.Clone(c.members) {
			c.crash(m)
		}
	}()

	ids, first := map[string]int{}, c.members[0].log.members()
	for _, m := range c.members {
		m.awaitReady()
		ids[m.clusterID()]++
		if list := m.log.members(); !slices.Equal(uuids(list), uuids(first)) {
			t.Errorf("round %d: members list different members: %v and %v", round, uuids(list), uuids(first))
		}
	}
	if len(ids) != 1 {
		t.Errorf("round %d: %d clusters: %v", round, len(ids), slices.Sorted(maps.Keys(ids)))
	}
	return took
}

// uuids lists the members in the order of the list, oldest first.
func uuids(list memberList) []string {
	out := make([]string, 0, len(list.members))
	for _, m := range list.members {
		out = append(out, m.uuid)
	}
	return out
}

// clusterID asks the member as a client does.
func (m *member) clusterID() string {
	m.t.Helper()
	c, reply, err := connectRaw(address(m.port), m.clusterName)
	if err != nil {
		m.t.Fatalf("member %d: %v", m.port, err)
	}
	_ = c.Close()
	return reply.clusterID
}
