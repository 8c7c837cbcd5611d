package admin

// The names of the metrics, and what each of them reads. docs/operation.md has
// a table of them; a test compares the two.

func clusterSeries() []series[Snapshot] {
	return []series[Snapshot]{
		gauge("filbert_cluster_list_version", "Version of the member list that this member knows.",
			func(s *Snapshot) int { return s.Cluster.ListVersion }),
		counter("filbert_cluster_version_raises_total", "How often the cluster's version was raised while this member was in it.",
			func(s *Snapshot) uint64 { return s.Cluster.VersionRaisesTotal }),
		gauge("filbert_member_coordinator", "1 on the member that coordinates.",
			func(s *Snapshot) bool { return s.Cluster.Coordinator }),
		gauge("filbert_member_joined", "1 once this member has joined and serves.",
			func(s *Snapshot) bool { return s.Cluster.Joined }),
		gauge("filbert_cluster_safe", "1 while every partition has its copies and none is moving.",
			func(s *Snapshot) bool { return s.Cluster.Safe }),
		gauge("filbert_maps", "Maps with data on this member.",
			func(s *Snapshot) int { return len(s.Maps) }),
	}
}

func partitionSeries() []series[Snapshot] {
	return []series[Snapshot]{
		gauge("filbert_partitions", "Partitions of the cluster.",
			func(s *Snapshot) int { return s.Partitions.Count }),
		gauge("filbert_partitions_owned", "Partitions of which this member is the primary.",
			func(s *Snapshot) int { return s.Partitions.Owned }),
		gauge("filbert_partitions_backed_up", "Partitions of which this member holds a backup.",
			func(s *Snapshot) int { return s.Partitions.BackedUp }),
		gauge("filbert_partitions_without_backup", "Owned partitions that would be lost with this member.",
			func(s *Snapshot) int { return s.Partitions.WithoutBackup }),
		gauge("filbert_partitions_in_one_group", "Partitions whose backups all stand in their primary's partition group; on the coordinator only.",
			func(s *Snapshot) int { return s.Partitions.InOneGroup }),
		counter("filbert_partitions_lost_total", "Partitions of which no copy survived.",
			func(s *Snapshot) uint64 { return s.Partitions.LostTotal }),
		counter("filbert_promotions_total", "Partitions taken over by this member from one that was gone.",
			func(s *Snapshot) uint64 { return s.Partitions.PromotionsTotal }),
		gauge("filbert_migrations_active", "Moves of a partition to or from this member that run now.",
			func(s *Snapshot) int { return s.Partitions.MigrationsActive }),
		gauge("filbert_migrations_queued", "Moves planned and not begun; on the coordinator only.",
			func(s *Snapshot) int { return s.Partitions.MigrationsQueued }),
		counter("filbert_migrations_total", "Moves that ended well.",
			func(s *Snapshot) uint64 { return s.Partitions.MigrationsTotal }),
		counter("filbert_migrations_failed_total", "Moves that were given up.",
			func(s *Snapshot) uint64 { return s.Partitions.MigrationsFailedTotal }),
		counter("filbert_backup_comparisons_total", "Pieces of this member's backups that were compared with their primaries'.",
			func(s *Snapshot) uint64 { return s.Partitions.ComparisonsTotal }),
		counter("filbert_backup_differences_total", "Backups of this member that differed from their primaries and were copied anew.",
			func(s *Snapshot) uint64 { return s.Partitions.DifferencesTotal }),
		gauge("filbert_unacknowledged_effects", "Effects that sync backups have not confirmed yet.",
			func(s *Snapshot) int { return s.Partitions.UnacknowledgedEffects }),
		gauge("filbert_parked_operations", "Operations that wait for a lock, a value or room in a buffer.",
			func(s *Snapshot) int { return s.Partitions.ParkedOperations }),
	}
}

