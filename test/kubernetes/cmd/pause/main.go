// Command pause does nothing until it is told to stop.
//
// The rig uses it twice. As the only program of the pause image it holds a
// pod's namespaces and, as process 1 there, reaps orphans. And as the rig's
// keeper it is the first process in the rig's network and mount namespace,
// which live as long as it does. It is static and needs nothing.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for sig := range signals {
		if sig != syscall.SIGCHLD {
			return
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
	}
}
