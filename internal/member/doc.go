// Package member puts a member together: it is the one place where things are
// constructed and plugged into one another.
//
// Node is everything between links, clients' bytes and the clock, without a
// goroutine; Member is the shell that gives it sockets, time and goroutines,
// and that makes a new Node, with a new id, when the cluster has gone on without the
// old one. The simulator builds Nodes itself.
package member
