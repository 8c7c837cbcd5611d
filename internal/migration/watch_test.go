package migration

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
)

// sender is a recorder that keeps what is sent, and can refuse to.
type sender struct {
	recorder
	deaf bool
	sent map[cluster.MemberID][][]byte
}

func (s *sender) Send(to cluster.MemberID, frame []byte) bool {
	if !s.deaf {
		s.sent[to] = append(s.sent[to], frame)
	}
	return !s.deaf
}

func zoneCore(self byte, groups *config.PartitionGroup) (*Core, *sender, *bytes.Buffer) {
	var log bytes.Buffer
	out := &sender{sent: map[cluster.MemberID][][]byte{}}
	return New(Options{
		Self: cluster.MemberID{self}, Backups: 1, Groups: *groups, Clock: func() time.Duration { return time.Second },
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}, out), out, &log
}

// The log says once that there is one group only, and once that there are several again; the figure follows the table.
func TestOneGroupIsLoggedOnce(t *testing.T) {
	c, out, log := zoneCore(1, zoneAware())
	lines := func(text string) int { return strings.Count(log.String(), text) }
	table := apply(plan(zones(1), &cluster.Table{Partitions: make([]cluster.Assignment, 4)}, 1, zoneAware()))
	step := func(list *cluster.List, together, single, several int) {
		t.Helper()
		c.Update(list, table, true)
		for range 3 {
			c.Tick()
		}
		if got := c.Together(); got != together || lines("all members stand in one") != single || lines("several partition groups again") != several {
			t.Fatalf("%d together, want %d; log:\n%s", got, together, log)
		}
		table = apply(c.target)
	}
	step(zones(1), 0, 0, 0)
	step(zones(2), 0, 1, 0) // the backups are not there yet
	step(zones(3), 4, 1, 0)
	both := &cluster.List{Members: append(zones(3).Members, inZone(9, 1))}
	step(both, 4, 1, 1)
	step(both, 0, 1, 1)
	table = c.Adjusted(table, zones(1))
	step(zones(1), 0, 1, 1)
	if len(out.published) == 0 {
		t.Error("nothing moved")
	}
	c.Lead(false)
	if c.Together() != 0 {
		t.Error("a figure of a member that does not coordinate")
	}
}

// Without partition groups nothing is said and nothing counted, even on one host.
func TestNoGroupsNoWords(t *testing.T) {
	c, _, log := zoneCore(1, perMember())
	list := zones(3)
	table := apply(plan(list, &cluster.Table{Partitions: make([]cluster.Assignment, 4)}, 1, perMember()))
	c.Update(list, table, true)
	c.Tick()
	if c.Together() != 0 || log.Len() > 0 {
		t.Errorf("%d together, log %s", c.Together(), log)
	}
}

// Every member is told the coordinator's rule once, as soon as it can be; one with another rule says so once, and again when it
// places partitions itself.
func TestRulesThatDiffer(t *testing.T) {
	first, out, _ := zoneCore(1, zoneAware())
	table := apply(plan(zones(1, 1), &cluster.Table{Partitions: make([]cluster.Assignment, 4)}, 1, zoneAware()))
	out.deaf = true
	first.Update(zones(1, 1), table, true)
	first.Tick()
	out.deaf = false
	for range 3 {
		first.Tick()
	}
	frames := out.sent[cluster.MemberID{2}]
	if len(frames) != 1 {
		t.Fatalf("%d frames", len(frames))
	}
	same, _, quiet := zoneCore(2, zoneAware())
	same.Update(zones(1, 1), table, false)
	other, _, log := zoneCore(2, perMember())
	other.Update(zones(1, 1), table, false)
	for range 2 {
		for _, c := range []*Core{same, other} {
			if err := c.Frame(cluster.MemberID{1}, frames[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := other.Frame(cluster.MemberID{3}, []byte("\x45\x04SPI ")); err != nil || other.rule != "ZONE_AWARE" {
		t.Errorf("the word of who does not coordinate counts: %s, %v", other.rule, err)
	}
	if strings.Count(log.String(), "differs from the coordinator's") != 1 || quiet.Len() > 0 {
		t.Errorf("logs are\n%s and\n%s", log, quiet)
	}
	for _, c := range []*Core{same, other} {
		c.Lead(true)
	}
	if !strings.Contains(log.String(), "before=ZONE_AWARE now=PER_MEMBER") || quiet.Len() > 0 {
		t.Errorf("logs are\n%s and\n%s", log, quiet)
	}
}

// What a zone's loss would take away gets its replicas before what only has to be balanced.
func TestEndangeredFirst(t *testing.T) {
	const partitions = 4 * maxMoving
	c, out, _ := zoneCore(1, zoneAware())
	list := zones(2, 2)
	table := apply(plan(list, &cluster.Table{Partitions: make([]cluster.Assignment, partitions)}, 1, zoneAware()))
	for i := range table.Partitions { // all but the last few have both replicas, at the wrong members
		a := &table.Partitions[i]
		a.Replicas = []cluster.Replica{{Member: cluster.MemberID{1}, State: cluster.InSync}, {Member: cluster.MemberID{2}, State: cluster.InSync}}
		if i >= partitions-5 {
			a.Replicas[1].Member = cluster.MemberID{3}
		}
	}
	c.Update(list, table, true)
	c.Tick()
	if len(out.published) != 1 || c.Together() != 5 {
		t.Fatalf("%d tables, %d together", len(out.published), c.Together())
	}
	moving := 0
	for i, a := range out.published[0].Partitions {
		catching := false
		for _, r := range a.Replicas {
			catching = catching || r.State == cluster.CatchingUp
		}
		if catching {
			moving++
		}
		if i >= partitions-5 && !catching {
			t.Errorf("partition %d waits, although both its replicas stand in one zone", i)
		}
	}
	if moving != maxMoving {
		t.Errorf("%d partitions get a replica, not %d", moving, maxMoving)
	}
}

// Only the coordinator's question is answered: another one's, of a cluster that this one has parted from, would make replicas
// refuse their own primary.
func TestFenceOfAStranger(t *testing.T) {
	c, out, _ := zoneCore(2, perMember())
	c.Update(zones(1, 1, 1), apply(plan(zones(1, 1, 1), &cluster.Table{Partitions: make([]cluster.Assignment, 4)}, 1, perMember())), false)
	asked := append([]byte{kindFence, 0, 0, 0, 1}, 3, 9) // version 1, partition 3, epoch 9
	for _, from := range []byte{3, 77, 2} {
		if err := c.Frame(cluster.MemberID{from}, asked); err != nil || len(out.sent) > 0 {
			t.Errorf("member %d: %v, answers %v", from, err, out.sent)
		}
	}
	if err := c.Frame(cluster.MemberID{1}, asked); err != nil || len(out.sent[cluster.MemberID{1}]) != 1 {
		t.Errorf("the coordinator: %v, answers %v", err, out.sent)
	}
}
