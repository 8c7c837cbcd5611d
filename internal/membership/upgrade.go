package membership

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// The cluster's version. A founder sets it; members that do not speak it do not get in, so that all speak it at any time;
// the coordinator raises it when every member of the list speaks the next one. What members speak stands in their heartbeats
// and questions, not in the list: a coordinator of 0.1 publishes the list without what it does not know.

// Errors of the cluster's version.
var (
	// ErrClusterVersion is why a member does not get into a cluster whose version it does not speak.
	ErrClusterVersion = errors.New("membership: the cluster's version is not one that the member speaks")
	// ErrNoCluster is returned for a change of the version by a member that is in no cluster.
	ErrNoCluster = errors.New("membership: this member has not joined a cluster")
	// ErrVersionLowered is returned for a change to a version that is older than the cluster's.
	ErrVersionLowered = errors.New("membership: the cluster's version is never lowered")
	// ErrVersionUnknown is returned for a change to a version that the build of the member asked, or of the coordinator, does not speak.
	ErrVersionUnknown = errors.New("membership: this build does not speak that version")
	// ErrVersionOfMembers is returned for a change to a version that not every member speaks.
	ErrVersionOfMembers = errors.New("membership: not every member speaks that version")
)

// speaks are the versions of this member's build.
func (c *Core) speaks() cluster.Spoken { return c.Version.Spoken() }

// clusterVersion is the version of this member's cluster, which has one.
func (c *Core) clusterVersion() cluster.Version { return c.document.ClusterVersion }

// appendSpoken appends what this member speaks, behind everything that 0.1 reads of a message. The simulator has
// members of 0.1, which write nothing.
func (c *Core) appendSpoken(dst []byte) []byte {
	if !c.Version.HasVersion() {
		return dst
	}
	return cluster.AppendSpoken(dst, c.speaks())
}

// fits tells whether a member may be in a cluster, with the reason that both sides log.
func fits(member cluster.Spoken, version cluster.Version) error {
	if member.Has(version) {
		return nil
	}
	return fmt.Errorf("%w: the cluster is of version %s, which builds of that version and of the next one may join; the member speaks %s",
		ErrClusterVersion, version, member)
}

// foundingVersion is the version of a cluster that this member founds: the one that it is told to begin with, or else its
// own; but none that a candidate it has met does not speak, which could not join. That happens when all members start at once
// in the middle of an upgrade.
func (c *Core) foundingVersion() cluster.Version {
	version := c.Version
	if c.speaks().Has(c.InitVersion) {
		version = c.InitVersion
	}
	for _, k := range c.found.candidates {
		if version.AtLeast(k.speaks.Newest) && c.speaks().Has(k.speaks.Newest) {
			version = k.speaks.Newest
		}
	}
	return version
}

// invited joins the cluster that a member has answered with, if this member speaks its version; otherwise it waits
// until somebody has changed one or the other. It tells whether the answer was one that invites.
func (c *Core) invited(answerer cluster.Address, r *packed.Reader) bool {
	list := cluster.ReadList(r)
	version := cluster.ReadVersion(r)
	if r.Err() != nil || len(list.Members) == 0 {
		return false
	}
	if err := fits(c.speaks(), version); err != nil && c.Version.HasVersion() {
		c.noteRefusal(answerer, err)
		return false
	}
	c.join(list.Coordinator().Address)
	return true
}

// mayRaise tells whether the cluster may talk in a version from now on.
func (c *Core) mayRaise(version cluster.Version) error {
	switch {
	case c.phase != member:
		return ErrNoCluster
	case !version.AtLeast(c.clusterVersion()):
		return fmt.Errorf("%w: from %s to %s", ErrVersionLowered, c.clusterVersion(), version)
	case !c.speaks().Has(version):
		return fmt.Errorf("%w: it speaks %s, not %s", ErrVersionUnknown, c.speaks(), version)
	}
	var cannot []string
	for i := range c.list.Members {
		m := &c.list.Members[i]
		if b := c.beats[m.ID]; m.ID != c.Self.ID && (b == nil || !b.speaks.Has(version)) {
			spoken := cluster.Spoken{}
			if b != nil {
				spoken = b.speaks
			}
			cannot = append(cannot, m.Address.String()+" speaks "+spoken.String())
		}
	}
	if len(cannot) > 0 {
		return fmt.Errorf("%w: %s: %s", ErrVersionOfMembers, version, strings.Join(cannot, ", "))
	}
	return nil
}

// autoRaise raises the version as soon as every member speaks a newer one, if the configuration says so.
func (c *Core) autoRaise() {
	if !c.AutoUpgrade || len(c.list.Members) < c.AutoUpgradeSize || c.clusterVersion().AtLeast(c.Version) {
		return
	}
	if c.mayRaise(c.Version) == nil {
		c.publishDocument(c.document.WithVersion(c.Version))
	}
}

// noteVersion says that the version was raised.
func (c *Core) noteVersion(document *cluster.Document) {
	if c.document != nil && !c.clusterVersion().AtLeast(document.ClusterVersion) {
		c.Logger.Info("the cluster's version is raised: members that do not speak it cannot join any more",
			slog.String("from", c.clusterVersion().String()), slog.String("to", document.ClusterVersion.String()))
	}
}
