// Package admin is the door for operators: HTTP on the member port and the
// management listener.
//
// On the member port a connection that begins with an HTTP method is handed to
// a Door together with the bytes that told it apart. It answers the health
// family with the paths, status codes and bodies of Hazelcast 5 (manual, chapter
// "Health Check"), so that probes and load balancers written for it go on
// working:
//
//	/hazelcast/health                       the whole state as JSON
//	/hazelcast/health/node-state            STARTING, ACTIVE, PASSIVE; 503 once shut down
//	/hazelcast/health/cluster-state         ACTIVE, …
//	/hazelcast/health/cluster-safe          200, or 503 while a partition lacks a copy or moves
//	/hazelcast/health/migration-queue-size  moves planned and not done
//	/hazelcast/health/cluster-size          members
//	/hazelcast/health/ready                 200 once joined and until it leaves, else 503
//	/filbert/debug/clients                  the connected clients, where configured
//
// The management listener has an address of its own, because what it shows is
// for operators only: the health family again, Prometheus metrics and Go's
// profiles.
//
// Invariants:
//   - Nothing here holds state of the grid. A request asks a Probe, a scrape asks
//     a Source; both read without blocking the grid, and are plugged in by the
//     package that wires a member.
//   - Prometheus is known in this package only. Lower floors count with package
//     metric, and what a number is called is decided here, in metrics.go.
//   - Every connection is bounded: in number, in header and body size and in time.
//     A caller beyond a limit is refused; none waits for another.
package admin
