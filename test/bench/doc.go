// Command bench runs Filbert and others side by side on this machine, under the
// load of `filbert bench`, and prints a table of ratios: `make bench`.
//
// The steps of a run:
//
//  1. The processors are split: servers get one half, the generator the other
//     (machine.go). Everything is started with taskset, listens on the loopback,
//     and ends with this process, however that ends (process.go).
//  2. The rows run one after the other (rows.go). A row starts the servers that it
//     compares, fills them, and puts the same load on each in turn: A B C, A B C, …
//     (turns.go). What it tells is the median of the rounds. Servers that are not
//     asked have nothing to do meanwhile; beside a JVM, which finds something, they stand still.
//  3. A row gives figures, each with what it should be (figure.go). A row whose
//     server is not to be had here says so and gives none.
//  4. The table goes to standard output as it grows; at the end it is written as
//     JSON too. The servers' own output stays in the output folder.
//
// Absolute figures mean little on a machine that others share; ratios that were
// taken in turn mean something. Whoever quotes one quotes the machine, the commit
// and the command as well.
//
// Beside Filbert there are: a bare echo (the limit), redis-server, Hazelcast (a JVM
// with its defaults, and a tuned one) and Olric (folder olric).
package main
