package config

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"
)

// GroupType says which members stand in one partition group.
type GroupType string

// The values of group-type. The last two are known and not supported: they ask Java plug-ins and cloud providers.
const (
	GroupPerMember GroupType = "PER_MEMBER"
	GroupHostAware GroupType = "HOST_AWARE"
	GroupNodeAware GroupType = "NODE_AWARE"
	GroupZoneAware GroupType = "ZONE_AWARE"
	GroupCustom    GroupType = "CUSTOM"

	GroupPlacementAware GroupType = "PLACEMENT_AWARE"
	GroupSPI            GroupType = "SPI"
)

func groupTypes() []GroupType {
	return []GroupType{GroupPerMember, GroupHostAware, GroupNodeAware, GroupZoneAware, GroupCustom}
}

func foreignGroupTypes() []GroupType { return []GroupType{GroupPlacementAware, GroupSPI} }

// PartitionGroup says which members may be lost together: a backup stands in another group than its primary
// when there is one. Hazelcast manual, "Partition Group Configuration".
type PartitionGroup struct {
	Enabled bool
	Type    GroupType
	// MemberGroups are the groups of CUSTOM: patterns of addresses or host names.
	MemberGroups [][]string
}

func defaultPartitionGroup() PartitionGroup { return PartitionGroup{Type: GroupPerMember} }

// Rule is the type in effect: PER_MEMBER where groups are not enabled, or of a type that is not supported.
func (g *PartitionGroup) Rule() GroupType {
	if !g.Enabled || !slices.Contains(groupTypes(), g.Type) {
		return GroupPerMember
	}
	return g.Type
}

// Find returns the first of MemberGroups that a member's host fits, or -1. A host that is an address is compared with
// the patterns of addresses, any other with those of names.
func (g *PartitionGroup) Find(host string) int {
	address, err := netip.ParseAddr(host)
	return slices.IndexFunc(g.MemberGroups, func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			if err == nil {
				return matchAddress(p, address.Unmap())
			}
			return matchHostName(p, host)
		})
	})
}

// String names the rule in a few words; that of CUSTOM has a hash of its groups, so that two rules are equal when
// their strings are.
func (g *PartitionGroup) String() string {
	rule := g.Rule()
	if rule != GroupCustom {
		return string(rule)
	}
	h := fnv.New32a()
	for _, patterns := range g.MemberGroups {
		_, _ = h.Write([]byte(strings.Join(patterns, ",") + ";")) // a hash does not fail
	}
	return fmt.Sprintf("%s, %d groups, %08x", rule, len(g.MemberGroups), h.Sum32())
}

// matchHostName compares a host's name with a pattern, label by label, of which each may be "*"; case does not count.
func matchHostName(pattern, host string) bool {
	want, have := strings.Split(pattern, "."), strings.Split(strings.TrimSuffix(host, "."), ".")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == "*" || strings.EqualFold(w, h) })
}

// validHostPattern accepts patterns of addresses and of host names.
func validHostPattern(s string) bool {
	if validPattern(s) {
		return true
	}
	if len(s) > maxHostBytes || strings.Trim(s, "0123456789.*-") == "" { // numbers only: a mistaken address
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label != "*" && !validLabel(label) {
			return false
		}
	}
	return true
}

func validLabel(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
