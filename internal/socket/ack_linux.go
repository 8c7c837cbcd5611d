package socket

import "golang.org/x/sys/unix"

// Acknowledge acknowledges what has come of a message that is not whole. The system waits 40 ms for an answer that could carry the
// acknowledgement, and the official Go client, whose sockets gather small pieces (Nagle), keeps the end of a message back until it has
// come: each of its larger messages would take that long.
func Acknowledge(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // without it, it comes later
}
