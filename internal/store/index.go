package store

import (
	"cmp"
	"slices"
)

const (
	// leafMax is how many entries a leaf holds: to insert moves half of them, 1 KiB, in some 20 ns.
	leafMax = 256
	// leafMin is how many words the first leaf of a table has room for.
	leafMin = grain / 8
	// leafMerge is how few entries two neighbours may have together to become one.
	leafMerge = leafMax / 2
	// nearby is how far an interpolated guess is followed step by step.
	nearby = 16
	// leafCost is the memory of a leaf beside its words.
	leafCost = 16
)

// index is the sorted index of a table. A word is the hash of an entry in the upper half and the
// reference of its record in the lower. Entries with the same hash stand
// in the same leaf, however many they are, in no order among themselves.
type index struct {
	arena *Arena
	// leaves are sorted by hash, within and one after another. None is empty, and there is none in an empty table.
	leaves []leaf
	// count is the number of entries, words what all leaves have room for.
	count, words uint32
	// hint is where a hash was found last: what is looked up is often looked up again at once, and to search a leaf costs more than to look.
	hint hint
}

// hint is a place in the index, which may have changed since: a leaf's number and a word in it.
type hint struct{ hash, leaf, word uint32 }

// leaf is a sorted piece of the index: n words in a block that has room for room of them. first is the least hash
// that belongs into it; that of the first leaf is 0.
type leaf struct {
	first, block, n, room uint32
}

// bytes is all memory of the index.
func (x *index) bytes() int64 { return int64(x.words)*8 + int64(cap(x.leaves))*leafCost }

func (x *index) of(l *leaf) []uint64 { return x.arena.words(l.block, int(l.n)) }

// place returns the words of the leaf that a hash belongs to, and where in it the first of that hash stands or would stand; there
// must be a leaf.
func (x *index) place(hash uint32) (words []uint64, i int) {
	at, i := x.search(hash)
	return x.of(&x.leaves[at]), i
}

// search is place with the leaf's number.
func (x *index) search(hash uint32) (at, i int) {
	if x.hint.hash == hash && x.holds(x.hint) {
		return int(x.hint.leaf), int(x.hint.word)
	}
	at = x.leaf(hash)
	i = seek(x.of(&x.leaves[at]), hash, x.guess(at, hash))
	x.hint = hint{hash, uint32(at), uint32(i)}
	return at, i
}

// holds tells whether the first word of a hint's hash is where it says. All words of a hash stand in one leaf.
func (x *index) holds(h hint) bool {
	if int(h.leaf) >= len(x.leaves) {
		return false
	}
	words := x.of(&x.leaves[h.leaf])
	i := int(h.word)
	return i < len(words) && uint32(words[i]>>32) == h.hash && (i == 0 || uint32(words[i-1]>>32) != h.hash)
}

// guess is about where in a leaf a hash stands: hashes are evenly spread between the bounds of the leaf. It looks at none of the leaf's memory,
// of which every line is a wait of its own in a large table.
func (x *index) guess(at int, hash uint32) int {
	l, next := &x.leaves[at], uint64(1<<32)
	if at+1 < len(x.leaves) {
		next = uint64(x.leaves[at+1].first)
	}
	if hash <= l.first {
		return 0
	}
	return int(uint64(hash-l.first) * uint64(l.n) / (next - uint64(l.first)))
}

// leaf returns the leaf that a hash belongs to; there must be one.
func (x *index) leaf(hash uint32) int {
	n := len(x.leaves)
	i := int(uint64(hash) * uint64(n) >> 32)
	for range nearby {
		switch {
		case x.leaves[i].first > hash:
			i--
		case i+1 < n && x.leaves[i+1].first <= hash:
			i++
		default:
			return i
		}
	}
	i, found := slices.BinarySearchFunc(x.leaves, hash, func(l leaf, hash uint32) int { return cmp.Compare(l.first, hash) })
	if !found {
		i--
	}
	return i
}

// seek returns the place of the first word of hash in its leaf, or the place where it would stand, near a guess.
func seek(leaf []uint64, hash uint32, guess int) int {
	word := uint64(hash) << 32
	n := len(leaf)
	i := min(guess, n)
	for range nearby {
		switch {
		case i < n && leaf[i] < word:
			i++
		case i > 0 && leaf[i-1] >= word:
			i--
		default:
			return i
		}
	}
	i, _ = slices.BinarySearch(leaf, word)
	return i
}

// room makes sure that the leaf of a hash has room for one more word.
func (x *index) room(hash uint32) error {
	if len(x.leaves) == 0 {
		l, err := x.newLeaf(0, nil, leafMin)
		if err != nil {
			return err
		}
		x.leaves = append(x.leaves, l)
		return nil
	}
	at := x.leaf(hash)
	if x.leaves[at].n >= leafMax {
		if err := x.split(at); err != nil {
			return err
		}
		at = x.leaf(hash)
	}
	l := &x.leaves[at]
	if l.n < l.room {
		return nil
	}
	return x.resize(l, int(l.n)+1)
}

