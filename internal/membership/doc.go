// Package membership decides who is a member: founding and joining, heartbeats
// and leases, the succession of the coordinator, leaving, and the distribution of
// the state that the coordinator alone changes: list, partition table, document.
//
// Core is a step-and-tick core: no goroutine, no clock of its own, no socket.
// Frames, answers and time come in through its methods, one at a time; what it
// wants done goes out through Outside. The same code runs under the simulator.
//
// # Founding
//
// Listen first, then look, then ask every address shown. A member of the cluster
// is joined. Of the candidates that know of one another the lowest address
// founds; the others ask again. Whoever asks a candidate makes itself known to it
// by asking, so of any two candidates at least one knows of the other before it
// decides, whichever of them began to listen first: they cannot both found. Whoever is about
// to join says so, and nobody founds before it knows how that ended.
//
// # Leases
//
// A member sends the coordinator heartbeats with its own clock's stamp; the echo
// lets it answer until stamp + silence timeout - margin. The coordinator has heard
// the stamp later than it was made, and removes the member no sooner than silence timeout
// after hearing it: so a lease has always ended before somebody else may own what the
// member owned. The coordinator's own lease counts the echoes of a majority. Those that it gives may last longer than its own by a quarter of
// the silence timeout, and no more: so when a majority has sent it no echo for that much longer than the silence timeout, nobody holds a
// lease of it, and whoever takes over waits for none of those who are silent with it.
//
// Hearing is not enough, since a network may fail in one direction only. A heartbeat says which was the last one that was
// echoed: the coordinator lets the lease of a member that its echoes do not reach run out, and removes it; members go on
// without a coordinator that answers none of them. A coordinator that hears less than half of its members waits
// three times as long before it removes them: it may be the one that cannot hear, and what it publishes is obeyed.
//
// A coordinator that hears more members that do not hear it than do is mute. It has no lease and decides nothing: the others go on without
// it. It answers them all the same, so if they hear it again before that, nothing has happened. Only if they have done nothing for two
// silence timeouts does it remove them.
//
// # Merging
//
// Coordinators knock at addresses that are no member's, for life. Two lists neither of which descends from the other are
// two clusters of one name: their coordinators tell each other their lists, and the one whose list merges into the
// other's (package cluster) ends its cluster's life, with a word to its members. Outside.Merging says so; what a member
// held is its surroundings' to bring along. Only a coordinator with a lease takes part: without one, its list may be
// longer than its cluster. A member whose coordinator is gone, and that learns that most of those who are left have gone on from a list before its
// own, gives itself up without waiting for anything (isStray).
//
// # Proof of death
//
// A connection refused at a member's address, or another id answering there,
// proves that the member has ended, and it is removed at once. A broken connection proves
// nothing; it is the occasion to ask.
package membership
