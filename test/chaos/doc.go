// Package chaos breaks a cluster of real processes while real clients use it,
// and checks what the clients were told.
//
// The steps of a run:
//
//  1. The first process makes network namespaces without names: one for the
//     wires (a bridge), one for each of five members, one for the clients. Each
//     is held by a keeper, a process that only sleeps (network_test.go). It then
//     executes itself again in the clients' namespace (main_test.go).
//  2. Five members of bin/filbert are started, each in its namespace
//     (member_test.go, cluster_test.go).
//  3. Clients of the official Go client read and write a few keys at a high rate
//     (register_test.go) and write many keys once (unique_test.go).
//  4. Faults are drawn from a seed, one at a time (schedule_test.go). Each hits
//     at most one member, or fewer than lose data in any other way, and is
//     followed by the time to recover (fault_test.go, relay_test.go).
//  5. The history of every key is checked for linearizability; every key that
//     was written once and acknowledged must be there (package history).
//
// Invariants of the harness: nothing reaches the machine's own network; nothing
// sleeps, everything is awaited with a deadline; whatever a run makes ends with
// its processes, and these end with their parent, however that ends. Measured
// figures are printed as "figure: name value unit".
//
// It needs root and Linux.
package chaos
