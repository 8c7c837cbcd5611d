package migration

import (
	"log/slog"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// maxRuleBytes bounds what another member says of its rule; config.PartitionGroup.String has less.
const maxRuleBytes = 100

// regroup notes who stands in which group, and logs when the rule cannot be kept any more, and when it can again.
func (c *Core) regroup() {
	c.group = make(map[cluster.MemberID]string, len(c.list.Members))
	first, members, groups := "", 0, 1
	for i := range c.list.Members {
		m := &c.list.Members[i]
		g := groupOf(&c.Groups, m)
		c.group[m.ID] = g
		if !m.DataMember() {
			continue
		}
		if members++; members == 1 {
			first = g
		}
		if g != first {
			groups = 2 // or more
		}
	}
	switch {
	case members < 2 || c.Groups.Rule() == config.GroupPerMember: // no backups to place, or no rule
	case groups == 1 && !c.oneGroup:
		c.oneGroup = true
		c.Logger.Warn("all members stand in one partition group: backups share their primary's until there is another",
			slog.String("rule", c.Groups.String()), slog.String("group", first), slog.Int("members", members))
	case groups > 1 && c.oneGroup:
		c.oneGroup = false
		c.Logger.Info("there are several partition groups again: backups move out of their primary's",
			slog.String("rule", c.Groups.String()), slog.Int("members", members))
	}
}

// Together is the number of partitions that have backups, but none in sync outside of the primary's group: what would be
// lost with the group. 0 without partition groups, and where this member does not coordinate.
func (c *Core) Together() int {
	if !c.coordinating || c.table == nil || c.group == nil || c.Groups.Rule() == config.GroupPerMember {
		return 0
	}
	if c.counted != c.table {
		c.counted, c.together = c.table, 0
		for i := range c.table.Partitions {
			a := &c.table.Partitions[i]
			if !a.Primary().IsZero() && len(a.Replicas) > 1 && c.groups(a) == 1 {
				c.together++
			}
		}
	}
	return c.together
}

// groups is the number of groups in which a partition has replicas in sync.
func (c *Core) groups(a *cluster.Assignment) int {
	n := 0
	for k, r := range a.Replicas {
		if good(r) && !slices.ContainsFunc(a.Replicas[:k], func(o cluster.Replica) bool { return good(o) && c.group[o.Member] == c.group[r.Member] }) {
			n++
		}
	}
	return n
}

func good(r cluster.Replica) bool { return r.State == cluster.InSync && !r.Member.IsZero() }

// inOrder returns all partitions, those first that the loss of a group could take away although the plan has them in
// more groups than now: they get their replicas before what only has to be balanced.
func (c *Core) inOrder() []partition.ID {
	first := make([]partition.ID, 0, len(c.table.Partitions))
	var others []partition.ID
	for i := range c.table.Partitions {
		if c.groups(&c.table.Partitions[i]) < c.spread[i] {
			first = append(first, partition.ID(i))
		} else {
			others = append(others, partition.ID(i))
		}
	}
	return append(first, others...)
}

// reach notes in how many groups the plan has each partition.
func (c *Core) reach() {
	c.spread = make([]int, len(c.target))
	for i, ids := range c.target {
		for k, id := range ids {
			if !slices.ContainsFunc(ids[:k], func(o cluster.MemberID) bool { return c.group[o] == c.group[id] }) {
				c.spread[i]++
			}
		}
	}
}

// tell says to those who have not heard it by which rule partitions are placed. It decides nothing: a member whose configuration says
// something else logs that.
func (c *Core) tell() {
	for i := range c.list.Members {
		id := c.list.Members[i].ID
		if id != c.Self && !c.told[id] {
			c.told[id] = c.out.Send(id, packed.AppendString([]byte{kindRule}, c.Groups.String()))
		}
	}
}

// onRule takes the coordinator's word of its rule.
func (c *Core) onRule(from cluster.MemberID, rule string) {
	if from != c.list.Coordinator().ID || len(rule) > maxRuleBytes || rule == c.rule {
		return
	}
	c.rule = rule
	if own := c.Groups.String(); rule != own {
		c.Logger.Warn("this member's partition-group differs from the coordinator's, which counts",
			slog.String("cluster", rule), slog.String("member", own))
	}
}

// rules begins to place partitions by this member's own rule, as it coordinates from now on.
func (c *Core) rules() {
	own := c.Groups.String()
	if c.rule != "" && c.rule != own {
		c.Logger.Warn("this member coordinates now, and its partition-group is another one: partitions move",
			slog.String("before", c.rule), slog.String("now", own))
	}
	c.rule = own
	c.told = map[cluster.MemberID]bool{}
}
