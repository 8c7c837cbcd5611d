package migration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
)

func perMember() *config.PartitionGroup { return &config.PartitionGroup{} }

func zoneAware() *config.PartitionGroup {
	return &config.PartitionGroup{Enabled: true, Type: config.GroupZoneAware}
}

func inZone(id, zone int) cluster.Member {
	return cluster.Member{ID: cluster.MemberID{byte(id)}, Attributes: []cluster.Attribute{{Key: ZoneAttribute, Value: strconv.Itoa(zone)}}}
}

// zones makes a list with so many members in each zone, mixed.
func zones(sizes ...int) *cluster.List {
	l := &cluster.List{}
	for left := slices.Clone(sizes); slices.Max(left) > 0; {
		for z := range left {
			if left[z] > 0 {
				left[z]--
				l.Members = append(l.Members, inZone(len(l.Members)+1, z))
			}
		}
	}
	return l
}

// placed is what a plan gives to whom, for checks that know nothing of the planner.
type placed struct {
	zone      map[cluster.MemberID]string
	members   map[string]int // by zone
	primaries map[cluster.MemberID]int
	replicas  map[cluster.MemberID]int
	data      []cluster.MemberID
}

func place(list *cluster.List, want [][]cluster.MemberID) *placed {
	p := &placed{zone: map[cluster.MemberID]string{}, members: map[string]int{}, primaries: map[cluster.MemberID]int{}, replicas: map[cluster.MemberID]int{}}
	for i := range list.Members {
		if m := &list.Members[i]; m.DataMember() {
			p.zone[m.ID] = m.Attributes[0].Value
			p.members[p.zone[m.ID]]++
			p.data = append(p.data, m.ID)
		}
	}
	for _, ids := range want {
		p.primaries[ids[0]]++
		for _, id := range ids {
			p.replicas[id]++
		}
	}
	return p
}

// checkZones holds the rule of every partition, and how evenly members are loaded.
func checkZones(t *testing.T, list *cluster.List, want [][]cluster.MemberID, backups int) {
	t.Helper()
	p := place(list, want)
	width := min(backups+1, len(p.data))
	for i, ids := range want {
		if len(ids) != width {
			t.Fatalf("partition %d has %d replicas, not %d", i, len(ids), width)
		}
		inZone := map[string]int{}
		for k, id := range ids {
			if p.zone[id] == "" || slices.Contains(ids[:k], id) {
				t.Fatalf("partition %d: %v", i, ids)
			}
			inZone[p.zone[id]]++
			if len(inZone) != min(k+1, len(p.members)) {
				t.Fatalf("the first %d replicas of partition %d stand in zones %v of %v members", k+1, i, inZone, p.members)
			}
		}
		home := p.zone[ids[0]]
		others := len(p.data) - p.members[home]
		if len(inZone) != min(width, len(p.members)) || inZone[home]-1 > max(0, width-1-others) {
			t.Fatalf("partition %d with its primary in zone %s has %v replicas in zones of %v members", i, home, inZone, p.members)
		}
	}
	p.checkBalance(t, len(want), width)
}

// checkBalance holds the bounds that plan states.
func (p *placed) checkBalance(t *testing.T, partitions, width int) {
	t.Helper()
	least, most := partitions, 0
	for _, m := range p.data {
		least, most = min(least, p.primaries[m]), max(most, p.primaries[m])
	}
	if most-least > 1 {
		t.Fatalf("primaries from %d to %d", least, most)
	}
	share := p.shares(float64(partitions), float64(min(width, len(p.members))))
	for _, m := range p.data {
		for _, o := range p.data {
			if d := p.replicas[m] - p.replicas[o]; p.zone[m] == p.zone[o] && d > 1 {
				t.Fatalf("members of zone %s have %d and %d replicas of %d partitions; zones of %v members", p.zone[m], p.replicas[m], p.replicas[o], partitions, p.members)
			}
		}
		if s := share[p.zone[m]]; width <= len(p.members) && (float64(p.replicas[m]) >= s+1 || float64(p.replicas[m]) <= s-1) {
			t.Fatalf("%d replicas in zone %s of %d members, its share is %f; %d partitions, width %d, zones of %v members",
				p.replicas[m], p.zone[m], p.members[p.zone[m]], s, partitions, width, p.members)
		}
	}
}

