package migration

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
)

// plan computes who should have which partition, moving as little as it can from the present table. It is a pure
// function: the same list, table and rule give the same plan. nil means that nobody may have data, so everything stays
// where it is.
//
// What it holds, in this order:
//
//  1. No member has two replicas of a partition, and each partition has all its replicas, as far as there are members.
//  2. The replicas of a partition stand in as many groups as possible, and a backup in its primary's group
//     only when every member of the other groups has a replica already. Those that bring a new group come first: a map
//     waits for the first of them only, if its backup-count is lower than another's.
//  3. No two members differ by more than one primary.
//  4. No backup could go from a member to one with at least two replicas fewer, neither directly nor by way of others,
//     without breaking 2. So within a group members differ by one replica at most, and members of a group have fewer than
//     others only where their group has all that 2 lets it have: one replica of every partition.
//
// Where every member is a group of its own, 2 says no more than 1, and all members differ by one replica at most.
func plan(list *cluster.List, table *cluster.Table, backups int, rule *config.PartitionGroup) [][]cluster.MemberID {
	var p planner
	var names []string
	for i := range list.Members {
		m := &list.Members[i]
		if !m.DataMember() {
			continue
		}
		p.place = append(p.place, m.ID)
		name := groupOf(rule, m)
		g := slices.Index(names, name)
		if g < 0 {
			g = len(names)
			names = append(names, name)
			p.size = append(p.size, 0)
		}
		p.group = append(p.group, g)
		p.size[g]++
	}
	if len(p.place) == 0 {
		return nil
	}
	p.width = min(backups+1, len(p.place))
	p.primaries = make([]int, len(p.place))
	p.replicas = make([]int, len(p.place))
	for i := range table.Partitions {
		p.keep(&table.Partitions[i])
	}
	p.fillPrimaries()
	for i, want := range p.want {
		p.set(i, p.trim(want))
	}
	p.balancePrimaries()
	p.fillBackups()
	p.balanceBackups()
	out := make([][]cluster.MemberID, len(p.want))
	for i, want := range p.want {
		for _, m := range p.arrange(want) {
			out[i] = append(out[i], p.place[m])
		}
	}
	return out
}

// planner works with members as places in the list of data members. want[i][0] is the
// primary of partition i, -1 while there is none.
type planner struct {
	place     []cluster.MemberID
	group     []int // by member
	size      []int // by group: its members
	width     int
	had, want [][]int // by partition: replicas in the table and in the plan
	primaries []int   // by member: partitions it is primary of
	replicas  []int   // by member: all replicas
}

// keep takes over from the table what may stay: the primary if it is a data
// member, otherwise its first backup in sync that is one; backups in their order.
func (p *planner) keep(a *cluster.Assignment) {
	want := []int{-1}
	var had []int
	for k, r := range a.Replicas {
		m := slices.Index(p.place, r.Member)
		if m < 0 {
			continue
		}
		had = append(had, m)
		if k == 0 || (want[0] < 0 && r.State == cluster.InSync) {
			want[0] = m
		} else {
			want = append(want, m)
		}
	}
	if want[0] >= 0 {
		p.primaries[want[0]]++
	}
	p.had, p.want = append(p.had, had), append(p.want, want)
	p.count(want, 1)
}

// count adds a partition's replicas to those of its members, or takes them off.
func (p *planner) count(want []int, by int) {
	for _, m := range want {
		if m >= 0 {
			p.replicas[m] += by
		}
	}
}

// set gives a partition other replicas; primaries are the caller's to count.
func (p *planner) set(i int, want []int) {
	p.count(p.want[i], -1)
	p.want[i] = want
	p.count(want, 1)
}

// least returns the member with the smallest count of those that may be taken, -1 when there is none.
func least(counts []int, may func(m int) bool) int {
	best := -1
	for m := range counts {
		if (best < 0 || counts[m] < counts[best]) && may(m) {
			best = m
		}
	}
	return best
}

func anybody(int) bool { return true }

func (p *planner) fillPrimaries() {
	for i, want := range p.want {
		if want[0] >= 0 {
			continue
		}
		m := least(p.primaries, anybody)
		p.primaries[m]++
		rest := slices.DeleteFunc(slices.Clone(want[1:]), func(b int) bool { return b == m })
		p.set(i, append([]int{m}, rest...))
	}
}

// balancePrimaries moves primaries from members with too many to those with
// few, until no two differ by more than one. A partition whose backup is there
// already is preferred: then no data moves.
func (p *planner) balancePrimaries() {
	p.spread(true)
	p.spread(false)
	for {
		to := least(p.primaries, anybody)
		from := slices.Index(p.primaries, slices.Max(p.primaries))
		if p.primaries[from]-p.primaries[to] < 2 {
			return
		}
		best := -1
		for i, want := range p.want {
			if want[0] == from && (best < 0 || (slices.Contains(want, to) && !slices.Contains(p.want[best], to))) {
				best = i
			}
		}
		p.lead(best, to)
	}
}

// spread does the bulk in one pass: it takes from members with more than their share and gives to those with less, only to
// backups, or to anybody.
func (p *planner) spread(swap bool) {
	less := len(p.want) / len(p.place)
	more := less + min(1, len(p.want)%len(p.place))
	for i, want := range p.want {
		if p.primaries[want[0]] <= more {
			continue
		}
		to := least(p.primaries, func(m int) bool { return p.primaries[m] < less && (!swap || slices.Contains(want, m)) })
		if to >= 0 {
			p.lead(i, to)
		}
	}
}

// lead makes a member a partition's primary.
func (p *planner) lead(i, to int) {
	want := slices.Clone(p.want[i])
	from := want[0]
	if k := slices.Index(want, to); k > 0 { // swap roles
		want[0], want[k] = to, from
	} else { // the old primary stays as first backup if the rule lets it, and one backup goes
		want = slices.Insert(want, 0, to)
	}
	p.set(i, p.trim(want))
	p.primaries[from]--
	p.primaries[to]++
}

func (p *planner) fillBackups() {
	for i := range p.want {
		for len(p.want[i]) < p.width {
			p.set(i, append(slices.Clone(p.want[i]), p.nextBackup(p.want[i])))
		}
	}
}
