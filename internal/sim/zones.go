package sim

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/migration"
)

// setZones spreads processes over so many zones: each place stands in the next one. The members' configuration is ZONE_AWARE.
func (w *World) setZones(n int) {
	w.options.Zones = n
	w.config.PartitionGroup = config.PartitionGroup{Enabled: n > 0, Type: config.GroupZoneAware}
}

func (w *World) zone(p *process) int { return (int(p.address.Port) - firstPort) % w.options.Zones }

// attributes are what a process tells the other members of itself.
func (p *process) attributes() []cluster.Attribute {
	if p.w.options.Zones == 0 {
		return nil
	}
	return []cluster.Attribute{{Key: migration.ZoneAttribute, Value: "zone" + strconv.Itoa(p.w.zone(p))}}
}

// crashZone crashes all processes of a zone at the same moment, unless they are all there are. It returns how many.
func (w *World) crashZone(zone int) int {
	up := w.living()
	if slices.ContainsFunc(up, func(p *process) bool { return p.shown > w.now }) {
		return 0 // whoever starts now would found a cluster of its own
	}
	dying := slices.DeleteFunc(slices.Clone(up), func(p *process) bool { return w.zone(p) != zone })
	if len(dying) == len(up) || len(dying) == 0 {
		return 0
	}
	w.fault("zone", "zone%d with %d of %d members", zone, len(dying), len(up))
	for _, p := range dying {
		p.crash()
	}
	return len(dying)
}

// mixed says which partition could be lost with a zone although there is another, empty when none could.
func (w *World) mixed(list *cluster.List, table *cluster.Table) string {
	if w.options.Zones == 0 {
		return ""
	}
	zoneOf := map[cluster.MemberID]string{}
	members := map[string]int{}
	for i := range list.Members {
		m := &list.Members[i]
		zoneOf[m.ID] = m.Attributes[0].Value
		members[zoneOf[m.ID]]++
	}
	for id := range table.Partitions {
		seen := map[string]bool{}
		replicas := table.Partitions[id].Replicas
		for _, r := range replicas {
			seen[zoneOf[r.Member]] = true
		}
		if want := min(len(replicas), len(members)); len(seen) != want {
			return fmt.Sprintf("partition %d stands in %d zones, not in %d", id, len(seen), want)
		}
	}
	return ""
}
