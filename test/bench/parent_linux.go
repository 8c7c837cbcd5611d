package main

import "syscall"

// dieWithParent ends a child when the thread that started it ends. All are started
// by the main goroutine, which is locked to the main thread (main.go).
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
