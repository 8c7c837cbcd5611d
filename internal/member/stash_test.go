package member

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
)

// A member that joins a part that is cut off has not seen who went: what is written there is news from its first list on.
func TestEraOfAJoiner(t *testing.T) {
	n := &Node{}
	list := &cluster.List{Mark: cluster.Mark{Version: 13}, Members: []cluster.Member{{ID: cluster.MemberID{1}}, {ID: cluster.MemberID{2}}}}
	n.noteEra(nil, list)
	if n.eraLast != 13 || n.era.Load() != 0 || n.listVersion.Load() != 13 {
		t.Errorf("members may have gone by list %d, the era began with list %d", n.eraLast, n.era.Load())
	}
}

// TestEraBegins: an era begins with the list by which members go without leaving, and not anew with those that follow it closely.
func TestEraBegins(t *testing.T) {
	var now time.Duration
	n := &Node{o: NodeOptions{Config: config.Default(), Clock: func() time.Duration { return now }}}
	timeout := n.o.Config.MaxNoHeartbeat
	list := func(version int32, members ...byte) *cluster.List {
		l := &cluster.List{Mark: cluster.Mark{Version: version}}
		for _, m := range members {
			l.Members = append(l.Members, cluster.Member{ID: cluster.MemberID{m}})
		}
		return l
	}
	before := list(1, 1, 2, 3, 4, 5)
	for _, step := range []struct {
		after  time.Duration
		list   *cluster.List
		begins bool
		era    int32
	}{
		{0, list(2, 1, 2, 3, 4, 5), false, 0},
		{time.Second, list(3, 1, 2, 3, 4), true, 3},
		{timeout / 4, list(4, 1, 2, 3), false, 3},
		{timeout, list(5, 1, 2), true, 5},
	} {
		now += step.after
		if begins := n.noteEra(before, step.list); begins != step.begins || n.era.Load() != step.era {
			t.Errorf("list %d: %v, the era began with list %d", step.list.Version, begins, n.era.Load())
		}
		before = step.list
	}
}
