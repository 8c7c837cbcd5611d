package member

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/migration"
)

// TestZonesOfMembers starts members with zones of their own from configuration: first all in one, which the log says and the
// figures show, then in two, and every partition gets its backup in the other one. A member with another partition-group says so.
func TestZonesOfMembers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var log logBuffer
	var members []*Member
	join := func(zone string, environment ...string) {
		peer := "127.0.0.1:1"
		if len(members) > 0 {
			peer = members[0].Address()
		}
		o := options(t, peer, environment...)
		o.Config.MemberAttributes = map[string]string{migration.ZoneAttribute: zone}
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		m := begin(ctx, t, o)
		members = append(members, m)
		until(ctx, t, "moved", func() bool {
			l := m.Node().View().List
			return l != nil && len(l.Members) == len(members) && m.Health().ClusterSafe && members[0].Snapshot().Partitions.MigrationsQueued == 0
		})
	}
	zoneAware := []string{"HZ_PARTITIONGROUP_ENABLED=true", "HZ_PARTITIONGROUP_GROUPTYPE=ZONE_AWARE"}
	join("a", zoneAware...)
	join("a", zoneAware...)
	until(ctx, t, "the figure of one zone", func() bool { return members[0].Snapshot().Partitions.InOneGroup == 271 })
	join("b")
	join("a", zoneAware...)
	until(ctx, t, "the figure of two zones", func() bool { return members[0].Snapshot().Partitions.InOneGroup == 0 })

	view := members[0].Node().View()
	zone := map[cluster.MemberID]string{}
	for _, m := range view.List.Members {
		zone[m.ID] = m.Attributes[0].Value
	}
	for id, a := range view.Table.Partitions {
		if len(a.Replicas) != 2 || zone[a.Replicas[0].Member] == zone[a.Replicas[1].Member] {
			t.Fatalf("partition %d is at %v", id, a.Replicas)
		}
	}
	for text, want := range map[string]int{
		"all members stand in one partition group": 1, "there are several partition groups again": 1, "differs from the coordinator's, which counts": 1,
	} {
		if n := log.count(text); n != want {
			t.Errorf("%q stands in the log %d times", text, n)
		}
	}
	if text := describe(&members[1].o.Config); !strings.Contains(text, `<partition-group enabled="true" group-type="`+string(config.GroupZoneAware)+`">`) {
		t.Errorf("the configuration is told as %s", text)
	}
	for _, m := range slices.Backward(members) {
		if err := m.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
}
