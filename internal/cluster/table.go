package cluster

import "slices"

// MaxBackups is the largest number of backups of a partition, as in Hazelcast.
const MaxBackups = 6

// ReplicaState says what a replica is good for.
type ReplicaState uint8

// The states of a replica in the table.
const (
	// CatchingUp: receiving its first copy; promoted only when nobody else is left.
	CatchingUp ReplicaState = iota
	// InSync: its acknowledgements are waited for; it may be promoted.
	InSync
)

// Replica is one copy of a partition. Its place in the assignment is its
// replica index: 0 the primary, 1 and up the backups.
type Replica struct {
	Member MemberID
	State  ReplicaState
}

// Assignment is the configuration of one partition. Epoch rises with every
// change; no two configurations of a partition have the same one.
type Assignment struct {
	Epoch    uint64
	Replicas []Replica
}

// Primary is the member at replica index 0, or the zero id when the partition
// has none at the moment (its primary is gone, a promotion is under way).
func (a *Assignment) Primary() MemberID {
	if len(a.Replicas) == 0 {
		return MemberID{}
	}
	return a.Replicas[0].Member
}

// Find returns the replica index of a member, or -1.
func (a *Assignment) Find(id MemberID) int {
	return slices.IndexFunc(a.Replicas, func(r Replica) bool { return r.Member == id })
}

// Table is the partition table, immutable once published. Version rises with
// every change, and clients compare it.
type Table struct {
	Version    int32
	Partitions []Assignment
}

// Clone returns a copy whose assignments may be replaced; their replica slices are shared and
// must be replaced, not changed.
func (t *Table) Clone() *Table {
	return &Table{Version: t.Version, Partitions: slices.Clone(t.Partitions)}
}
