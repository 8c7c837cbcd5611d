package cluster

import "slices"

// Attribute is one member attribute (manual: "Member Attributes").
type Attribute struct{ Key, Value string }

// Member is what all members know of one of them.
type Member struct {
	ID MemberID
	// Address is where other members reach it; Client where clients do
	// (the same port but for advanced-network and public-address).
	Address, Client Address
	// Lite members own no partitions.
	Lite bool
	// Leaving is set from the member's announcement until it is gone: it gets
	// no new data, and what it has moves away.
	Leaving bool
	// Carrying is set while the member has not merged all that it held of a former cluster: what was acknowledged there may not be
	// seen yet, so split-brain protection does not count it. Not in clusters of 0.1.
	Carrying bool
	// Build is the version told to clients, e.g. 5.5.0.
	Build [3]byte
	// Attributes are in the order of their keys.
	Attributes []Attribute
}

// DataMember is true for members that may get data.
func (m *Member) DataMember() bool { return !m.Lite && !m.Leaving }

// Mark is a point in a cluster's history: a lineage and a version in it.
type Mark struct {
	Lineage UUID
	Version int32
}

// List is the member list, oldest first; the first member coordinates. Lists
// are immutable once published.
//
// A lineage is minted at founding and at every take-over. Chain holds, for
// every lineage before this one, the last mark that this list descends from.
// Version rises with every change, across lineages, since clients compare it.
type List struct {
	Mark
	Chain   []Mark
	Members []Member
}

// Relation is how a list stands to a mark.
type Relation uint8

// The relations of a list to a mark that a member has.
const (
	// Foreign: neither descends from the other: a split, or another cluster.
	Foreign Relation = iota
	// Newer: the list descends from the mark.
	Newer
	// Same: the list is at the mark.
	Same
	// Older: the list is an earlier one of the mark's own lineage.
	Older
)

// Against tells how l stands to a mark that its receiver has.
func (l *List) Against(have Mark) Relation {
	if l.Lineage == have.Lineage {
		switch {
		case l.Version > have.Version:
			return Newer
		case l.Version == have.Version:
			return Same
		default:
			return Older
		}
	}
	for _, m := range l.Chain {
		if m.Lineage == have.Lineage && m.Version >= have.Version {
			return Newer
		}
	}
	return Foreign
}

// Find returns the member's place in the list, or -1.
func (l *List) Find(id MemberID) int {
	return slices.IndexFunc(l.Members, func(m Member) bool { return m.ID == id })
}

// Get returns the member with that id, or nil.
func (l *List) Get(id MemberID) *Member {
	if i := l.Find(id); i >= 0 {
		return &l.Members[i]
	}
	return nil
}

// Coordinator is the oldest member, or nil in an empty list.
func (l *List) Coordinator() *Member {
	if len(l.Members) == 0 {
		return nil
	}
	return &l.Members[0]
}
