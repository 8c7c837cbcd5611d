// Package member puts a member together: it is the one place where things are
// constructed and plugged into one another.
//
// Node is everything between links, clients' bytes and the clock, without a
// goroutine; Member is the shell that gives it sockets, time and goroutines,
// and that makes a new Node, with a new id, when the cluster has gone on without the
// old one. The simulator builds Nodes itself.
//
// # Merging
//
// A node whose cluster has given itself up for another one, or gone on without it, leaves a Stash to the next: what it held. That one joins the
// other cluster and gives each fragment to its partition's primary, batch by batch, until all are acknowledged (merge.go).
//
//   - What is sent is what this member's cluster acknowledged after the two parted, as far as a fragment knows: keys that it got
//     entries for since, and effects that waited for a backup when the backup went, if they were acknowledged without it. Where
//     split-brain protection refused writes there are none. Everything is sent if the other cluster has lost the partition, if
//     the two share no list, or if more was written than a fragment remembers.
//   - Each member carries its own part. A primary's is merged by policy and counted; a backup's copy counts only where the other
//     cluster has lost the partition, so that one member of a part that gives itself up, and its copies, never say two things.
//   - A batch arrives at least once. When its primary ends before it has answered, the batch goes to the next one, and what
//     was merged meets itself: equal, and nothing is counted. Only PassThrough, which lets the arriving entry win whatever is there, may
//     overwrite what a client wrote between the two. It overwrites whatever clients wrote before the first as well; maps for which
//     that matters have another policy.
//   - What a member has not sent when its process ends without handing over is lost: it stood nowhere else that goes on. The log says how many
//     fragments a member began to merge, and when it has merged them; one that runs out of time while it leaves says what is left.
package member
