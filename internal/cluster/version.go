package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/filbertgrid/filbert/internal/packed"
)

// Versions. A build is of one version, and speaks that and the one before (N with N-1). A cluster is of one
// version, too, which stands in its document: that is the dialect its members talk in (dialect.go), whatever their
// builds could do besides. It begins as the founder's, is raised when an operator or the configuration says so and every
// member speaks the next one, and never falls. So a cluster is upgraded member by member, and every step but the raise
// can be undone.

// ErrBadVersion is returned by ParseVersion for text that is not major.minor.
var ErrBadVersion = errors.New("not a cluster version of the form major.minor")

// Version is the version of a cluster, or the newest that a build speaks. The zero Version means "none".
type Version struct{ Major, Minor uint8 }

// history are all versions, oldest first. A new one is added at the end, and in dialect.go what it has that the one
// before has not. Its place, from 1, is the member protocol version of the hello.
func history() []Version { return []Version{{0, 1}, {0, 2}} }

// FirstVersion is the version of members that do not know yet that there are versions.
func FirstVersion() Version { return history()[0] }

// CurrentVersion is the newest version that this build speaks.
func CurrentVersion() Version {
	all := history()
	return all[len(all)-1]
}

// IsZero is true for the Version that means "none".
func (v Version) IsZero() bool { return v == Version{} }

// Compare orders versions by age, oldest first.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor))
}

// AtLeast tells whether v is w or newer.
func (v Version) AtLeast(w Version) bool { return v.Compare(w) >= 0 }

// String is the form major.minor.
func (v Version) String() string {
	return strconv.Itoa(int(v.Major)) + "." + strconv.Itoa(int(v.Minor))
}

// ParseVersion reads the form that String writes.
func ParseVersion(s string) (Version, error) {
	major, minor, ok := strings.Cut(s, ".")
	a, errA := strconv.ParseUint(major, 10, 8)
	b, errB := strconv.ParseUint(minor, 10, 8)
	v := Version{Major: uint8(a), Minor: uint8(b)}
	if !ok || errA != nil || errB != nil || v.IsZero() || v.String() != s {
		return Version{}, fmt.Errorf("%w: %.40q", ErrBadVersion, s)
	}
	return v, nil
}

// Protocol is the number of a version of this build's history in the hello of connections; 0 for others.
func (v Version) Protocol() uint16 { return uint16(slices.Index(history(), v) + 1) }

// Spoken are the versions that a member speaks, both ends included. The zero value is a member that was not heard of
// yet, and speaks none.
type Spoken struct{ Oldest, Newest Version }

// Spoken returns what a build of version v speaks: v and the one before, if there is one.
func (v Version) Spoken() Spoken {
	all := history()
	return Spoken{Oldest: all[max(slices.Index(all, v)-1, 0)], Newest: v}
}

// Has tells whether a version is among those spoken.
func (s Spoken) Has(v Version) bool { return v.AtLeast(s.Oldest) && s.Newest.AtLeast(v) }

// String names the versions.
func (s Spoken) String() string {
	switch {
	case s.Newest.IsZero():
		return "none yet"
	case s.Oldest == s.Newest:
		return s.Newest.String()
	}
	return s.Oldest.String() + " to " + s.Newest.String()
}

// AppendVersion appends two bytes.
func AppendVersion(dst []byte, v Version) []byte { return append(dst, v.Major, v.Minor) }

// ReadVersion reads what AppendVersion wrote. At the end of a message it is the first version: its members
// write none.
func ReadVersion(r *packed.Reader) Version {
	if r.Len() == 0 {
		return FirstVersion()
	}
	return Version{Major: r.Byte(), Minor: r.Byte()}
}

// AppendSpoken appends the oldest and the newest version.
func AppendSpoken(dst []byte, s Spoken) []byte {
	return AppendVersion(AppendVersion(dst, s.Oldest), s.Newest)
}

// ReadSpoken reads what AppendSpoken wrote. At the end of a message it is the first version alone.
func ReadSpoken(r *packed.Reader) Spoken {
	return Spoken{Oldest: ReadVersion(r), Newest: ReadVersion(r)}
}
