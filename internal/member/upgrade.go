package member

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/filbertgrid/filbert/internal/admin"
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/membership"
)

// version is the newest cluster version that this node speaks.
func (n *Node) version() cluster.Version {
	if n.o.Version.IsZero() {
		return cluster.CurrentVersion()
	}
	return n.o.Version
}

// initVersion is the version that a cluster begins with which this node founds.
func (n *Node) initVersion() cluster.Version {
	text := n.o.Config.ClusterVersion.Init
	if text == "" {
		return n.version()
	}
	v, err := cluster.ParseVersion(text)
	if err != nil || !n.version().Spoken().Has(v) {
		n.log("member").Warn("hazelcast.init.cluster.version is not a version that this build speaks: a cluster that it founds is of its own",
			slog.String("wanted", text), slog.String("spoken", n.version().Spoken().String()))
		return n.version()
	}
	return v
}

// Raise asks for the cluster's version to be raised; done is called once, when every member has installed it or with the
// reason why not.
func (n *Node) Raise(version cluster.Version, done func(error)) {
	n.post(func() { n.change(membership.Change{Kind: membership.RaiseVersion, Version: version}, done) })
}

// ClusterVersion implements admin.ClusterVersion.
func (m *Member) ClusterVersion() string {
	if v := m.node.Load().View(); v.Joined {
		return v.Version().String()
	}
	return ""
}

// ChangeClusterVersion implements admin.ClusterVersion.
func (m *Member) ChangeClusterVersion(ctx context.Context, name, password, version string) error {
	asked := m.o.Logger.With(slog.String("component", "admin"), slog.String("version", version))
	if !m.mayChange(name, password) {
		asked.Warn("a change of the cluster's version is refused", slog.String("reason", admin.ErrForbidden.Error()))
		return admin.ErrForbidden
	}
	v, err := cluster.ParseVersion(version)
	if err == nil {
		asked.Info("a change of the cluster's version is asked for")
		ended := make(chan error, 1)
		m.node.Load().Raise(v, func(err error) { ended <- err })
		select {
		case err = <-ended:
		case <-ctx.Done():
			err = fmt.Errorf("not every member has said yet that it has the new version: %w", ctx.Err())
		}
	}
	if err != nil {
		asked.Warn("the cluster's version is not changed", slog.String("reason", err.Error()))
	}
	return err
}

// mayChange asks for what clients are asked for: the cluster's name, or a user and a password.
func (m *Member) mayChange(name, password string) bool {
	credentials := m.o.Config.Security.ClientAuthentication()
	if credentials.Method == config.AuthenticateClusterName {
		return name == m.o.Config.ClusterName
	}
	return credentials.AcceptsPassword(name, password, true)
}
