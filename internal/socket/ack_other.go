//go:build !linux

package socket

// Acknowledge acknowledges what has come of a message that is not whole: here that cannot be asked for.
func Acknowledge(uintptr) {}
