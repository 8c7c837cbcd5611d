package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// echoBuffer is what a connection of the echo reads at once.
const echoBuffer = 256 << 10

// Echo serves connections of the protocol EchoOnly until ctx ends: the bare limit of a server on this machine in this
// language. Each connection has a goroutine that reads what is there, and answers all whole requests in it with
// one write. It closes the listener. A connection that does not follow the protocol is closed, and told to report.
func Echo(ctx context.Context, listener net.Listener, report func(error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("echo: %w", err)
		}
		wg.Go(func() {
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer stop()
			defer func() { _ = conn.Close() }()
			if err := echo(conn); ctx.Err() == nil && !errors.Is(err, io.EOF) {
				report(fmt.Errorf("echo: %s: %w", conn.RemoteAddr(), err))
			}
		})
	}
}

// echo serves one connection until it ends, and says why: io.EOF when the other side ended it.
func echo(conn io.ReadWriter) error {
	var e echoing
	buf := make([]byte, echoBuffer)
	for held := 0; ; {
		n, err := conn.Read(buf[held:])
		if err != nil {
			return err
		}
		held += n
		used, err := e.take(buf[:held])
		if err != nil {
			return err
		}
		if len(e.out) > 0 {
			if _, err := conn.Write(e.out); err != nil {
				return err
			}
		}
		held = copy(buf, buf[used:held])
	}
}

// echoing is the state of one connection. A request longer than the buffer is passed over as it comes.
type echoing struct {
	sizes []sizes
	kind  byte
	left  int    // bytes of a request that have not come yet
	out   []byte // the answers of what was taken last
}

// take answers all that is whole in b and returns how much of b is done with.
func (e *echoing) take(b []byte) (used int, err error) {
	e.out = e.out[:0]
	if e.sizes == nil {
		if e.sizes, used, err = parsePreamble(b); e.sizes == nil {
			return 0, err
		}
	}
	for used < len(b) {
		if e.left == 0 {
			if e.kind = b[used]; int(e.kind) >= len(e.sizes) {
				return 0, fmt.Errorf("%w: request of kind %d of %d", errStream, e.kind, len(e.sizes))
			}
			e.left = e.sizes[e.kind].request
		}
		n := min(e.left, len(b)-used)
		used += n
		if e.left -= n; e.left == 0 {
			e.answer()
		}
	}
	return used, nil
}

// answer appends one answer. What stands behind its first byte is whatever the buffer held.
func (e *echoing) answer() {
	n, at := e.sizes[e.kind].response, len(e.out)
	if at+n > cap(e.out) {
		grown := make([]byte, at, 2*(at+n))
		copy(grown, e.out)
		e.out = grown
	}
	e.out = e.out[:at+n]
	e.out[at] = e.kind
}
