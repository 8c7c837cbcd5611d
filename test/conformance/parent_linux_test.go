package conformance

import "syscall"

// dieWithParent ends a member with the test process, however that ends: a test
// binary that runs into its time limit calls no cleanup.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
