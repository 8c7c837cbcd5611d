// Package sim runs whole members in one thread: the production code between a
// client's bytes and the links, on a seeded network, in virtual time.
//
// A World has processes, which are members with an address, and clients, which
// speak the client protocol with the members' gateways. Everything that happens is an
// event at a time of its own; the order of events, all delays and all decisions come from
// the seed, so a seed replays exactly. What a paused process would do waits; what a crashed one would
// do does not happen.
//
// A Plan of faults is drawn from the seed (plan.go), or read from a script
// (script.go): starts at once, joins, graceful leaving, crashes, pauses, broken lanes, slow links. After each round the
// world must become quiet: one list, one table, every partition with its
// backups in sync (check.go). Clients go on all the while and record what they asked
// and what they were answered (history.go); in the end the history of every key must be
// linearizable, which includes that nothing acknowledged is lost. An operation whose outcome
// its client cannot know may have happened, at any time after it was asked, or not.
//
// Rules of the plan: with one backup, the next member may crash, or be silent for so
// long that it is removed, only when every partition has its backup again; at least one member stays. A
// member is not started while another is silent, since a cluster that is silent cannot be told from none.
package sim
