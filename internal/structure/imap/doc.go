// Package imap is Hazelcast's IMap in one partition.
//
// A Structure makes the fragments of all maps; a fragment (fragment.go) is the
// entries and locks of one map in one partition. The verbs are methods of
// Structure, one file for each family: they run under the partition's lock in a
// partition.Tx, change the fragment, and describe each change by one effect that carries
// the resulting state of one key (effect.go and docs/formats/effects-map.md; apply.go brings it into a backup).
//
// What a verb returns as bytes is a view into the fragment: it is valid until
// the fragment's next change, so the caller appends it to its answer at once. nil means "no entry".
//
// Rules that all verbs keep:
//
//   - An entry whose time is over is not there. The primary that finds it removes it, with an effect and an EXPIRED
//     event, be it at an access or in Tick (expire.go). A locked entry neither expires nor is evicted.
//   - A write to a key that another owner has locked parks until the lock is released; reads do not wait (lock.go).
//   - An answer that shows the state of a key says so (Tx.Saw), also when nothing was changed: it is held back until what it
//     shows is safe. What shows more than single keys says Tx.SawAll.
//   - Effects hold what the primary decided, absolute times included. Applying them asks no clock, no
//     randomness and no configuration.
//   - The order of entries, and so of every scan, is that of their keys' hashes: the same on every replica.
package imap
