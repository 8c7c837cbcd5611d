// Command filbert runs a member of a Filbert cluster.
//
//	filbert start [--config FILE] [-Dname=value]…   run a member until SIGTERM
//	filbert config check FILE                      say what is wrong with a file
//	filbert version                                say which build this is
//
// A member that starts logs to standard output. One that cannot start says why
// in one line on standard error and ends with status 1; wrong usage ends with
// status 2. The first SIGTERM or SIGINT lets the member hand its data over and
// leave; a second one ends it at once.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Two places: the signal to leave and the one to hurry.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	os.Exit(run(command{
		args:    os.Args[1:],
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		signals: signals,
		source:  environment,
		start:   startMember,
	}))
}
