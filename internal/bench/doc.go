// Package bench is the load generator behind `filbert bench`.
//
// One run: validate the options; connect; write all keys (fill); let every connection go round its loop for the warm-up
// and the measured time; wait for what is still out; add up; report. The same loop serves three protocols: that of
// Hazelcast's clients (client), that of Redis (resp), and messages of the same sizes without any meaning (echo), which
// Echo answers. So a ratio of two runs compares servers and not generators.
//
// What makes a loop cheap enough to share a machine with the server:
//   - Keys and values have fixed sizes, so a request is a template (template.go) that is copied, and then the digits of
//     the key, the number in the value and the correlation id are written over. Nothing is drawn from a table of keys:
//     working a key out takes less than a cache miss.
//   - One goroutine a connection. It reads what is there, settles all answers, begins as many operations, and writes them
//     at once. The socket is read inside the poller's callback (socket_unix.go), which saves the read that finds nothing.
//   - Two looks at the clock for each batch of answers. No allocation for an operation (alloc_test.go).
//
// Invariants:
//   - An operation belongs to one slot, from its beginning to its answer; answers may come in any order. Each is settled
//     exactly once: as a success, as a failure with its kind, or as unanswered at the end.
//   - The latency of an operation counts from the time at which it should have begun: in the closed loop when it was sent,
//     in the open loop (Options.Rate) when the schedule said so, however late it was sent. A server that stalls therefore
//     shows in every operation that should have begun meanwhile: no coordinated omission.
//   - Recorded is what should have begun in the measured time, wherever its answer comes.
//   - A value carries the number of its key; an answer with another value is a failure.
//
// A smart run of the client protocol asks for the cluster's members and its partition table, opens connections to each
// member, and draws for each connection keys of the partitions of its member, as Hazelcast's smart clients do. The table is
// followed while it runs; members that join later get no connections.
package bench
