// Package store is the memory of a structure's part in one partition: a hash
// table from key bytes to a value and the times and counters of the entry.
//
// It is made for four things at once: nothing is allocated in steady state; an
// entry costs few bytes beyond its own; the garbage collector has nothing to
// follow; and a scan can be left and taken up again at any time, also on another member.
//
// # Records
//
// A record (entry.go) is a header, the key and the value in one piece, in units
// of 8 bytes. The counters of an entry, and what it needs to expire, are
// there only if they are wanted.
//
// Records stand one after another in chunks (log.go), byte slices without a pointer
// in them: the first has 256 bytes and they grow with the table up to 64 KiB. A record of
// more than 8 KiB has a chunk of its own. A value that fits where the old one
// stood is written there, otherwise the record is appended anew and
// its old place is waste. When waste exceeds a quarter of the memory, the emptiest
// chunk is emptied, its records moved to the end: one chunk for one change, so that
// no change takes long. Size classes with free lists were the alternative: they
// cost a partly filled slab for each class in every one of 271 partitions, and
// give memory back only when a whole slab happens to be free.
//
// # Index
//
// The index (index.go) is sorted by hash: leaves of up to 256 words, each the hash of
// an entry and where its record stands, below one sorted array of the leaves'
// first hashes. Hashes are evenly spread, so the place of one is found by
// interpolation, in one or two cache lines. The order is what an open-addressed
// table cannot give: a cursor is simply the next hash, it is as good
// after the table grew, shrank or moved to another member, and an
// entry that stays is visited exactly once. No change of the index moves more than a leaf,
// or the array of leaves.
//
// # Contract
//
// The table has no lock: the partition's lock guards it. An Entry, and the slices that it returns, are views
// that live until the next change of the table; those of an entry that has just been
// removed, or overwritten with keep set, live until the change after that. With the build tag
// "invariants" freed memory is overwritten, so that a view kept too long is seen.
package store
