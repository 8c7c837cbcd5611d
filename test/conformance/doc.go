// Package conformance runs the official clients, unmodified, against members
// that are separate processes.
//
// The steps of a run:
//
//  1. The binary is taken from FILBERT_BIN or built from the module two folders
//     up (binary_test.go).
//  2. Members are started on free loopback ports far from 5701, configured only
//     by HZ_* variables (member_test.go, cluster_test.go).
//  3. The table of map operations (table_test.go and the table_*_test.go files)
//     is run by a client. Every entry works on a map of its own and compares
//     what it gets with what the Hazelcast manual says, or with a Go map.
//  4. The same table is run against one member and three, smart and unisocket,
//     and while members join, leave and die (operations_test.go, churn_test.go).
//  5. What an acknowledged write is worth (durability_test.go), how clusters are
//     founded (founding_test.go), what bad input does (badinput_test.go) and how
//     a member fails to start (startup_test.go) have tests of their own.
//
// Invariants of the harness: nothing sleeps, everything is awaited with a
// deadline; every process that a test starts is gone when the test ends; a
// failed test prints the end of each member's log; measured figures are
// printed as "figure: name value unit" and never decide a test, except where
// an issue names a limit.
//
// Flags of the test binary: -long for the full repetitions, -ops for a part of
// the table. The Node.js client
// runs under the build tag "node" (node_test.go) because it needs an
// installation: scripts/node-client.sh makes it.
package conformance
