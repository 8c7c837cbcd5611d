//go:build !unix

package socket

import (
	"errors"
	"net"
	"syscall"
)

// ErrAgain is returned where reading or writing would have to wait.
var ErrAgain = errors.New("socket: not now")

// Raw returns nil: connections are read and written by their own methods.
func Raw(net.Conn) syscall.RawConn { return nil }

// Read is not called: there is no Raw.
func Read(uintptr, []byte) (int, error) { return 0, ErrAgain }

// Write is not called: there is no Raw.
func Write(uintptr, []byte) (int, error) { return 0, ErrAgain }
