// Package protection is split-brain protection: it says which operations are
// refused while a cluster has too few members (manual, "Split-Brain Protection").
//
// A Rule is what the configuration says: the least number of data members, and
// whether reads, writes or both are refused below it. Structures name a rule; a map's is fixed
// with the rest of its configuration at the map's first use, so all members apply the same one.
//
// A Set holds the rules of one member and whether each is met. Update is told of
// every change of the member list, before the partitions get the table that belongs
// to it; Of finds a structure's rule, for every operation.
//
// As in Hazelcast, lite members do not count, and members that are leaving do until they are gone. A member that comes back from the other side of
// a split counts when it has merged what it held: until then what was acknowledged there may be missing here.
package protection

// On says what a rule protects.
type On uint8

// What a rule protects. Numbers are part of the cluster document: append only.
const (
	ReadWrite On = iota
	Read
	Write
)

// Access is what an operation does with a structure.
type Access uint8

// The kinds of access. None are operations that no rule refuses.
const (
	None Access = iota
	Reads
	Writes
)

// covers tells whether a rule protects from an access.
func (o On) covers(a Access) bool {
	switch a {
	case Reads:
		return o != Write
	case Writes:
		return o != Read
	case None:
	}
	return false
}

// Rule is one split-brain-protection of the configuration. It is comparable, and
// written into the cluster document with the structure that names it.
type Rule struct {
	Name string
	// Minimum is the least number of data members.
	Minimum int
	On      On
}
