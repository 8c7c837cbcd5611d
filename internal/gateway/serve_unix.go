//go:build unix

package gateway

import (
	"errors"
	"net"
	"syscall"
)

// writeNow writes what the connection takes without waiting.
func writeNow(conn net.Conn, b []byte) {
	raw := rawOf(conn)
	if raw == nil {
		return // no socket, or closed already
	}
	_ = raw.Write(func(fd uintptr) bool {
		_, _ = syscall.Write(int(fd), b) // the connection is closed next, whatever happens here
		return true
	})
}

// rawOf returns the socket of a connection, nil if it is none.
func rawOf(conn net.Conn) syscall.RawConn {
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// errAgain is returned where reading would have to wait.
var errAgain error = syscall.EAGAIN

// readNow reads what is there.
func readNow(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
