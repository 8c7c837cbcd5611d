package member

import (
	"log/slog"

	"github.com/filbertgrid/filbert/internal/cluster"
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
