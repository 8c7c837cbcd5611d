//go:build !unix

package bench

import (
	"errors"
	"net"
	"syscall"
)

// errAgain is returned where reading or writing would have to wait.
var errAgain = errors.New("not now")

// rawOf returns nil: connections are read and written by their own methods.
func rawOf(net.Conn) syscall.RawConn { return nil }

func readNow(uintptr, []byte) (int, error) { return 0, errAgain }

func writeNow(uintptr, []byte) (int, error) { return 0, errAgain }
