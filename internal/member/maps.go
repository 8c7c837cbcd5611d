package member

import (
	"encoding/json"
	"log/slog"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

func (n *Node) newMaps() *imap.Structure {
	return imap.New(imap.Options{
		Config:     n.mapConfig,
		Era:        func() (era, version int32) { return n.era.Load(), n.listVersion.Load() },
		Merges:     func() bool { return n.View().Version().HasMerge() },
		Notes:      func() bool { return n.View().Version().HasSharedCalls() },
		Refuses:    n.refusesWrites,
		Members:    n.dataMembers,
		Partitions: n.o.Config.PartitionCount,
		Arena:      n.o.Arena,
		Seed:       n.o.Seed,
		Wait:       n.o.Config.OperationCallTimeout.Milliseconds(),
	})
}

// mapConfig is the configuration of a map: the cluster document's, if the map is
// in it, otherwise this member's own.
func (n *Node) mapConfig(name string) imap.Config {
	if d := n.View().Document; d != nil {
		if i, ok := d.Find(cluster.Object{Service: imap.Service, Name: name}); ok && len(d.Objects[i].Config) > 0 {
			var c imap.Config
			if err := json.Unmarshal(d.Objects[i].Config, &c); err == nil {
				return c
			}
		}
	}
	return n.ownMapConfig(name)
}

// ownMapConfig is what this member's file says of a map. A name that two
// patterns fit equally well gets the defaults; the check of the file has said so.
func (n *Node) ownMapConfig(name string) imap.Config {
	c, err := n.o.Config.Map(name)
	if err != nil {
		n.log("member").Warn("a map's name fits two configurations, using the default one",
			slog.String("map", name), slog.String("error", err.Error()))
		c, _ = n.o.Config.Map("default")
	}
	return imap.Config{
		Backups:         partition.Backups{Sync: uint8(c.BackupCount), Async: uint8(c.AsyncBackupCount)},
		TTL:             c.TimeToLive.Milliseconds(),
		MaxIdle:         c.MaxIdle.Milliseconds(),
		Eviction:        eviction(c.Eviction),
		Statistics:      c.StatisticsEnabled,
		EntryStatistics: c.PerEntryStatsEnabled,
		ReadBackupData:  c.ReadBackupData,
		MapStore:        c.MapStore,
		MergePolicy:     mergePolicy(c.MergePolicy),
		Protection:      ruleOf(n.o.Config, &c),
	}
}

func mergePolicy(p config.MergePolicy) imap.MergePolicy {
	switch p {
	case config.MergeDiscard:
		return imap.MergeDiscard
	case config.MergeExpirationTime:
		return imap.MergeExpirationTime
	case config.MergeHigherHits:
		return imap.MergeHigherHits
	case config.MergeLatestAccess:
		return imap.MergeLatestAccess
	case config.MergeLatestUpdate:
		return imap.MergeLatestUpdate
	case config.MergePassThrough:
		return imap.MergePassThrough
	case config.MergePutIfAbsent:
	}
	return imap.MergePutIfAbsent
}

func eviction(e config.Eviction) imap.Eviction {
	out := imap.Eviction{Size: int64(e.Size)}
	switch e.Policy {
	case config.EvictLRU:
		out.Policy = imap.EvictLRU
	case config.EvictLFU:
		out.Policy = imap.EvictLFU
	case config.EvictRandom:
		out.Policy = imap.EvictRandom
	case config.EvictNone:
	}
	switch e.MaxSizePolicy {
	case config.PerPartition:
		out.MaxSize = imap.PerPartition
	case config.UsedHeapSize:
		out.MaxSize = imap.UsedHeapSize
	case config.UsedHeapPercentage:
		out.MaxSize = imap.UsedHeapPercentage
	case config.FreeHeapSize:
		out.MaxSize = imap.FreeHeapSize
	case config.FreeHeapPercentage:
		out.MaxSize = imap.FreeHeapPercentage
	case config.PerNode:
		out.MaxSize = imap.PerNode
	}
	return out
}

// structureConfig is what the document fixes at a structure's first use.
func (n *Node) structureConfig(o cluster.Object) []byte {
	if o.Service != imap.Service {
		return nil
	}
	b, err := json.Marshal(n.ownMapConfig(o.Name))
	if err != nil {
		return nil // a struct of numbers: does not happen, and the file's own is used instead
	}
	return b
}

// compareConfigs logs where this member's file differs from what the cluster
// has fixed for structures that are new in the document.
func (n *Node) compareConfigs(before, now *cluster.Document) {
	for i := range now.Objects {
		o := &now.Objects[i]
		if before != nil {
			if _, known := before.Find(o.Object); known {
				continue
			}
		}
		if own := n.structureConfig(o.Object); len(o.Config) > 0 && string(own) != string(o.Config) {
			n.log("member").Warn("this member's configuration of a structure differs from the cluster's, which counts",
				slog.String("structure", o.Name), slog.String("cluster", string(o.Config)), slog.String("member", string(own)))
		}
	}
}

// hasRoom tells whether this member takes a copy of a partition: it does not while it is an eighth beyond its budget.
func (n *Node) hasRoom() bool {
	budget := n.o.Arena.Budget()
	return budget <= 0 || n.o.Arena.Used() <= budget+budget/8
}

func (n *Node) dataMembers() int {
	count := 0
	if l := n.View().List; l != nil {
		for i := range l.Members {
			if l.Members[i].DataMember() {
				count++
			}
		}
	}
	return max(count, 1)
}
