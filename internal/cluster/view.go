// Package cluster holds the nouns that all floors above share: members and
// their list, the partition table, the cluster document, and the View that
// puts one state of them together.
//
// Everything here is a value or immutable once published: the coordinator
// makes a new List, Table or Document for every change, membership installs
// it, and readers load the current View without a lock.
package cluster

// View is what a member knows of its cluster at one moment. Immutable.
type View struct {
	Self MemberID
	// Joined is true once the member is in a list: before, no client is served.
	Joined bool
	// Leaving is true from the beginning of this member's own shutdown.
	Leaving   bool
	ClusterID UUID
	List      *List
	Table     *Table
	Document  *Document
}

// Owner is the primary of a partition, or the zero id when there is none at the moment.
func (v *View) Owner(partition int32) MemberID {
	if v.Table == nil || partition < 0 || int(partition) >= len(v.Table.Partitions) {
		return MemberID{}
	}
	return v.Table.Partitions[partition].Primary()
}

// Version is what this cluster's members talk in: the first version before there is a document.
func (v *View) Version() Version {
	if v.Document == nil || v.Document.ClusterVersion.IsZero() {
		return FirstVersion()
	}
	return v.Document.ClusterVersion
}

// Me is this member's own entry in the list, or nil before it joined.
func (v *View) Me() *Member {
	if v.List == nil {
		return nil
	}
	return v.List.Get(v.Self)
}