func memorySeries() []series[Snapshot] {
	return []series[Snapshot]{
		gauge("filbert_memory_budget_bytes", "Memory that entries may take on this member.",
			func(s *Snapshot) int { return s.Memory.Budget }),
		gauge("filbert_memory_used_bytes", "Memory that entries take, backups included.",
			func(s *Snapshot) int { return s.Memory.Used }),
		gauge("filbert_memory_resident_bytes", "Memory that the process has for entries.",
			func(s *Snapshot) int { return s.Memory.Resident }),
		counter("filbert_memory_refused_writes_total", "Writes refused for want of room in the memory budget.",
			func(s *Snapshot) uint64 { return s.Memory.RefusedTotal }),
		counter("filbert_memory_evicted_entries_total", "Entries evicted to make room in the memory budget.",
			func(s *Snapshot) uint64 { return s.Memory.EvictedTotal }),
	}
}

func clientSeries() []series[Snapshot] {
	return []series[Snapshot]{
		gauge("filbert_client_connections", "Connections of authenticated clients.",
			func(s *Snapshot) int { return s.Clients.Connections }),
		counter("filbert_connections_accepted_total", "Connections accepted on the member port.",
			func(s *Snapshot) uint64 { return s.Clients.ConnectionsTotal }),
		counter("filbert_connections_refused_total", "Connections closed for what they sent or for being one too many.",
			func(s *Snapshot) uint64 { return s.Clients.RefusedTotal }),
		counter("filbert_client_received_bytes_total", "Bytes received from clients.",
			func(s *Snapshot) uint64 { return s.Clients.ReceivedBytesTotal }),
		counter("filbert_client_sent_bytes_total", "Bytes sent to clients.",
			func(s *Snapshot) uint64 { return s.Clients.SentBytesTotal }),
	}
}

func protectionSeries() []series[ProtectionStats] {
	const label = "protection"
	return []series[ProtectionStats]{
		gauge("filbert_split_brain_protection_met", "1 while the cluster has the members that the protection wants, 0 while it refuses operations.",
			func(s *ProtectionStats) bool { return s.Met }, label),
		gauge("filbert_split_brain_protection_minimum_members", "Data members that the protection wants.",
			func(s *ProtectionStats) int { return s.Minimum }, label),
	}
}

func mapSeries() []series[MapStats] {
	const label = "map"
	return []series[MapStats]{
		gauge("filbert_map_owned_entries", "Entries of the map of which this member is the primary.",
			func(s *MapStats) int { return s.OwnedEntries }, label),
		gauge("filbert_map_backup_entries", "Entries of the map of which this member is a backup.",
			func(s *MapStats) int { return s.BackupEntries }, label),
		gauge("filbert_map_owned_bytes", "Memory of the owned entries.",
			func(s *MapStats) int { return s.OwnedBytes }, label),
		gauge("filbert_map_backup_bytes", "Memory of the backup entries.",
			func(s *MapStats) int { return s.BackupBytes }, label),
		gauge("filbert_map_locked_entries", "Owned keys that are locked.",
			func(s *MapStats) int { return s.LockedEntries }, label),
		counter("filbert_map_hits_total", "Reads that found an entry.",
			func(s *MapStats) uint64 { return s.HitsTotal }, label),
		counter("filbert_map_misses_total", "Reads that found none.",
			func(s *MapStats) uint64 { return s.MissesTotal }, label),
		counter("filbert_map_gets_total", "Gets.",
			func(s *MapStats) uint64 { return s.GetsTotal }, label),
		counter("filbert_map_puts_total", "Puts that answer with the old value.",
			func(s *MapStats) uint64 { return s.PutsTotal }, label),
		counter("filbert_map_sets_total", "Puts that do not answer with the old value.",
			func(s *MapStats) uint64 { return s.SetsTotal }, label),
		counter("filbert_map_removes_total", "Removes and deletes.",
			func(s *MapStats) uint64 { return s.RemovesTotal }, label),
		counter("filbert_map_merged_entries_total", "Entries of a cluster that this member was in before, merged into the map.",
			func(s *MapStats) uint64 { return s.MergedTotal }, label),
		counter("filbert_map_merge_dropped_entries_total", "Entries of a cluster that this member was in before, refused by the map's merge policy.",
			func(s *MapStats) uint64 { return s.MergeDroppedTotal }, label),
		counter("filbert_map_evictions_total", "Entries removed to make room.",
			func(s *MapStats) uint64 { return s.EvictionsTotal }, label),
		counter("filbert_map_expirations_total", "Entries removed for their age.",
			func(s *MapStats) uint64 { return s.ExpirationsTotal }, label),
	}
}
