package member

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/admin"
	"github.com/filbertgrid/filbert/internal/cluster"
)

// safe tells whether nothing moves and everything is complete.
func (n *Node) safe() bool {
	v := n.View()
	return v.Table != nil && n.moving() == 0 && complete(v.List, v.Table, backups(n.o.Config))
}

// complete tells whether every partition has a primary and as many backups as the cluster has room for, up to the given number, and whether all
// data members have got their part: one that just came holds nothing for a moment, and all partitions are complete without it.
func complete(list *cluster.List, table *cluster.Table, backups int) bool {
	data, held := 0, map[cluster.MemberID]bool{}
	for i := range list.Members {
		if list.Members[i].DataMember() {
			data++
		}
	}
	for i := range table.Partitions {
		a := &table.Partitions[i]
		if a.Primary().IsZero() || len(a.Replicas) < min(backups, data-1)+1 {
			return false
		}
		for _, r := range a.Replicas {
			if r.State != cluster.InSync {
				return false
			}
			held[r.Member] = true
		}
	}
	for i := range list.Members {
		// With fewer partitions than members some hold nothing for ever.
		if m := &list.Members[i]; m.DataMember() && !held[m.ID] && data <= len(table.Partitions) {
			return false
		}
	}
	return true
}

// moving counts what is not where it shall be: by the plan where this member coordinates, elsewhere the replicas on their way.
func (n *Node) moving() int { return max(n.copying(), int(n.queued.Load())) }

// copying counts replicas on their way, by the table.
func (n *Node) copying() int {
	count := 0
	if t := n.View().Table; t != nil {
		for i := range t.Partitions {
			for _, r := range t.Partitions[i].Replicas {
				if r.State == cluster.CatchingUp && !r.Member.IsZero() {
					count++
				}
			}
		}
	}
	return count
}

func (n *Node) snapshot() admin.Snapshot {
	v, census := n.View(), n.grid.Census()
	s := admin.Snapshot{
		Cluster: admin.ClusterStats{Joined: v.Joined, Safe: n.safe()},
		Partitions: admin.PartitionStats{
			Count: n.o.Config.PartitionCount, Owned: census.Primaries, BackedUp: census.Backups, WithoutBackup: census.Alone,
			InOneGroup: int(n.together.Load()),
			LostTotal:  uint64(n.losses.Load()), PromotionsTotal: census.Promotions,
			MigrationsActive: n.copying(), MigrationsQueued: int(n.queued.Load()), MigrationsTotal: uint64(n.moved.Load()),
			HandOvers: census.HandOvers, ComparisonsTotal: census.Compared, DifferencesTotal: census.Differing,
			UnacknowledgedEffects: census.Held, ParkedOperations: census.Parked + census.Stalled,
		},
	}
	held := n.o.Arena.Stats()
	refused, evicted := n.maps.Budgeted()
	s.Memory = admin.MemoryStats{
		Budget: int(n.o.Arena.Budget()), Used: int(held.Used), Resident: int(held.Resident), RefusedTotal: refused, EvictedTotal: evicted,
	}
	door := n.gateway.Stats()
	s.Clients = admin.ClientStats{
		Connections: door.Connections, ConnectionsTotal: door.Accepted, RefusedTotal: door.Refused,
		ReceivedBytesTotal: door.Received, SentBytesTotal: door.Sent,
	}
	for _, o := range door.Operations {
		s.Operations = append(s.Operations, admin.OperationStats{Name: o.Name, ErrorsTotal: o.Errors, Latency: o.Latency})
	}
	if v.List != nil {
		s.Cluster.Version, s.Cluster.VersionRaisesTotal = v.Version().String(), uint64(n.raises.Load())
		s.Cluster.ListVersion = int(v.List.Version)
		s.Cluster.Coordinator = v.List.Coordinator().ID == v.Self
		for i := range v.List.Members {
			if v.List.Members[i].Lite {
				s.Cluster.LiteMembers++
			} else {
				s.Cluster.DataMembers++
			}
		}
	}
	for _, p := range n.guards.Stats() {
		s.Protections = append(s.Protections, admin.ProtectionStats{Name: p.Name, Minimum: p.Minimum, Met: p.Met})
	}
	merged := n.o.Stash.MergeCounts()
	for _, m := range n.maps.Stats() {
		s.Maps = append(s.Maps, admin.MapStats{
			Name: m.Name, OwnedEntries: int(m.OwnedEntries), BackupEntries: int(m.BackupEntries),
			OwnedBytes: int(m.OwnedBytes), BackupBytes: int(m.BackupBytes), LockedEntries: int(m.Locks),
			HitsTotal: uint64(m.Hits), MissesTotal: uint64(m.Gets - m.Hits), GetsTotal: uint64(m.Gets), PutsTotal: uint64(m.Puts),
			RemovesTotal: uint64(m.Removes), EvictionsTotal: uint64(m.Evictions), ExpirationsTotal: uint64(m.Expirations),
		})
	}
	for i := range s.Maps {
		m := &s.Maps[i]
		if k := slices.IndexFunc(merged, func(c MergeCount) bool { return c.Map == m.Name }); k >= 0 {
			m.MergedTotal, m.MergeDroppedTotal = uint64(merged[k].Merged), uint64(merged[k].Dropped)
			merged = slices.Delete(merged, k, k+1)
		}
	}
	for _, c := range merged { // nothing of the map is on this member any more
		s.Maps = append(s.Maps, admin.MapStats{Name: c.Map, MergedTotal: uint64(c.Merged), MergeDroppedTotal: uint64(c.Dropped)})
	}
	return s
}
