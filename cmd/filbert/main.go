// Command filbert runs a member of a Filbert cluster, and measures servers.
//
//	filbert start [--config FILE] [-Dname=value]…   run a member until SIGTERM
//	filbert config check FILE                      say what is wrong with a file
//	filbert bench [flags]                          put load on a server and measure it
//	filbert bench echo-server                      the limit to compare with
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
	"time"
)

// echo is the time in which a further signal is the same request: timeout(1), and a
// terminal with a supervisor, send it to the process and then to its group.
const echo = 500 * time.Millisecond

func main() {
	raw := make(chan os.Signal, 2)
	signal.Notify(raw, syscall.SIGTERM, os.Interrupt)
	// Two places: the signal to leave and the one to hurry.
	signals := make(chan os.Signal, 2)
	go distinct(raw, signals, time.Now)
	os.Exit(run(command{
		args:    os.Args[1:],
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		signals: signals,
		source:  environment,
		start:   startMember,
	}))
}

// distinct passes signals on until raw is closed, but for echoes of the one before.
func distinct(raw <-chan os.Signal, signals chan<- os.Signal, now func() time.Time) {
	var last time.Time
	for s := range raw {
		if at := now(); last.IsZero() || at.Sub(last) >= echo {
			last = at
			signals <- s
		}
	}
}
