package store

import "slices"

const (
	// leafMax is how many entries a leaf holds: to insert moves half of them, 1 KiB, in some 20 ns.
	leafMax = 256
	// leafMerge is how few entries two neighbours may have together to become one.
	leafMerge = leafMax / 2
	// nearby is how far an interpolated guess is followed step by step.
	nearby = 16
	// leafCost is the memory of a leaf beside its words: its slice header and its first hash.
	leafCost = 24 + 4
)

// index is the sorted index of a table. A word is the hash of an entry in the upper half and the
// reference of its record in the lower. Entries with the same hash stand
// in the same leaf, however many they are, in no order among themselves.
type index struct {
	// leaves are sorted by hash, within and one after another. None is empty, and there is none in an empty table.
	leaves [][]uint64
	// first is the least hash that belongs into each leaf; first[0] is 0.
	first []uint32
	count int
	// bytes is the memory of all leaves.
	bytes int64
}

// leaf returns the leaf that a hash belongs to; there must be one.
func (x *index) leaf(hash uint32) int {
	n := len(x.first)
	i := int(uint64(hash) * uint64(n) >> 32)
	for range nearby {
		switch {
		case x.first[i] > hash:
			i--
		case i+1 < n && x.first[i+1] <= hash:
			i++
		default:
			return i
		}
	}
	i, found := slices.BinarySearch(x.first, hash)
	if !found {
		i--
	}
	return i
}

// seek returns the place of the first word of hash in its leaf, or the place where it would stand.
func seek(leaf []uint64, hash uint32) int {
	word := uint64(hash) << 32
	n := len(leaf)
	if n == 0 || leaf[0] >= word {
		return 0
	}
	if leaf[n-1] < word {
		return n
	}
	// The first is less and the last is not, so there is a span to interpolate in.
	low, high := uint32(leaf[0]>>32), uint32(leaf[n-1]>>32)
	i := 1 + int(uint64(hash-low)*uint64(n-1)/uint64(high-low+1))
	i = min(i, n-1)
	for range nearby {
		switch {
		case leaf[i] < word:
			i++
		case leaf[i-1] >= word:
			i--
		default:
			return i
		}
	}
	i, _ = slices.BinarySearch(leaf, word)
	return i
}

// insert adds a word.
func (x *index) insert(hash, ref uint32) {
	x.count++
	if len(x.leaves) == 0 {
		x.leaves = append(x.leaves, make([]uint64, 0, 4))
		x.first = append(x.first, 0)
		x.bytes = 4*8 + leafCost
	}
	at := x.leaf(hash)
	if len(x.leaves[at]) >= leafMax {
		x.split(at)
		at = x.leaf(hash)
	}
	leaf := x.leaves[at]
	if len(leaf) == cap(leaf) {
		// By a half, not the double: a leaf stays well filled.
		grown := make([]uint64, len(leaf), max(len(leaf)+len(leaf)/2, 4))
		copy(grown, leaf)
		x.bytes += int64(cap(grown)-cap(leaf)) * 8
		leaf = grown
	}
	i := seek(leaf, hash)
	leaf = leaf[:len(leaf)+1]
	copy(leaf[i+1:], leaf[i:])
	leaf[i] = uint64(hash)<<32 | uint64(ref)
	x.leaves[at] = leaf
}

// split makes two leaves of a full one, at the boundary of two hashes that is
// nearest to its middle; a leaf of one hash stays as it is.
func (x *index) split(at int) {
	leaf := x.leaves[at]
	middle := 0
	for d := range len(leaf) / 2 {
		if i := len(leaf)/2 + d; boundary(leaf, i) {
			middle = i
			break
		}
		if i := len(leaf)/2 - d; boundary(leaf, i) {
			middle = i
			break
		}
	}
	if middle == 0 {
		return
	}
	upper := slices.Clone(leaf[middle:])
	lower := slices.Clone(leaf[:middle])
	x.bytes += int64(cap(upper)+cap(lower)-cap(leaf))*8 + leafCost
	x.leaves[at] = lower
	x.leaves = slices.Insert(x.leaves, at+1, upper)
	x.first = slices.Insert(x.first, at+1, uint32(upper[0]>>32))
}

func boundary(leaf []uint64, i int) bool {
	return i > 0 && i < len(leaf) && leaf[i-1]>>32 != leaf[i]>>32
}

// find returns the place of a word that is there.
func (x *index) find(hash, ref uint32) (at, i int) {
	at = x.leaf(hash)
	leaf := x.leaves[at]
	i = seek(leaf, hash)
	for uint32(leaf[i]) != ref {
		i++
	}
	return at, i
}

// move changes the reference of a word that is there.
func (x *index) move(hash, from, to uint32) {
	at, i := x.find(hash, from)
	x.leaves[at][i] = uint64(hash)<<32 | uint64(to)
}

// remove takes a word away that is there.
func (x *index) remove(hash, ref uint32) {
	x.count--
	at, i := x.find(hash, ref)
	leaf := x.leaves[at]
	copy(leaf[i:], leaf[i+1:])
	leaf = leaf[:len(leaf)-1]
	x.leaves[at] = leaf
	switch {
	case x.count == 0:
		*x = index{}
	case at > 0 && (len(leaf) == 0 || len(leaf)+len(x.leaves[at-1]) <= leafMerge):
		x.merge(at - 1)
	case at+1 < len(x.leaves) && (len(leaf) == 0 || len(leaf)+len(x.leaves[at+1]) <= leafMerge):
		x.merge(at)
	case cap(leaf) > 16 && len(leaf) < cap(leaf)/4:
		x.leaves[at] = append(make([]uint64, 0, len(leaf)*2), leaf...)
		x.bytes += int64(cap(x.leaves[at])-cap(leaf)) * 8
	}
}

// merge makes one leaf of a leaf and its right neighbour.
func (x *index) merge(at int) {
	a, b := x.leaves[at], x.leaves[at+1]
	both := append(append(make([]uint64, 0, len(a)+len(b)), a...), b...)
	x.bytes += int64(cap(both)-cap(a)-cap(b))*8 - leafCost
	x.leaves[at] = both
	x.leaves = slices.Delete(x.leaves, at+1, at+2)
	x.first = slices.Delete(x.first, at+1, at+2)
	if cap(x.leaves) > 64 && len(x.leaves) < cap(x.leaves)/4 {
		x.leaves, x.first = slices.Clip(slices.Clone(x.leaves)), slices.Clip(slices.Clone(x.first))
	}
}
