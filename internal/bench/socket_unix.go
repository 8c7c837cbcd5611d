//go:build unix

package bench

import (
	"errors"
	"net"
	"syscall"
)

// errAgain is returned where reading or writing would have to wait.
var errAgain error = syscall.EAGAIN

// rawOf returns the socket of a connection, nil if it is none.
//
// Reading within the callback of the socket's Read, and returning false from it, is what saves a system call for each
// batch: a net.Conn's Read always tries first, and right after a request was written there is nothing to read. Within
// the callback the poller keeps what it was told meanwhile, so nothing is missed by waiting without trying.
func rawOf(conn net.Conn) syscall.RawConn {
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

// readNow reads what is there.
func readNow(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// writeNow writes what there is room for.
func writeNow(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