// shares are what each member of a zone would have if replicas could be divided: the same everywhere, but that a zone has
// at most one replica of every partition.
func (p *placed) shares(partitions, width float64) map[string]float64 {
	full := map[string]float64{}
	for {
		members, left := 0.0, width*partitions-float64(len(full))*partitions
		for zone, n := range p.members {
			if full[zone] == 0 {
				members += float64(n)
			}
		}
		level, again := left/members, false
		for zone, n := range p.members {
			if full[zone] == 0 && level*float64(n) > partitions+1e-9 {
				full[zone], again = partitions/float64(n), true
			}
		}
		if again {
			continue
		}
		for zone := range p.members {
			if full[zone] == 0 {
				full[zone] = level
			}
		}
		return full
	}
}

// The rule holds for groups of any sizes, members are evenly loaded as far as it allows, and a plan of what is planned is the same.
func TestPlanKeepsZonesApart(t *testing.T) {
	sizes := [][]int{
		{1}, {3}, {1, 1}, {2, 1}, {3, 1}, {5, 1}, {3, 3}, {2, 2, 2}, {4, 1, 1}, {1, 2, 3}, {5, 2, 1}, {1, 1, 1, 1}, {6, 1, 1, 1}, {3, 3, 3, 3},
	}
	for _, size := range sizes {
		for backups := range 4 {
			for _, partitions := range []int{1, 13, 271} {
				t.Run(fmt.Sprintf("%v members, %d backups, %d partitions", size, backups, partitions), func(t *testing.T) {
					list := zones(size...)
					want := plan(list, &cluster.Table{Partitions: make([]cluster.Assignment, partitions)}, backups, zoneAware())
					checkZones(t, list, want, backups)
					if again := plan(list, apply(want), backups, zoneAware()); !slices.EqualFunc(again, want, slices.Equal) {
						t.Error("the plan of what is planned is another one")
					}
				})
			}
		}
	}
}

// TestPlanFollowsZones lets members and whole zones come and go, in all orders, also in the middle of moves.
func TestPlanFollowsZones(t *testing.T) {
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 5))
		partitions, backups, count := 1+random.IntN(80), random.IntN(4), 1+random.IntN(4)
		next := 0
		list := &cluster.List{}
		join := func(zone int) {
			next++
			list = &cluster.List{Members: append(slices.Clone(list.Members), inZone(next, zone))}
		}
		for range 1 + random.IntN(6) {
			join(random.IntN(count))
		}
		table := &cluster.Table{Partitions: make([]cluster.Assignment, partitions)}
		for range 12 {
			switch random.IntN(4) {
			case 0:
				join(random.IntN(count + 1))
			case 1: // a zone dies
				zone := strconv.Itoa(random.IntN(count))
				list = &cluster.List{Members: slices.DeleteFunc(slices.Clone(list.Members), func(m cluster.Member) bool { return m.Attributes[0].Value == zone })}
			case 2:
				if len(list.Members) > 0 {
					i := random.IntN(len(list.Members))
					list = &cluster.List{Members: slices.Delete(slices.Clone(list.Members), i, i+1)}
				}
			default:
				if len(list.Members) > 0 {
					list = &cluster.List{Members: slices.Clone(list.Members)}
					list.Members[random.IntN(len(list.Members))].Leaving = true
				}
			}
			if !slices.ContainsFunc(list.Members, func(m cluster.Member) bool { return m.DataMember() }) {
				join(0)
			}
			want := plan(list, table, backups, zoneAware())
			checkZones(t, list, want, backups)
			if again := plan(list, table, backups, zoneAware()); !slices.EqualFunc(again, want, slices.Equal) {
				t.Fatalf("seed %d: the same list and table gave another plan", seed)
			}
			table = apply(want)
			if random.IntN(3) == 0 { // only a part of the plan is carried out
				for i := range table.Partitions {
					if a := &table.Partitions[i]; random.IntN(2) == 0 {
						a.Replicas = a.Replicas[:1]
					}
				}
			}
		}
	}
}

