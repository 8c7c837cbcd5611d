package migration

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

// turns is a recorder that counts orders to hand over.
type turns struct {
	recorder
	handOvers int
}

func (o *turns) HandOver(partition.ID, uint64, cluster.MemberID) { o.handOvers++ }

// taking is a coordinator in the middle of moves: partition 0 only waits for its hand-over to member 3, partition 1 wants a replica at member 3,
// and partition 2 is being copied to it.
func taking(now *time.Duration) (*turns, *Core) {
	id := func(n byte) cluster.MemberID { return cluster.MemberID{n} }
	in := func(n byte) cluster.Replica { return cluster.Replica{Member: id(n), State: cluster.InSync} }
	out := &turns{}
	c := newCore(out)
	c.Clock = func() time.Duration { return *now }
	c.Update(listOf(3), &cluster.Table{Version: 1, Partitions: []cluster.Assignment{
		{Epoch: 1, Replicas: []cluster.Replica{in(1), in(3)}},
		{Epoch: 1, Replicas: []cluster.Replica{in(1), in(2)}},
		{Epoch: 1, Replicas: []cluster.Replica{in(1), {Member: id(3)}}},
	}}, true)
	c.target = [][]cluster.MemberID{{id(3), id(1)}, {id(1), id(3)}, {id(1), id(3)}}
	c.group = map[cluster.MemberID]string{id(1): "a", id(2): "b", id(3): "c"}
	c.reach()
	return out, c
}

// step lets the core act, installs what it has published, and returns how many replicas partition 1 has.
func (o *turns) step(c *Core) int {
	c.advance()
	if n := len(o.published); n > 0 && o.published[n-1].Version > c.table.Version {
		c.table = o.published[n-1]
	}
	return len(c.table.Partitions[1].Replicas)
}

// Copies and hand-overs take turns.
func TestCopiesAndHandOversTakeTurns(t *testing.T) {
	now := time.Second
	out, c := taking(&now)
	if n := out.step(c); out.handOvers != 0 || n != 2 {
		t.Fatalf("%d hand-overs while a partition is copied, %d replicas of one that is to be copied while another waits for its hand-over", out.handOvers, n)
	}
	c.take(c.Self, partition.Report{Kind: partition.CaughtUp, Partition: 2, Epoch: 1, Member: cluster.MemberID{3}})
	out.step(c) // it is in sync
	if n := out.step(c); out.handOvers != 1 || n != 2 {
		t.Fatalf("%d hand-overs when nothing is copied, want 1; %d replicas of the next one", out.handOvers, n)
	}
	c.take(c.Self, partition.Report{Kind: partition.HandedOver, Partition: 0, Epoch: 1, Member: cluster.MemberID{3}})
	out.step(c)
	if got := c.table.Partitions[0].Primary(); got != (cluster.MemberID{3}) {
		t.Fatalf("the primary is %v", got)
	}
	if n := out.step(c); n != 3 {
		t.Error("the next copy does not begin after the hand-over")
	}
}

// What does not get on keeps nobody waiting for ever, and a hand-over that has begun is brought to its end.
func TestTurnsEnd(t *testing.T) {
	now := time.Second
	out, c := taking(&now)
	out.step(c)
	now += turnPatience + time.Second
	if n := out.step(c); out.handOvers != 1 || n != 3 {
		t.Errorf("%d hand-overs and %d replicas after a copy took too long", out.handOvers, n)
	}

	now = time.Second
	out, c = taking(&now)
	out.step(c)
	c.take(c.Self, partition.Report{Kind: partition.HandedOver, Partition: 0, Epoch: 1, Member: cluster.MemberID{3}})
	out.step(c)
	if got := c.table.Partitions[0].Primary(); got != (cluster.MemberID{3}) {
		t.Error("requests stand still at a primary that has handed over, since another partition is copied")
	}
}

// A partition that one loss could take away gets its copy at once.
func TestRedundancyWaitsForNoTurn(t *testing.T) {
	now := time.Second
	out, c := taking(&now)
	c.table.Partitions[1].Replicas = c.table.Partitions[1].Replicas[:1]
	if n := out.step(c); n != 2 {
		t.Error("a partition without a backup waits for another one's hand-over")
	}
}
