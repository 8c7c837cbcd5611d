package migration

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/replica"
)

func in(n byte) cluster.Replica {
	return cluster.Replica{Member: cluster.MemberID{n}, State: cluster.InSync}
}
func catching(n byte) cluster.Replica { return cluster.Replica{Member: cluster.MemberID{n}} }

func ids(ns ...byte) (all []cluster.MemberID) {
	for _, n := range ns {
		all = append(all, cluster.MemberID{n})
	}
	return all
}

func numbers(replicas []cluster.Replica) string {
	var all []byte
	for _, r := range replicas {
		all = append(all, '0'+r.Member[0])
	}
	return string(all)
}

// asked is a recorder that counts questions.
type asked struct {
	recorder
	levels int
}

func (o *asked) TellLevel(partition.ID, uint64) { o.levels++ }

// A replica that the plan does not want goes when it stands last and the primary has said that the others have what it may have
// confirmed.
func TestDroppedWhenLevel(t *testing.T) {
	now := time.Second
	out := &asked{}
	c := newCore(out)
	c.Clock = func() time.Duration { return now }
	c.Update(listOf(3), &cluster.Table{Version: 1, Partitions: []cluster.Assignment{
		{Epoch: 1, Replicas: []cluster.Replica{in(1), in(2), catching(3)}},
	}}, true)
	c.target = [][]cluster.MemberID{ids(1, 3)}
	c.regroup()
	c.reach()
	step := func() string {
		c.advance()
		if n := len(out.published); n > 0 {
			c.table = out.published[n-1]
		}
		return numbers(c.table.Partitions[0].Replicas)
	}
	c.take(c.Self, partition.Report{Kind: partition.CaughtUp, Epoch: 1, Member: cluster.MemberID{3}})
	if got := step(); got != "132" {
		t.Fatalf("what the plan wants does not stand first: %s", got)
	}
	for range 3 {
		if got := step(); got != "132" || out.levels != 1 {
			t.Fatalf("dropped without a word of the primary: %s, asked %d times", got, out.levels)
		}
	}
	now += time.Minute
	if got := step(); got != "132" || out.levels != 2 {
		t.Fatalf("dropped although not level: %s, asked %d times", got, out.levels)
	}
	c.take(c.Self, partition.Report{Kind: partition.Level, Epoch: 2})
	if got := step(); got != "13" {
		t.Fatalf("not dropped when level: %s", got)
	}
}

// In a cluster of 0.1 all backups in sync are level, and its primaries do not know the question.
func TestLevelInAClusterOfTheFirstVersion(t *testing.T) {
	version := cluster.FirstVersion()
	out := &asked{}
	c := newCore(out)
	c.Version = func() cluster.Version { return version }
	a := &cluster.Assignment{Epoch: 1, Replicas: []cluster.Replica{in(1), in(2), in(3)}}
	if !c.level(0, a) || out.levels > 0 {
		t.Errorf("not level, or asked %d times", out.levels)
	}
	version = cluster.CurrentVersion()
	if c.level(0, a) || out.levels != 1 {
		t.Errorf("after the raise: level without a word, or asked %d times", out.levels)
	}
}

// Writes wait for the first backups: those in sync, in other groups.
func TestArranged(t *testing.T) {
	c := newCore(&recorder{})
	c.group = map[cluster.MemberID]string{{1}: "a", {2}: "a", {3}: "b", {4}: "c", {5}: "b"}
	for _, x := range []struct {
		name     string
		replicas []cluster.Replica
		want     []cluster.MemberID
		out      string
	}{
		{"in order", []cluster.Replica{in(1), in(3), in(4)}, ids(1, 3, 4), "134"},
		{"the primary's group last", []cluster.Replica{in(1), in(2), in(3), in(4)}, ids(1, 5), "1342"},
		{"in sync first", []cluster.Replica{in(1), catching(3), in(4), in(2)}, ids(1, 3), "1423"},
		{"as planned", []cluster.Replica{in(1), in(4), in(3), in(2)}, ids(1, 3, 2), "1324"},
		{"as planned, but for the primary", []cluster.Replica{in(1), in(2), in(3)}, ids(2, 3), "132"},
	} {
		if got := numbers(c.arranged(x.replicas, x.want)); got != x.out {
			t.Errorf("%s: %s, want %s", x.name, got, x.out)
		}
	}
}

// The most advanced one is promoted, whatever the table calls it; that one in sync is left means that nothing is lost.
func TestMostAdvanced(t *testing.T) {
	at := func(seq, epoch uint64) replica.Position { return replica.Position{Seq: seq, Epoch: epoch} }
	for _, x := range []struct {
		name     string
		replicas []cluster.Replica
		at       []replica.Position
		best     int
		inSync   bool
	}{
		{"the later number", []cluster.Replica{{}, in(2), in(3)}, []replica.Position{{}, at(7, 3), at(8, 3)}, 2, true},
		{"the later epoch", []cluster.Replica{{}, in(2), in(3)}, []replica.Position{{}, at(9, 3), at(8, 4)}, 2, true},
		{"one that was in sync", []cluster.Replica{{}, catching(2), in(3)}, []replica.Position{{}, at(9, 3), at(8, 3)}, 1, true},
		{"as far, and in sync", []cluster.Replica{{}, catching(2), in(3)}, []replica.Position{{}, at(9, 3), at(9, 3)}, 2, true},
		{"none in sync", []cluster.Replica{{}, catching(2), catching(3)}, []replica.Position{{}, at(1, 3), at(9, 3)}, 2, false},
	} {
		c := newCore(&recorder{})
		a := &cluster.Assignment{Epoch: 5, Replicas: x.replicas}
		c.round = &round{at: map[key]replica.Position{}}
		for k, p := range x.at[1:] {
			c.round.at[key{0, 5, x.replicas[k+1].Member}] = p
		}
		if best, inSync := c.mostAdvanced(0, a); best != x.best || inSync != x.inSync {
			t.Errorf("%s: replica %d, in sync %t", x.name, best, inSync)
		}
	}
}
