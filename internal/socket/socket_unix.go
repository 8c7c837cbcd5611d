//go:build unix

package socket

import (
	"errors"
	"net"
	"syscall"
)

// ErrAgain is returned where reading or writing would have to wait.
var ErrAgain error = syscall.EAGAIN

// Raw returns the socket of a connection, nil if it is none, or closed.
func Raw(conn net.Conn) syscall.RawConn {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// Read reads what is there.
func Read(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// Write writes what there is room for.
func Write(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
