// Package sim runs whole members in one thread: the production code between a
// client's bytes and the links, on a seeded network, in virtual time.
//
// A World has processes, which are members with an address, and clients, which
// speak the client protocol with the members' gateways. Everything that happens is an
// event at a time of its own; the order of events, all delays and all decisions come from
// the seed, so a seed replays exactly. What a paused process would do waits; what a crashed one would
// do does not happen.
//
// A plan of faults is drawn from the seed (plan.go, fault.go, split.go), or read from a script (script.go). After each
// round of faults the world must become quiet (check.go). Clients go on all the while and record what they asked and what
// they were answered (history.go); in the end the history of every key must be linearizable, which includes
// that nothing acknowledged is lost. An operation whose outcome its client cannot know may have happened, at any
// time after it was asked, or not.
//
// # Faults
//
// Members start at once, join, leave, crash (also while they come or go, two in quick succession, with a restart at
// the same address), are silent, or run only for moments. Connections break, one or all of a member's, with what was on
// its way. The network is slow: all of it, for one member, or for one lane, which others overtake then. It is cut in two,
// in both directions or in one, for less than the silence timeout (an interruption) or more (a split); what meets a
// partition vanishes in some worlds, and arrives after its end in others. Clocks differ by minutes and wall clocks by a day,
// and go wrong by up to 4 %, within the margin of leases; a wall clock that is set matters to the next process only,
// since a member reads it once. Discovery shows members late, fails, or knows nothing but a door. Partitions
// have 0 to 3 backups; one map waits for some of them, one for all, one for none.
//
// # What is checked
//
//   - Every waiter is answered, with a result or an error.
//   - What was acknowledged is there, and each key is linearizable. A map without synchronous backups may lose with a
//     member what nobody had waited for, and nothing at any other time.
//   - No table has a replica at a member that is not in the list, nor two at one member. When it is quiet: one
//     list, one table, one document; every partition has as many replicas in sync as there are
//     members for, evenly spread; all replicas are equal, and no other member has any data.
//   - No backup ever differs from its primary without having been damaged.
//
// # What can be promised
//
// No more members are lost, silent or cut off at a time than there are backups: the next one only when every partition has
// its backups again. At least one member stays. A member is not started while another is silent, since a cluster that is
// silent cannot be told from none.
//
// After a split, the part that was cut off may be another cluster: whoever hears nobody goes on alone. The checks follow the
// rest; it must go on with everything that was acknowledged, and be whole, while the split lasts. Clients are cut off
// from the other part before that may go on by itself. When the network is back, members
// that are not of the rest's cluster within 10 s are started anew, as an operator would do.
//
// Where frames go in one direction only, one side obeys the other: a coordinator that is heard, and that has half of the members
// behind it, removes the rest. So such a part is cut off in both directions only.
//
// In every fifth seed members of the version before and of the present one replace one another, until the cluster's version is
// raised (upgrade.go).
package sim