// newLeaf makes a leaf of words, with room for at least n. The budget is asked for records only: where there is room for one, there is
// for its word.
func (x *index) newLeaf(first uint32, words []uint64, n int) (leaf, error) {
	size := fit(n * 8)
	block, err := x.arena.alloc(size, false)
	if err != nil {
		return leaf{}, err
	}
	l := leaf{first: first, block: block, n: uint32(len(words)), room: uint32(size / 8)}
	copy(x.of(&l), words)
	x.words += l.room
	return l, nil
}

// free gives a leaf's block back.
func (x *index) free(l *leaf) {
	x.words -= l.room
	x.arena.free(l.block, int(l.room)*8)
}

// resize moves a leaf to a block with room for at least n words.
func (x *index) resize(l *leaf, n int) error {
	moved, err := x.newLeaf(l.first, x.of(l), n)
	if err != nil {
		return err
	}
	x.free(l)
	*l = moved
	return nil
}

// insert adds a word. room must have been called for its hash.
func (x *index) insert(hash, ref uint32) {
	x.count++
	at := x.leaf(hash)
	l := &x.leaves[at]
	l.n++
	words := x.of(l)
	i := seek(words[:l.n-1], hash, x.guess(at, hash))
	copy(words[i+1:], words[i:])
	words[i] = uint64(hash)<<32 | uint64(ref)
}

// split makes two leaves of a full one, at the boundary of two hashes that is
// nearest to its middle; a leaf of one hash stays as it is.
func (x *index) split(at int) error {
	l := x.leaves[at]
	words := x.of(&l)
	middle := 0
	for d := range len(words) / 2 {
		if i := len(words)/2 + d; boundary(words, i) {
			middle = i
			break
		}
		if i := len(words)/2 - d; boundary(words, i) {
			middle = i
			break
		}
	}
	if middle == 0 {
		return nil
	}
	lower, err := x.newLeaf(l.first, words[:middle], middle+1)
	if err != nil {
		return err
	}
	upper, err := x.newLeaf(uint32(words[middle]>>32), words[middle:], len(words)-middle+1)
	if err != nil {
		x.free(&lower)
		return err
	}
	x.free(&l)
	x.leaves[at] = lower
	x.leaves = slices.Insert(x.leaves, at+1, upper)
	return nil
}

func boundary(leaf []uint64, i int) bool {
	return i > 0 && i < len(leaf) && leaf[i-1]>>32 != leaf[i]>>32
}

// find returns the place of a word that is there.
func (x *index) find(hash, ref uint32) (at, i int) {
	at, i = x.search(hash)
	for words := x.of(&x.leaves[at]); uint32(words[i]) != ref; {
		i++
	}
	return at, i
}

// move changes the reference of a word that is there.
func (x *index) move(hash, from, to uint32) {
	at, i := x.find(hash, from)
	x.of(&x.leaves[at])[i] = uint64(hash)<<32 | uint64(to)
}

// remove takes a word away that is there.
func (x *index) remove(hash, ref uint32) {
	x.count--
	at, i := x.find(hash, ref)
	l := &x.leaves[at]
	words := x.of(l)
	copy(words[i:], words[i+1:])
	l.n--
	switch few := func(i int) bool { return l.n == 0 || l.n+x.leaves[i].n <= leafMerge }; {
	case x.count == 0:
		x.reset()
	case at > 0 && few(at-1):
		x.merge(at - 1)
	case at+1 < len(x.leaves) && few(at+1):
		x.merge(at)
	case l.room > leafMin && l.n < l.room/2:
		_ = x.resize(l, int(l.n)+1) // without memory it stays as it is
	}
}

// merge makes one leaf of a leaf and its right neighbour.
func (x *index) merge(at int) {
	a, b := &x.leaves[at], &x.leaves[at+1]
	n := a.n
	if n+b.n > a.room {
		if x.resize(a, int(n+b.n)) != nil {
			x.replaceEmpty(at)
			return
		}
	}
	a.n += b.n
	copy(x.of(a)[n:], x.of(b))
	x.free(b)
	x.drop(at + 1)
}

// replaceEmpty is merge without memory: of two leaves, one of which may be empty, none is empty afterwards.
func (x *index) replaceEmpty(at int) {
	a, b := &x.leaves[at], &x.leaves[at+1]
	switch {
	case b.n == 0:
		x.free(b)
		x.drop(at + 1)
	case a.n == 0:
		b.first = a.first
		x.free(a)
		x.drop(at)
	}
}

// drop takes a leaf off the list.
func (x *index) drop(at int) {
	x.leaves = slices.Delete(x.leaves, at, at+1)
	if cap(x.leaves) > 64 && len(x.leaves) < cap(x.leaves)/4 {
		x.leaves = slices.Clip(slices.Clone(x.leaves))
	}
}

// reset removes everything.
func (x *index) reset() {
	for i := range x.leaves {
		x.free(&x.leaves[i])
	}
	*x = index{arena: x.arena}
}
