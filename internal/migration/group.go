package migration

import (
	"strconv"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
)

// Attributes that say where a member stands, by the names that Hazelcast gives them (PartitionGroupMetaData).
const (
	ZoneAttribute = "hazelcast.partition.group.zone"
	RackAttribute = "hazelcast.partition.group.rack"
	HostAttribute = "hazelcast.partition.group.host"
	NodeAttribute = "hazelcast.partition.group.node"
)

// groupOf names the group that a member stands in. It depends on what the member list says of the member and
// nothing else, so every coordinator with one rule finds the same groups.
//
// A member without the attribute asked for is told apart by the next finer thing that it says: the zone by rack, host, node, and in the
// end the address, as far as Hazelcast's older versions do; its newer ones end such a member. A member that fits no
// member-group of CUSTOM stands in one further group with all others of its kind; Hazelcast gives it no data.
func groupOf(rule *config.PartitionGroup, m *cluster.Member) string {
	switch rule.Rule() {
	case config.GroupHostAware:
		return m.Address.Host
	case config.GroupNodeAware:
		return firstAttribute(m, NodeAttribute, HostAttribute)
	case config.GroupZoneAware:
		return firstAttribute(m, ZoneAttribute, RackAttribute, HostAttribute, NodeAttribute)
	case config.GroupCustom:
		return strconv.Itoa(rule.Find(m.Address.Host))
	case config.GroupPerMember, config.GroupPlacementAware, config.GroupSPI:
	}
	return string(m.ID[:])
}

// firstAttribute returns the first of some attributes that a member has, with its name, or its host.
func firstAttribute(m *cluster.Member, names ...string) string {
	for _, name := range names {
		for _, a := range m.Attributes {
			if a.Key == name && a.Value != "" {
				return name + "=" + a.Value
			}
		}
	}
	return m.Address.Host
}
