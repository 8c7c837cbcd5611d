//go:build !unix

package gateway

import (
	"errors"
	"net"
	"syscall"
)

// writeNow writes what the connection takes without waiting: here that cannot be asked for, so nothing.
func writeNow(net.Conn, []byte) {}

// errAgain is returned where reading would have to wait.
var errAgain = errors.New("gateway: nothing to read")

// rawOf returns nil: connections are read by their own methods.
func rawOf(net.Conn) syscall.RawConn { return nil }

func readNow(uintptr, []byte) (int, error) { return 0, errAgain }
