// Package store is the memory of a structure's part in one partition: a hash
// table from key bytes to a value and the times and counters of the entry.
//
// It is made for four things at once: nothing is allocated in steady state; an
// entry costs few bytes beyond its own; the garbage collector has nothing to
// follow; and a scan can be left and taken up again at any time, also on another member.
//
// # Arena
//
// The tables of a member share an arena (arena.go): memory that the garbage collector does not know, neither to follow nor
// to let grow to the double before it collects. Addresses are reserved once and become memory by 4 MiB (pages.go), the
// lowest that are free first. A block is known by 32 bits: where it stands in units of 64 bytes. Up to 4 KiB it
// stands in a slab with others of its size (slab.go), four sizes to each doubling; beyond that it is a run of pages of 4 KiB.
// What is free beyond a sixteenth is given back to the system, ten times a second. With more than 32 MiB, large pages are asked for:
// to find one of 10 million entries then takes fewer misses of the address translation.
//
// The arena may have a budget, which counts for tables that are limited: when a record needs a block that the budget has no room for, Insert and Overwrite
// are refused. What fits where something was removed needs none, and shortly before the budget is used up tables look for such places more eagerly,
// and empty chunks sooner.
//
// To empty a table takes no time, however large it is: its blocks are thrown away together and freed bit by bit (garbage.go).
//
// A table owns its blocks: whoever forgets one without Reset has leaked its memory. The books of the arena show it: the simulator
// looks at them whenever a member ends, and so does a member with the build tag "invariants".
//
// # Records
//
// A record (entry.go) is a header, the key and the value in one piece, in units
// of 8 bytes. The counters of an entry, and what it needs to expire, are
// there only if they are wanted.
//
// Records stand one after another in chunks (log.go). The only chunk of a small table grows by a quarter, by being copied, up to
// 16 KiB; further ones have an eighth of what there is, up to 64 KiB. A record of
// more than 8 KiB has a chunk of its own. A value that fits where the old one
// stood, with at most an eighth to spare, is written there; otherwise the record is appended anew and
// its old place is a hole. Holes of the emptiest chunk are filled with records that fit when there is a sixteenth of waste. Where
// they do not, and waste exceeds an eighth, the emptiest chunk is emptied, its records moved to the end: one chunk for one change,
// so that no change takes long.
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
// # What an entry costs
//
// Beyond its key and value, where nothing is kept but its version:
//
//	12.0  header
//	 3.5  rounding to units of 8 bytes, on average; 0 for 140 bytes of key and value
//	 8.8  a word in the index: leaves of 128 to 256 words in blocks of at most a quarter more than they need
//	 0.2  arrays of leaves and chunks
//	 0.8  the end of the last chunk, in a table of 37,000 entries: 10 million over 271 partitions
//	 2.1  free pages, the last large page, and the rest of slabs and of the process
//
// which is 24 bytes for 10 million entries of 140 bytes just filled: 14 %. In steady change there is up to an eighth of waste, and leaves are less
// full: 40 bytes. Counters are 22 bytes, a TTL or max-idle time 30. A table of four entries has 45 bytes for each of them, its own
// 128 not counted.
//
// # Contract
//
// The table has no lock: the partition's lock guards it. An Entry, and the slices that it returns, are views
// that live until the next change of the table; those of an entry that has just been
// removed, or overwritten with keep set, live until the change after that. With the build tag
// "invariants" freed memory is overwritten, so that a view kept too long is seen.
package store
