package member

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// A cluster is complete when nothing is missing anywhere; a member that has not got its part yet is something missing.
func TestComplete(t *testing.T) {
	a, b, c := cluster.MemberID{1}, cluster.MemberID{2}, cluster.MemberID{3}
	in := func(ids ...cluster.MemberID) (assignment cluster.Assignment) {
		for _, id := range ids {
			assignment.Replicas = append(assignment.Replicas, cluster.Replica{Member: id, State: cluster.InSync})
		}
		return assignment
	}
	catching := in(a, b, c)
	catching.Replicas[2].State = cluster.CatchingUp
	lite, leaving := cluster.Member{ID: c, Lite: true}, cluster.Member{ID: c, Leaving: true}
	for name, test := range map[string]struct {
		third      cluster.Member
		partitions []cluster.Assignment
		want       bool
	}{
		"everybody has a part":           {cluster.Member{ID: c}, []cluster.Assignment{in(a, b), in(b, c), in(c, a)}, true},
		"one came and holds nothing":     {cluster.Member{ID: c}, []cluster.Assignment{in(a, b), in(b, a), in(a, b)}, false},
		"fewer partitions than members":  {cluster.Member{ID: c}, []cluster.Assignment{in(a, b), in(b, a)}, true},
		"one that holds nothing is lite": {lite, []cluster.Assignment{in(a, b), in(b, a), in(a, b)}, true},
		"one that leaves holds nothing":  {leaving, []cluster.Assignment{in(a, b), in(b, a), in(a, b)}, true},
		"no backup":                      {lite, []cluster.Assignment{in(a, b), in(b), in(a, b)}, false},
		"no primary":                     {lite, []cluster.Assignment{in(cluster.MemberID{}, b), in(a, b)}, false},
		"one catches up":                 {cluster.Member{ID: c}, []cluster.Assignment{catching, in(b, c), in(c, a)}, false},
	} {
		list := &cluster.List{Members: []cluster.Member{{ID: a}, {ID: b}, test.third}}
		if got := complete(list, &cluster.Table{Partitions: test.partitions}, 1); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
