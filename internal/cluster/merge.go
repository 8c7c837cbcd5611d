package cluster

import (
	"bytes"
	"cmp"
	"slices"
)

// MergesInto tells which of two clusters of one name gives itself up for the other when they meet: l, if it
// is true. It follows from the two lists alone, so both sides decide the same: the one with fewer data members, then with
// fewer members; between equals the younger lineage, that is the one that has the other's in its chain; and between
// lineages that know nothing of one another the one with the greater bytes.
func (l *List) MergesInto(other *List) bool {
	if c := cmp.Or(
		cmp.Compare(l.dataMembers(), other.dataMembers()),
		cmp.Compare(len(l.Members), len(other.Members)),
	); c != 0 {
		return c < 0
	}
	if younger := l.descendsFrom(other.Lineage); younger != other.descendsFrom(l.Lineage) {
		return younger
	}
	return bytes.Compare(l.Lineage[:], other.Lineage[:]) > 0
}

func (l *List) dataMembers() (n int) {
	for i := range l.Members {
		if l.Members[i].DataMember() {
			n++
		}
	}
	return n
}

func (l *List) descendsFrom(lineage UUID) bool {
	return slices.ContainsFunc(l.Chain, func(m Mark) bool { return m.Lineage == lineage })
}

// Ancestor is the version of the last list that both l and other descend from, -1 when there is none: whatever one side
// did under a later version, the other has not seen.
func (l *List) Ancestor(other *List) int32 {
	last := int32(-1)
	theirs := append(slices.Clone(other.Chain), other.Mark)
	for _, mine := range append(slices.Clone(l.Chain), l.Mark) {
		for _, m := range theirs {
			if m.Lineage == mine.Lineage {
				last = max(last, min(m.Version, mine.Version))
			}
		}
	}
	return last
}

// Apart is true for two lists neither of which descends from the other: a split, or clusters that never knew of one
// another.
func (l *List) Apart(other *List) bool {
	return l.Against(other.Mark) == Foreign && other.Against(l.Mark) == Foreign
}
