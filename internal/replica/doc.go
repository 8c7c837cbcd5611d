// Package replica is what one member knows of one partition's replication: a
// value without clock, goroutine or socket, called under the partition's lock.
//
// # What it promises
//
// One writer. A partition's assignment (primary, backups) has an epoch, raised
// by the coordinator at every change. Every message carries it; a backup refuses an
// epoch below the one it has promised, and a refused primary stops.
//
// Prefix. Effects have one sequence. A backup applies number n+1 only when it
// has applied n of the same history; a number is identified by itself and the epoch in which it was
// made, as in Raft's log. A gap, a new primary or a new connection make the backup
// tell its Position; the primary answers with Stream and what is missing, or with
// a transfer of the whole partition when its tail no longer reaches back.
//
// No false yes. An answer of a structure with sync backups is released when every
// awaited backup has acknowledged its number: Confirmed. Backups leave that
// set only by a newer assignment, never because time has passed.
//
// # The states of a peer
//
//	silent     its position is unknown; nothing is sent
//	streaming  gets every effect as it is made
//	receiving  streaming, but it holds the effects back until the transfer is there
//
// A backup that catches up is awaited from the moment its acknowledgements
// have reached the sequence, which is before the coordinator hears of it: so
// whatever the table calls in sync has every acknowledged write.
//
// # A backup that differs
//
// The prefix promise makes replicas equal at equal positions. Should one not be (a fault of this program, or of memory), the
// comparison that goes on in the background finds it, and the backup is Doubtful until a transfer has replaced its state. It
// has no Position meanwhile, so: it is not levelled from the tail; it acknowledges nothing, and its primary has it
// taken from those in sync; it is promoted only when no other replica in sync is left. The primary's state is
// taken for right: it is the one that clients have seen.
//
// Every replica of a partition gets every effect in full. A structure with fewer backups
// than the assignment has replicas is copied to all the same: then the order of
// replicas can change without moving data, and any of them may be promoted.
package replica
