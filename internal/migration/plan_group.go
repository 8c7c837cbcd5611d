package migration

import "slices"

// stands tells whether one of some replicas stands in a group.
func (p *planner) stands(want []int, group int) bool {
	return slices.ContainsFunc(want, func(m int) bool { return p.group[m] == group })
}

// shared is how many backups must stand in their primary's group, since all other members have a replica already.
func (p *planner) shared(primary int) int {
	return max(0, p.width-1-(len(p.place)-p.size[p.group[primary]]))
}

// trim takes the backups off that are too many, or that stand in the way of the rule; the others keep their
// order. What it leaves can be filled up so that the rule holds.
func (p *planner) trim(want []int) []int {
	fresh := min(p.width, len(p.size)) - 1 // backups that must bring a new group
	spare := p.width - 1 - fresh           // and those that need not
	home, shared := p.group[want[0]], p.shared(want[0])
	kept := want[:1:1]
	for _, m := range want[1:] {
		g := p.group[m]
		switch {
		case !p.stands(kept, g) && fresh > 0:
			fresh--
		case g != home && spare > 0 && p.stands(kept, g):
			spare--
		case g == home && spare > 0 && shared > 0:
			spare--
			shared--
		default:
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// arrange puts the backups that bring a new group first, those in the primary's group last.
func (p *planner) arrange(want []int) []int {
	out := make([]int, 1, len(want))
	out[0] = want[0]
	var second, last []int
	for _, m := range want[1:] {
		switch {
		case !p.stands(out, p.group[m]):
			out = append(out, m)
		case p.group[m] != p.group[want[0]]:
			second = append(second, m)
		default:
			last = append(last, m)
		}
	}
	return append(append(out, second...), last...)
}

// nextBackup returns who is to be a partition's next backup: of those whom the rule allows the one with the fewest
// replicas.
func (p *planner) nextBackup(want []int) int {
	m := least(p.replicas, func(m int) bool { return !p.stands(want, p.group[m]) })
	if m < 0 { // there is a replica in every group
		m = least(p.replicas, func(m int) bool { return !slices.Contains(want, m) && p.group[m] != p.group[want[0]] })
	}
	if m < 0 { // and at every member outside the primary's
		m = least(p.replicas, func(m int) bool { return !slices.Contains(want, m) })
	}
	return m
}

// holds tells whether a partition with all its replicas keeps the rule.
func (p *planner) holds(want []int) bool {
	groups, shared := 0, 0
	for k, m := range want {
		if !p.stands(want[:k], p.group[m]) {
			groups++
		}
		if k > 0 && p.group[m] == p.group[want[0]] {
			shared++
		}
	}
	return groups == min(p.width, len(p.size)) && shared == p.shared(want[0])
}

// edge is the best partition whose backup could go from one member to another; -1 for none. cost is how much more data
// moves for it.
type edge struct{ partition, cost int }

// edges returns, for each pair of members, what could go from the first to the second.
func (p *planner) edges() [][]edge {
	all := make([][]edge, len(p.place))
	for m := range all {
		all[m] = slices.Repeat([]edge{{partition: -1}}, len(p.place))
	}
	for i := range p.want {
		for _, from := range p.want[i][1:] {
			for to := range p.place {
				cost, ok := p.move(i, from, to)
				if e := &all[from][to]; ok && (e.partition < 0 || cost < e.cost) {
					*e = edge{i, cost}
				}
			}
		}
	}
	return all
}

// move tells whether a partition's backup may go from one member to another, and how much more data moves then.
func (p *planner) move(i, from, to int) (cost int, ok bool) {
	want := p.want[i]
	k := slices.Index(want, from)
	if k < 1 || slices.Contains(want, to) {
		return 0, false
	}
	if slices.Contains(p.had[i], from) {
		cost++
	}
	if slices.Contains(p.had[i], to) {
		cost--
	}
	if p.group[from] == p.group[to] {
		return cost, true
	}
	want[k] = to
	ok = p.holds(want)
	want[k] = from
	return cost, ok
}

// balanceBackups moves backups to members with fewer replicas until nobody can give one to a member with at least two
// fewer. Every step makes the sum of the squares of what members have smaller, so it ends.
func (p *planner) balanceBackups() {
	for most := -1; most <= 1; most++ {
		p.level(most)
	}
	order := make([]int, len(p.place))
	for m := range order {
		order[m] = m
	}
	for fresh := true; fresh; {
		edges := p.edges()
		fresh = false
		for given := true; given; fresh = fresh || given {
			slices.SortStableFunc(order, func(a, b int) int { return p.replicas[a] - p.replicas[b] })
			given = false
			for k := len(order) - 1; k > 0 && !given; k-- { // who has most gives first
				given = p.give(order[k], order, edges)
			}
		}
	}
}

// level moves backups from members with more than their share to those with less, where that costs no more than so
// much. It does the bulk in one pass; what is left needs ways over several members.
func (p *planner) level(most int) {
	share := p.shares()
	for i := range p.want {
		for _, from := range p.want[i][1:] {
			if p.replicas[from] <= share[from] {
				continue
			}
			best := least(p.replicas, func(to int) bool {
				cost, ok := p.move(i, from, to)
				return p.replicas[to] < share[to] && p.replicas[to] < p.replicas[from]-1 && ok && cost <= most
			})
			if best >= 0 {
				p.replace(i, from, best)
			}
		}
	}
}

// shares returns how many replicas each member should have: as many as the others, but that a group has
// one of every partition at most where there are enough groups.
func (p *planner) shares() []int {
	all := make([]int, len(p.place))
	full := make([]bool, len(p.size))
	members, left := len(p.place), 0
	for _, n := range p.replicas {
		left += n
	}
	for again := p.width <= len(p.size); again; {
		again = false
		for g, n := range p.size {
			if !full[g] && left*n > len(p.want)*members {
				full[g], again = true, true
				members -= n
				left -= len(p.want)
			}
		}
	}
	for m, g := range p.group {
		if full[g] {
			all[m] = len(p.want) / p.size[g]
		} else {
			all[m] = left / members
		}
	}
	return all
}

// give takes one backup from a member and gives one to another that has at least two fewer: directly, or over members
// in between, each of which gives one on and takes another.
func (p *planner) give(from int, order []int, edges [][]edge) bool {
	cameFrom := slices.Repeat([]int{-1}, len(p.place))
	cameFrom[from] = from
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		a := queue[0]
		for _, b := range order { // who has least is asked first
			if cameFrom[b] >= 0 || edges[a][b].partition < 0 {
				continue
			}
			cameFrom[b] = a
			if p.replicas[b] > p.replicas[from]-2 {
				queue = append(queue, b)
				continue
			}
			if p.pass(from, b, cameFrom, edges) {
				return true
			}
		}
	}
	return false
}

// pass moves one backup along each step of a way, or none at all: two steps that concern one partition may each be allowed
// and not both.
func (p *planner) pass(from, to int, cameFrom []int, edges [][]edge) bool {
	type step struct{ partition, from, to int }
	var done []step
	for b := to; b != from; b = cameFrom[b] {
		a := cameFrom[b]
		i := edges[a][b].partition
		if _, ok := p.move(i, a, b); !ok {
			i = p.movable(a, b)
		}
		if i < 0 {
			for _, s := range slices.Backward(done) {
				p.replace(s.partition, s.to, s.from)
			}
			return false
		}
		p.replace(i, a, b)
		done = append(done, step{i, a, b})
	}
	return true
}

// movable returns the partition whose backup goes from one member to another at the least cost, or -1.
func (p *planner) movable(from, to int) int {
	best, least := -1, 0
	for i := range p.want {
		if cost, ok := p.move(i, from, to); ok && (best < 0 || cost < least) {
			best, least = i, cost
		}
	}
	return best
}

// replace gives one member's replica of a partition to another.
func (p *planner) replace(i, from, to int) {
	p.want[i][slices.Index(p.want[i], from)] = to
	p.replicas[from]--
	p.replicas[to]++
}
