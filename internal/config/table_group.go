package config

import (
	"slices"
	"strings"
)

// groupTypeValue is the type of partition-group: what is known and not supported is taken, and warned of.
type groupTypeValue struct{ field *GroupType }

func (v groupTypeValue) set(text string) bool {
	return asEnum(v.field, append(groupTypes(), foreignGroupTypes()...)).set(text)
}

func (v groupTypeValue) allowed() string { return asEnum(v.field, groupTypes()).allowed() }
func (v groupTypeValue) current() string { return string(*v.field) }

// asHosts binds a list of patterns of addresses and host names.
func asHosts(field *[]string) value {
	return listValue{field, validHostPattern, "addresses such as 10.3.16.7, 10.3.16.* or 10.3.10.4-18, or host names such as *.east.example.com, at most 1000"}
}

// partitionGroupTable binds the partition-group element.
func partitionGroupTable(c *Config) element {
	g := &c.PartitionGroup
	var started []string // its address tells whether the tree being read has begun with groups of its own
	return group("partition-group", "Which members may be lost together: a backup stands in another group than its primary, when there is one.",
		leaf("enabled", "Whether it counts; otherwise each member is a group.", asBool(&g.Enabled)),
		leaf("group-type", "What makes a group: the member itself, its address, its node, its zone, or a member-group that its address fits.",
			groupTypeValue{&g.Type}),
		each("member-group", "The groups of CUSTOM. In YAML a list of lists; in XML repeated, with interface elements.", func(string) scope {
			var patterns []string
			items := list("interface", "interface", "", asHosts(&patterns))
			return scope{
				text:  "interface",
				items: &items,
				elements: []element{
					repeated("interface", "A pattern of the members' addresses or host names; in YAML an item of the inner list.", asHosts(&patterns)),
				},
				done: func(r *reader, n *node) {
					if !r.reset[&started] {
						r.reset[&started], g.MemberGroups = true, nil
					}
					if len(patterns) == 0 && !r.complained("partition-group/") {
						r.problem(n.place, "partition-group/member-group", ErrStructure, "has no interface; allowed: "+asHosts(&patterns).allowed())
					}
					if len(g.MemberGroups) == maxListItems {
						r.problem(n.place, "partition-group/member-group", ErrStructure, "too many; allowed: at most 1000")
						return
					}
					g.MemberGroups = append(g.MemberGroups, patterns)
				},
			}
		}),
	)
}

// checkPartitionGroup warns of a type that is not supported, and refuses CUSTOM without groups: in Hazelcast no member
// would get data then.
func (r *reader) checkPartitionGroup(where Place) {
	g := &r.config.PartitionGroup
	switch {
	case !g.Enabled:
	case g.Rule() != g.Type:
		r.warn(where, "partition-group/group-type", "known, but not supported yet: "+string(g.Type)+
			"; each member is a group of its own. Supported: "+groupTypeValue{&g.Type}.allowed())
	case g.Type == GroupCustom && len(g.MemberGroups) == 0 && !r.complained("partition-group/"):
		r.problem(where, "partition-group", ErrConflict, "CUSTOM has no member-group; allowed: one for each set of members that may be lost together")
	case g.Type != GroupCustom && len(g.MemberGroups) > 0:
		r.warn(where, "partition-group/member-group", "has no effect with group-type "+string(g.Type)+"; CUSTOM reads it")
	}
}

// complained tells whether there is a problem already with an element below some other.
func (r *reader) complained(above string) bool {
	return slices.ContainsFunc(r.problems, func(p *Problem) bool { return strings.HasPrefix(p.Element, above) })
}
