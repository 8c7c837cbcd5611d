//go:build !linux

package conformance

import "syscall"

// dieWithParent has no means outside Linux; cleanups end the members there.
func dieWithParent() *syscall.SysProcAttr { return nil }
