package migration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
)

func listOf(n int) *cluster.List {
	l := &cluster.List{}
	for i := range n {
		l.Members = append(l.Members, cluster.Member{ID: cluster.MemberID{byte(i + 1)}})
	}
	return l
}

// apply makes the table that a plan leads to.
func apply(want [][]cluster.MemberID) *cluster.Table {
	t := &cluster.Table{Version: 1}
	for _, ids := range want {
		a := cluster.Assignment{Epoch: 1}
		for _, id := range ids {
			a.Replicas = append(a.Replicas, cluster.Replica{Member: id, State: cluster.InSync})
		}
		t.Partitions = append(t.Partitions, a)
	}
	return t
}

// checkPlan holds what every plan must be.
func checkPlan(t *testing.T, list *cluster.List, want [][]cluster.MemberID, backups int) {
	t.Helper()
	var data []cluster.MemberID
	for i := range list.Members {
		if list.Members[i].DataMember() {
			data = append(data, list.Members[i].ID)
		}
	}
	primaries, replicas := map[cluster.MemberID]int{}, map[cluster.MemberID]int{}
	for id, members := range want {
		if len(members) != min(backups+1, len(data)) {
			t.Fatalf("partition %d gets %d replicas of %d members", id, len(members), len(data))
		}
		for k, m := range members {
			if !slices.Contains(data, m) {
				t.Fatalf("partition %d: %v may have no data", id, m)
			}
			if slices.Contains(members[:k], m) {
				t.Fatalf("partition %d: two replicas at %v", id, m)
			}
			replicas[m]++
		}
		primaries[members[0]]++
	}
	for name, counts := range map[string]map[cluster.MemberID]int{"primaries": primaries, "replicas": replicas} {
		least, most := len(want), 0
		for _, m := range data {
			least, most = min(least, counts[m]), max(most, counts[m])
		}
		if most-least > 1 {
			t.Fatalf("%s of %d members, %d backups: from %d to %d", name, len(data), backups, least, most)
		}
	}
}

// moved counts the replicas that a plan wants where there are none.
func moved(table *cluster.Table, want [][]cluster.MemberID) int {
	n := 0
	for i, members := range want {
		for _, m := range members {
			if table.Partitions[i].Find(m) < 0 {
				n++
			}
		}
	}
	return n
}

func TestPlanIsBalancedAndStable(t *testing.T) {
	for _, partitions := range []int{1, 7, 13, 271} {
		for members := 1; members <= 9; members++ {
			for backups := range 4 {
				t.Run(fmt.Sprintf("%d partitions %d members %d backups", partitions, members, backups), func(t *testing.T) {
					list := listOf(members)
					empty := &cluster.Table{Partitions: make([]cluster.Assignment, partitions)}
					want := plan(list, empty, backups, perMember())
					checkPlan(t, list, want, backups)
					table := apply(want)
					if again := plan(list, table, backups, perMember()); !slices.EqualFunc(again, want, slices.Equal) {
						t.Error("the plan of what is planned is another one")
					}
				})
			}
		}
	}
}

// TestPlanFollowsMembers lets members come and go, and holds that little moves.
func TestPlanFollowsMembers(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		partitions, backups := 1+random.IntN(60), random.IntN(3)
		next := 2 + random.IntN(5)
		list := listOf(next)
		table := apply(plan(list, &cluster.Table{Partitions: make([]cluster.Assignment, partitions)}, backups, perMember()))
		for range 10 {
			members := len(list.Members)
			switch random.IntN(3) {
			case 0:
				next++
				list = &cluster.List{Members: append(slices.Clone(list.Members), cluster.Member{ID: cluster.MemberID{byte(next)}})}
			case 1:
				if members < 2 {
					continue
				}
				i := random.IntN(members)
				list = &cluster.List{Members: slices.Delete(slices.Clone(list.Members), i, i+1)}
			default:
				list = &cluster.List{Members: slices.Clone(list.Members)}
				m := &list.Members[random.IntN(members)]
				m.Leaving = m.Leaving || random.IntN(2) == 0
				m.Lite = m.Lite || random.IntN(8) == 0
			}
			want := plan(list, table, backups, perMember())
			data := slices.DeleteFunc(slices.Clone(list.Members), func(m cluster.Member) bool { return !m.DataMember() })
			if len(data) == 0 {
				if want != nil {
					t.Fatalf("seed %d: a plan although nobody may have data", seed)
				}
				break
			}
			checkPlan(t, list, want, backups)
			again := plan(list, table, backups, perMember())
			if !slices.EqualFunc(again, want, slices.Equal) {
				t.Fatalf("seed %d: the same list and table gave another plan", seed)
			}
			// What a member must get is its share, or what those who go had, and what rounding adds.
			most := (backups+1)*2*(partitions/len(data)+1) + len(data)
			if random.IntN(3) > 0 && len(data) > backups+1 && moved(table, want) > most+partitions {
				t.Fatalf("seed %d: %d replicas move for %d members and %d partitions", seed, moved(table, want), len(data), partitions)
			}
			table = apply(want)
		}
	}
}

// TestPlanOfOneMoreMoves holds how much moves when a member joins: its share, not more than half more.
func TestPlanOfOneMoreMoves(t *testing.T) {
	for members := 2; members <= 8; members++ {
		list := listOf(members)
		table := apply(plan(list, &cluster.Table{Partitions: make([]cluster.Assignment, 271)}, 1, perMember()))
		want := plan(listOf(members+1), table, 1, perMember())
		share := 2 * 271 / (members + 1)
		if n := moved(table, want); n > share*3/2 {
			t.Errorf("%d members and one more: %d replicas move, its share is %d", members, n, share)
		}
	}
}
