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
// No false yes. An answer of a structure with backup-count k is released when the first k backups in sync have
// acknowledged its number, or all of them when there are fewer: Confirmed. Backups leave or enter that
// set only by a newer assignment, never because time has passed; who enters it owes what is not released yet.
//
// # The states of a peer
//
//	silent     its position is unknown; nothing is sent
//	streaming  gets every effect as it is made
//	receiving  streaming, but it holds the effects back until the transfer is there
//
// A backup that catches up is awaited, where fewer than k are in sync, from the moment its acknowledgements
// have reached the sequence, which is before the coordinator hears of it: so
// if the primary goes then, this one may take its place.
//
// # What k acknowledgements are worth
//
// What was acknowledged survives any k members that fail at a time: it is on the primary and on k backups, and of these k+1 one
// is left. Replicas in sync are not equal, though: those behind the first k may lack what these have confirmed. Therefore
//
//   - a primary is promoted only after every survivor has said how far it is, or is proven gone, and the most advanced one
//     is, whatever the table calls it. Positions are honest, also of one that is catching up: its copy is put in its place as a whole.
//     Levelling goes by the new primary's sequence, so it can only undo what nobody confirmed.
//   - a replica in sync that the plan drops goes last of all. The assignment first puts those that stay at its beginning, so that what is
//     confirmed from then on is on them, and the primary reports when they have all from before: Level. Only then is the replica
//     dropped. In a cluster of version 0.1, whose coordinator does not ask, writes wait for all in sync. Hand-overs need no more: they
//     wait until the heir has everything, and for everything that is held.
//   - a failure is over, and k more may follow, when all partitions are level again.
//   - what a promoted primary brought along waits for all backups in sync, since it does not know each structure's k.
//
// The first k, and not any k: with partition groups the first ones stand in other groups than the primary (package migration keeps that
// order in every assignment), so a write that waits for one backup survives the loss of a zone; and which replicas have everything is
// known before a replica goes. Any k would spare writers the wait for a slow first backup; that one is silent or slow for no longer than
// it takes to be removed. Reads of an effect wait for as many backups as its write does; where keys of several structures meet in a bucket, for
// the larger number.
//
// # A backup that cannot be reached
//
// A backup in sync that gets no further for the silence timeout (Waits), though the coordinator may hear it well, is reported, and the next
// assignment has it catching up: a failure like others, of the one or of the connection. Writes go on with the backups in sync that are left,
// where split-brain protection still holds, and it comes back when it has caught up. A primary without a lease reports nothing, and a coordinator without one
// does not listen: who is cut off must not talk backups out of those that are about to take its place.
//
// # A backup that differs
//
// The prefix promise makes replicas equal at equal positions. Should one not be (a fault of this program, or of memory), the
// comparison that goes on in the background finds it, and the backup is Doubtful until a transfer has replaced its state. It
// has no Position meanwhile, so: it is not levelled from the tail; it acknowledges nothing, and its primary has it
// taken from those in sync; it is promoted only when no other replica in sync is left. The primary's state is
// taken for right: it is the one that clients have seen.
//
// # All replicas hold everything
//
// Every replica of a partition gets every effect in full, and so holds structures whose backup-count and async-backup-count are less than the
// number of backups, too. That costs memory where maps with different counts live beside one another. To give such a replica empty
// effects instead would make replicas unequal for good: the most advanced one could be one that holds nothing of a map, so a promotion, and every
// change of the order of replicas, would have to copy maps before requests may run, and a second failure meanwhile would lose what was never meant to
// depend on a copy. As it is, the order changes without moving data, any replica may be promoted at once, and a map survives more failures
// than it asks for when they come one after the other.
package replica
