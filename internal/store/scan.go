package store

import "math/rand/v2"

// ScanEnd is the cursor behind the last entry.
const ScanEnd = 1 << 32

// Scan visits entries in the order of their hashes, from cursor on (0 is the start), until visit returns
// false; entries of the same hash are visited together all the same. It returns the cursor from
// which to go on, and whether all entries have been visited. However the table
// changes between two calls, an entry that stays in it is visited exactly once.
//
// visit must not change the table but for the Set methods of its entry.
func (t *Table) Scan(cursor uint64, visit func(Entry) bool) (next uint64, done bool) {
	if t.index.count == 0 || cursor >= ScanEnd {
		return ScanEnd, true
	}
	hash, stop := uint32(cursor), false
	for at := t.index.leaf(hash); at < len(t.index.leaves); at++ {
		leaf := t.index.leaves[at]
		for i := seek(leaf, hash); i < len(leaf); i++ {
			word := leaf[i]
			if h := uint32(word >> 32); stop && h != hash {
				return uint64(hash) + 1, false
			}
			hash = uint32(word >> 32)
			ref := uint32(word)
			if !visit(Entry{rec: t.log.at(ref), ref: ref}) {
				stop = true
			}
		}
	}
	return ScanEnd, true
}

// Same visits the entries of one hash.
func (t *Table) Same(hash uint32, visit func(Entry)) {
	if t.index.count == 0 {
		return
	}
	leaf := t.index.leaves[t.index.leaf(hash)]
	for i := seek(leaf, hash); i < len(leaf) && uint32(leaf[i]>>32) == hash; i++ {
		ref := uint32(leaf[i])
		visit(Entry{rec: t.log.at(ref), ref: ref})
	}
}

// Sample visits n entries chosen at random, some perhaps twice; all entries, once, of a table that has no more than n.
func (t *Table) Sample(n int, random *rand.Rand, visit func(Entry)) {
	if t.index.count <= n {
		t.Scan(0, func(e Entry) bool {
			visit(e)
			return true
		})
		return
	}
	for range n {
		leaf := t.index.leaves[random.IntN(len(t.index.leaves))]
		ref := uint32(leaf[random.IntN(len(leaf))])
		visit(Entry{rec: t.log.at(ref), ref: ref})
	}
}
