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
		words := t.index.of(&t.index.leaves[at])
		for i := seek(words, hash, t.index.guess(at, hash)); i < len(words); i++ {
			word := words[i]
			if h := uint32(word >> 32); stop && h != hash {
				return uint64(hash) + 1, false
			}
			hash = uint32(word >> 32)
			if !visit(t.entry(word)) {
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
	words, i := t.index.place(hash)
	for ; i < len(words) && uint32(words[i]>>32) == hash; i++ {
		visit(t.entry(words[i]))
	}
}

// Sample visits n entries chosen at random, some perhaps twice; all entries, once, of a table that has no more than n.
func (t *Table) Sample(n int, random *rand.Rand, visit func(Entry)) {
	if t.Len() <= n {
		t.Scan(0, func(e Entry) bool {
			visit(e)
			return true
		})
		return
	}
	for range n {
		words := t.index.of(&t.index.leaves[random.IntN(len(t.index.leaves))])
		visit(t.entry(words[random.IntN(len(words))]))
	}
}
