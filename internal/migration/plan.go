package migration

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// plan computes who should have which partition: primaries and replicas
// spread evenly over the data members, moving as little as it can from the
// present table. It is a pure function: the same list and table give the same
// plan. nil means that nobody may have data, so everything stays where it is.
func plan(list *cluster.List, table *cluster.Table, backups int) [][]cluster.MemberID {
	var p planner
	for i := range list.Members {
		if m := &list.Members[i]; m.DataMember() {
			p.place = append(p.place, m.ID)
		}
	}
	if len(p.place) == 0 {
		return nil
	}
	p.width = min(backups+1, len(p.place))
	p.primaries = make([]int, len(p.place))
	p.replicas = make([]int, len(p.place))
	p.want = make([][]int, len(table.Partitions))
	for i := range table.Partitions {
		p.keep(i, &table.Partitions[i])
	}
	p.fillPrimaries()
	p.balancePrimaries()
	p.fillBackups()
	p.balanceBackups()
	out := make([][]cluster.MemberID, len(p.want))
	for i, want := range p.want {
		for _, m := range want {
			out[i] = append(out[i], p.place[m])
		}
	}
	return out
}

// planner works with members as places in the list of data members. want[i][0] is the
// primary of partition i, -1 while there is none.
type planner struct {
	place     []cluster.MemberID
	width     int
	want      [][]int
	primaries []int // by member: partitions it is primary of
	replicas  []int // by member: all replicas
}

// keep takes over from the table what may stay: the primary if it is a data
// member, otherwise its first backup in sync that is one; backups in their order.
func (p *planner) keep(i int, a *cluster.Assignment) {
	want := []int{-1}
	for k, r := range a.Replicas {
		m := slices.Index(p.place, r.Member)
		switch {
		case m < 0:
		case k == 0 || (want[0] < 0 && r.State == cluster.InSync):
			want[0] = m
		case len(want) < p.width:
			want = append(want, m)
		}
	}
	p.want[i] = want
	if want[0] >= 0 {
		p.primaries[want[0]]++
	}
	for _, m := range want {
		if m >= 0 {
			p.replicas[m]++
		}
	}
}

// least returns the member with the smallest count that is not in without.
func least(counts, without []int) int {
	best := -1
	for m := range counts {
		if !slices.Contains(without, m) && (best < 0 || counts[m] < counts[best]) {
			best = m
		}
	}
	return best
}

func (p *planner) fillPrimaries() {
	for i, want := range p.want {
		if want[0] >= 0 {
			continue
		}
		m := least(p.primaries, nil)
		if k := slices.Index(want, m); k > 0 {
			p.want[i] = slices.Delete(want, k, k+1)
			p.replicas[m]--
		}
		p.want[i][0] = m
		p.primaries[m]++
		p.replicas[m]++
	}
}

// balancePrimaries moves primaries from members with too many to the one with
// the fewest, until no two differ by more than one. A partition whose backup is there
// already is preferred: then no data moves.
func (p *planner) balancePrimaries() {
	for {
		to := least(p.primaries, nil)
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
		want := p.want[best]
		if k := slices.Index(want, to); k > 0 { // swap roles
			want[0], want[k] = to, from
		} else { // the old primary stays as first backup, which frees the last one
			p.replicas[to]++
			want = slices.Insert(want, 0, to)
			if len(want) > p.width {
				p.replicas[want[len(want)-1]]--
				want = want[:len(want)-1]
			}
			p.want[best] = want
		}
		p.primaries[from]--
		p.primaries[to]++
	}
}

func (p *planner) fillBackups() {
	for i := range p.want {
		for len(p.want[i]) < p.width {
			m := least(p.replicas, p.want[i])
			p.want[i] = append(p.want[i], m)
			p.replicas[m]++
		}
	}
}

// balanceBackups moves backups until no two members differ by more than one replica, as far as that can be
// done without touching primaries.
func (p *planner) balanceBackups() {
	for {
		to := least(p.replicas, nil)
		from := slices.Index(p.replicas, slices.Max(p.replicas))
		if p.replicas[from]-p.replicas[to] < 2 || !p.shift(from, to) {
			return
		}
	}
}

// shift takes one backup from a member and gives one to another: directly, or over members in between,
// each of which gives one on and takes another.
func (p *planner) shift(from, to int) bool {
	cameFrom := map[int]int{from: from}
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		a := queue[0]
		for b := range p.place {
			if _, known := cameFrom[b]; known || p.movable(a, b) < 0 {
				continue
			}
			cameFrom[b] = a
			if b != to {
				queue = append(queue, b)
				continue
			}
			for ; b != from; b = cameFrom[b] { // the last step first: no move makes an earlier one impossible but its own kind
				i := p.movable(cameFrom[b], b)
				if i < 0 {
					return false
				}
				want := p.want[i]
				want[slices.Index(want, cameFrom[b])] = b
				p.replicas[cameFrom[b]]--
				p.replicas[b]++
			}
			return true
		}
	}
	return false
}

// movable returns a partition of which one member has a backup and the other nothing, or -1.
func (p *planner) movable(from, to int) int {
	return slices.IndexFunc(p.want, func(want []int) bool {
		return slices.Index(want, from) > 0 && !slices.Contains(want, to)
	})
}
