//go:build unix

package member

import (
	"errors"
	"os"
	"syscall"
)

// giveWay lets connections be looked at while a worker is busy for long. The runtime asks the network for news when nothing else is to be run, and
// otherwise every 10 ms: on one processor, which is what a container with a limit of one has, a worker that always has another step would make all
// clients wait for as long. So between its steps a worker waits for news itself: those of a pipe that it has just written to, which come with
// those of all connections.
type giveWay struct {
	read, write *os.File
	raw         syscall.RawConn
}

func newGiveWay() *giveWay {
	r, w, err := os.Pipe()
	if err != nil {
		return nil
	}
	g := &giveWay{read: r, write: w}
	if g.raw, err = r.SyscallConn(); err != nil {
		g.close()
		return nil
	}
	return g
}

// now waits until the network was asked, some microseconds as a rule.
func (g *giveWay) now() {
	if g == nil {
		return // without files left: the members' clients wait longer
	}
	asked := false
	_ = g.raw.Read(func(fd uintptr) bool { // fails only when closed
		var b [1]byte
		if !asked { // to return false now is to wait for what the write brings about
			asked = true
			_, err := g.write.Write(b[:])
			return err != nil
		}
		_, err := syscall.Read(int(fd), b[:])
		return !errors.Is(err, syscall.EAGAIN)
	})
}

func (g *giveWay) close() {
	if g != nil {
		_, _ = g.read.Close(), g.write.Close() // nobody else has them
	}
}
