package migration

import (
	"log/slog"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/replica"
)

// recorder is what a core does to its surroundings.
type recorder struct {
	published []*cluster.Table
	lost      int
}

func (*recorder) Send(cluster.MemberID, []byte) bool              { return true }
func (r *recorder) Publish(t *cluster.Table, _ string)            { r.published = append(r.published, t) }
func (*recorder) HandOver(partition.ID, uint64, cluster.MemberID) {}
func (*recorder) TellLevel(partition.ID, uint64)                  {}
func (*recorder) Fence(partition.ID, uint64) (at replica.Position, ok bool) {
	return replica.Position{Seq: 7}, true
}

func (r *recorder) Lost(ids []partition.ID)                                      { r.lost += len(ids) }
func (*recorder) Migrated(partition.ID, int, cluster.MemberID, cluster.MemberID) {}

func newCore(out Outside) *Core {
	return New(Options{
		Self: cluster.MemberID{1}, Backups: 1, Clock: func() time.Duration { return time.Second },
		Logger: slog.New(slog.DiscardHandler),
	}, out)
}

// orphaned is a table of one partition that has lost its primary, and has a backup.
func orphaned(backup byte) *cluster.Table {
	return &cluster.Table{Version: 5, Partitions: []cluster.Assignment{
		{Epoch: 3, Replicas: []cluster.Replica{{}, {Member: cluster.MemberID{backup}, State: cluster.InSync}}},
	}}
}

// A member may begin to decide after the list and table were installed that it decides about.
func TestPromotionByALateCoordinator(t *testing.T) {
	out := &recorder{}
	c := newCore(out)
	c.Update(listOf(1), orphaned(1), false)
	c.Tick()
	if len(out.published) > 0 {
		t.Fatal("a member that does not decide has published")
	}
	c.Lead(true)
	c.Tick()
	if len(out.published) != 1 || out.published[0].Partitions[0].Primary() != c.Self || out.lost > 0 {
		t.Errorf("published %d tables, lost %d partitions", len(out.published), out.lost)
	}
}

// With lite members only, a partition waits for a member that may have it; the loss is told once, then.
func TestLiteMembersOnly(t *testing.T) {
	out := &recorder{}
	c := newCore(out)
	list := listOf(1)
	list.Members[0].Lite = true
	fresh := &cluster.Table{Partitions: make([]cluster.Assignment, 1)}
	if got := c.Adjusted(fresh, list); got != fresh {
		t.Errorf("a table of lite members only: %+v", got)
	}
	table := orphaned(1)
	table.Partitions[0].Replicas = table.Partitions[0].Replicas[:1]
	c.Update(list, table, true)
	for range 3 {
		c.Tick()
	}
	if len(out.published) > 0 || out.lost > 0 {
		t.Fatalf("published %d tables, lost %d partitions", len(out.published), out.lost)
	}
	c.Update(listOf(2), table, true)
	c.Tick()
	if len(out.published) != 1 || out.lost != 1 {
		t.Errorf("published %d tables, lost %d partitions", len(out.published), out.lost)
	}
}