// TestPlanOfZonesMovesLittle holds how much data moves: what is lost or due to a newcomer, and not much more.
func TestPlanOfZonesMovesLittle(t *testing.T) {
	const partitions = 271
	fresh := &cluster.Table{Partitions: make([]cluster.Assignment, partitions)}
	for _, size := range [][]int{{2, 2}, {3, 3}, {2, 2, 2}, {3, 3, 3}, {3, 2, 2}} {
		for backups := 1; backups < min(3, len(size)); backups++ {
			t.Run(fmt.Sprintf("%v members, %d backups", size, backups), func(t *testing.T) {
				list := zones(size...)
				table := apply(plan(list, fresh, backups, zoneAware()))
				members := len(list.Members)
				total := partitions * (backups + 1)

				one := &cluster.List{Members: append(slices.Clone(list.Members), inZone(100, 0))}
				if n, share := moved(table, plan(one, table, backups, zoneAware())), total/(members+1); n > 2*share {
					t.Errorf("one more: %d replicas move, its share is %d", n, share)
				}
				fewer := &cluster.List{Members: list.Members[1:]}
				had := place(list, plan(list, table, backups, zoneAware())).replicas[list.Members[0].ID]
				if n := moved(table, plan(fewer, table, backups, zoneAware())); n > 2*had {
					t.Errorf("one fewer: %d replicas move, it had %d", n, had)
				}
				if len(size) < 3 {
					return
				}
				gone := &cluster.List{Members: slices.DeleteFunc(slices.Clone(list.Members), func(m cluster.Member) bool { return m.Attributes[0].Value == "0" })}
				want := plan(gone, table, backups, zoneAware())
				lost := 0
				for _, a := range table.Partitions {
					for _, r := range a.Replicas {
						if gone.Find(r.Member) < 0 {
							lost++
						}
					}
				}
				if n := moved(table, want); n > lost*3/2 {
					t.Errorf("a zone fewer: %d replicas move, it had %d", n, lost)
				}
			})
		}
	}
}

// What stands in one zone moves to where it should be when the rule is switched on, and nothing else does.
func TestPlanFromNoZones(t *testing.T) {
	list := zones(3, 3)
	var scattered [][]cluster.MemberID
	for i := range 271 { // a backup stands with every member in turn, two of five in its primary's zone
		primary := i % 6
		scattered = append(scattered, []cluster.MemberID{list.Members[primary].ID, list.Members[(primary+1+i/6%5)%6].ID})
	}
	table := apply(scattered)
	together := 0
	zone := place(list, nil).zone
	for _, a := range table.Partitions {
		if zone[a.Replicas[0].Member] == zone[a.Replicas[1].Member] {
			together++
		}
	}
	want := plan(list, table, 1, zoneAware())
	checkZones(t, list, want, 1)
	if n := moved(table, want); together == 0 || n > together*5/4 {
		t.Errorf("%d replicas move, %d partitions were in one zone", n, together)
	}
	for i, ids := range want {
		if ids[0] != table.Partitions[i].Primary() {
			t.Errorf("the primary of partition %d moves", i)
		}
	}
}

// TestGroups holds in which groups members stand, by each rule.
func TestGroups(t *testing.T) {
	ids := byte(0)
	member := func(host string, attributes ...string) *cluster.Member {
		ids++
		m := &cluster.Member{ID: cluster.MemberID{ids}, Address: cluster.Address{Host: host, Port: 5701}}
		for i := 0; i < len(attributes); i += 2 {
			m.Attributes = append(m.Attributes, cluster.Attribute{Key: attributes[i], Value: attributes[i+1]})
		}
		return m
	}
	a := member("10.1.1.1", NodeAttribute, "n1", ZoneAttribute, "z1")
	b := member("10.1.2.22", NodeAttribute, "n1", ZoneAttribute, "z2")
	c := member("10.1.2.22", NodeAttribute, "n2", ZoneAttribute, "z2")
	d := member("m.z1.example", HostAttribute, "h", RackAttribute, "r", NodeAttribute, "n3", ZoneAttribute, "")
	e := member("10.9.9.100", RackAttribute, "r")
	bare := member("10.7.7.77000")
	custom := [][]string{{"10.1.1.*"}, {"10.1.2.20-29", "*.z1.example"}, {"10.1.*.*"}}
	for _, test := range []struct {
		rule config.GroupType
		want string // members by group
	}{
		{config.GroupPerMember, "a b c d e bare"},
		{config.GroupHostAware, "a b/c d e bare"},
		{config.GroupNodeAware, "a/b c d e bare"},
		{config.GroupZoneAware, "a b/c d/e bare"},
		{config.GroupCustom, "a b/c/d e/bare"},
		{config.GroupSPI, "a b c d e bare"},
	} {
		rule := &config.PartitionGroup{Enabled: true, Type: test.rule, MemberGroups: custom}
		var groups, names []string
		for i, m := range []*cluster.Member{a, b, c, d, e, bare} {
			group, name := groupOf(rule, m), []string{"a", "b", "c", "d", "e", "bare"}[i]
			if k := slices.Index(groups, group); k >= 0 {
				names[k] += "/" + name
				continue
			}
			groups, names = append(groups, group), append(names, name)
		}
		if got := fmt.Sprint(names); got != "["+test.want+"]" {
			t.Errorf("%s: %s, want %s", test.rule, got, test.want)
		}
	}
}
