package member

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/admin"
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/membership"
)

// Whoever raises the version must know what a client must know.
func TestChangeClusterVersion(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	o := options(t, "127.0.0.1", "JAVA_OPTS=-Dhazelcast.init.cluster.version=0.1")
	m := begin(ctx, t, o)
	until(ctx, t, "joined", func() bool { return m.ClusterVersion() != "" })
	for _, c := range []struct {
		name, version string
		want          error
	}{
		{"another", "0.2", admin.ErrForbidden},
		{o.Config.ClusterName, "2", cluster.ErrBadVersion},
		{o.Config.ClusterName, "0.9", membership.ErrVersionUnknown},
		{o.Config.ClusterName, "0.2", nil},
		{o.Config.ClusterName, "0.1", membership.ErrVersionLowered},
	} {
		if err := m.ChangeClusterVersion(ctx, c.name, "", c.version); !errors.Is(err, c.want) {
			t.Errorf("%s by %s: %v, want %v", c.version, c.name, err, c.want)
		}
	}
	if s := m.Snapshot().Cluster; s.Version != "0.2" || s.VersionRaisesTotal != 1 {
		t.Errorf("version %s, raised %d times", s.Version, s.VersionRaisesTotal)
	}
	m.o.Config.Security = config.Security{Enabled: true, ClientRealm: "r", Realms: map[string]config.Realm{
		"r": {Simple: true, Users: []config.User{{Name: "u", Password: "p"}}},
	}}
	for name, want := range map[string]error{"u": nil, o.Config.ClusterName: admin.ErrForbidden} {
		if err := m.ChangeClusterVersion(ctx, name, "p", "0.2"); !errors.Is(err, want) {
			t.Errorf("user %s: %v, want %v", name, err, want)
		}
	}
	cancel()
	<-m.Done()
}
