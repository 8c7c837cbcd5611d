package migration

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

// A backup that has fallen behind, or that its primary cannot reach, is not in sync until it has caught up, also where
// everything is as the plan wants it. Others do not wait for it meanwhile, and it is logged once.
func TestBehind(t *testing.T) {
	for _, kind := range []partition.ReportKind{partition.FellBehind, partition.Stuck} {
		now := time.Second
		var log strings.Builder
		out := &recorder{}
		c := newCore(out)
		c.Clock = func() time.Duration { return now }
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Update(listOf(2), &cluster.Table{Version: 1, Partitions: []cluster.Assignment{{Epoch: 1, Replicas: []cluster.Replica{in(1), in(2)}}}}, true)
		c.target = [][]cluster.MemberID{ids(1, 2)}
		c.regroup()
		c.reach()
		say := func(kind partition.ReportKind) cluster.Replica {
			c.take(c.Self, partition.Report{Kind: kind, Epoch: c.table.Partitions[0].Epoch, Member: cluster.MemberID{2}})
			c.advance()
			if n := len(out.published); n > 0 {
				c.table = out.published[n-1]
			}
			return c.table.Partitions[0].Replicas[1]
		}
		reaches := false
		c.Reaches = func(_, _ cluster.MemberID) bool { return reaches }
		if got := say(partition.Stuck); got != in(2) {
			t.Error("a coordinator that has no lease, or does not hear the backup, goes by what a primary says")
		}
		reaches = true
		if got := say(kind); got != catching(2) {
			t.Errorf("report %d: %v", kind, got)
		}
		if waits := c.catchingUp(); (waits == 0) != (kind == partition.Stuck) {
			t.Errorf("report %d: others wait for %d copies", kind, waits)
		}
		say(kind)
		if n := strings.Count(log.String(), "cannot reach"); (n == 1) != (kind == partition.Stuck) {
			t.Errorf("report %d: logged %d times", kind, n)
		}
		now += stuckFor
		if c.catchingUp() != 1 {
			t.Errorf("report %d: what a primary does not repeat counts for ever", kind)
		}
		if got := say(partition.CaughtUp); got != in(2) {
			t.Errorf("report %d: caught up: %v", kind, got)
		}
	}
}
