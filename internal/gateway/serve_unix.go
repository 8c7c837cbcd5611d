//go:build unix

package gateway

import (
	"net"
	"syscall"
)

// writeNow writes what the connection takes without waiting.
func writeNow(conn net.Conn, b []byte) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return // closed already
	}
	_ = raw.Write(func(fd uintptr) bool {
		_, _ = syscall.Write(int(fd), b) // the connection is closed next, whatever happens here
		return true
	})
}
