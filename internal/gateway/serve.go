package gateway

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/socket"
)

// flushAt is how much output a reader gathers before it writes while its input has not run dry:
// enough to fill packets, little enough that the client can begin.
const flushAt = 64 << 10

// lingerTime is how long a member that ends waits for a client to close, too: clients do when they read the end.
const lingerTime = time.Second

// shell is the only part of a session with goroutines: one reads, handles and, when its input runs dry, writes what
// has gathered (input.go); the other writes what came in between from elsewhere.
type shell struct {
	conn net.Conn
	s    *Session
	woke chan struct{}
	done chan struct{}
	in   input

	// writing is held by whoever writes; spare is the buffer to give to the session next.
	writing sync.Mutex
	spare   []byte
	// waiting: the reader is about to write, and may have to wait for the client or for the writer.
	waiting atomic.Bool

	once   sync.Once
	reason error
	// deadlines is held by who sets one: after Close, only those that end the connection are set.
	deadlines sync.Mutex
}

// Wake implements Output.
func (h *shell) Wake() {
	select {
	case h.woke <- struct{}{}:
	default:
	}
}

// Close implements Output. It may be called under the session's lock, so whoever comes second does not wait for what the first writes.
func (h *shell) Close(reason error) {
	first := false
	h.once.Do(func() {
		h.reason, first = reason, true
		close(h.done)
	})
	if !first {
		return
	}
	if errors.Is(reason, errClosed) {
		h.part()
		if h.linger() {
			return
		}
	}
	// Who reads and who writes wake up and find that it is over; Serve closes the connection. Here that would wait for the
	// reader, which may be the caller.
	h.deadlines.Lock()
	defer h.deadlines.Unlock()
	_ = h.conn.SetDeadline(past())
}

// linger tells the client that nothing more comes, and leaves the rest to the reader. A connection that is closed
// with requests unread is reset instead: answers that are on their way are lost, and the Node.js client, when a write
// fails, takes the connection for alive until its heartbeat timeout.
func (h *shell) linger() bool {
	h.deadlines.Lock()
	defer h.deadlines.Unlock()
	half, ok := h.conn.(interface{ CloseWrite() error })
	return ok && h.conn.SetDeadline(time.Now().Add(lingerTime)) == nil && half.CloseWrite() == nil
}

// ended tells whether Close was called.
func (h *shell) ended() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// part writes what was answered before this member ended, as far as the connection takes it at once. Whoever
// is writing already does the same.
func (h *shell) part() {
	if h.s == nil || !h.writing.TryLock() {
		return
	}
	defer h.writing.Unlock()
	if out := h.s.Take(nil); len(out) > 0 {
		h.writeNow(out)
	}
}

// writeNow writes what the connection takes without waiting.
func (h *shell) writeNow(out []byte) {
	if h.in.raw != nil {
		_ = h.in.raw.Write(func(fd uintptr) bool {
			_, _ = socket.Write(fd, out) // it ends anyway
			return true
		})
	}
}

// Serve speaks the client protocol on a connection until it ends; ahead is what was read already, the
// preamble CP2 included. It closes the connection.
func (g *Gateway) Serve(conn net.Conn, ahead []byte) {
	ahead = bytes.TrimPrefix(ahead, []byte(link.ClientPreamble))
	h := &shell{conn: conn, woke: make(chan struct{}, 1), done: make(chan struct{})}
	h.in.of(h)
	s, err := g.newSession(h)
	if err != nil {
		_ = conn.Close()
		g.complain(conn, err)
		return
	}
	h.s = s
	s.Remote = conn.RemoteAddr().String()
	var writer sync.WaitGroup
	writer.Go(h.write)
	h.Close(h.read(ahead))
	_ = conn.Close() // what was written is on its way; there is nobody to tell of an error
	s.Closed()
	writer.Wait()
	if h.reason != nil && !errors.Is(h.reason, io.EOF) {
		g.complain(conn, h.reason)
	}
}

// complain logs why a connection has ended, at a limited rate: strangers decide how often it happens.
func (g *Gateway) complain(conn net.Conn, reason error) {
	if errors.Is(reason, net.ErrClosed) || errors.Is(reason, errClosed) {
		return
	}
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = conn.RemoteAddr().String()
	}
	if left, ok := g.rate.Allow(host); ok {
		g.Logger.Info("client connection closed", slog.String("remote", conn.RemoteAddr().String()),
			slog.String("reason", reason.Error()), slog.Int64("left_out", left))
	}
}

// write writes what comes from other goroutines than the reader.
func (h *shell) write() {
	for {
		select {
		case <-h.woke:
			h.writing.Lock()
			h.drain(func() bool { return true })
			h.writing.Unlock()
		case <-h.done:
			return
		}
	}
}

// flushRead is flush for the reader. A client that does not read stops its own reader here. While a long answer is given, which may take
// a client minutes to read, the writer has that alone, and the reader waits only if too much has gathered behind it.
func (h *shell) flushRead() {
	h.waiting.Store(true)
	defer h.waiting.Store(false)
	if !h.s.streams() && h.flush() {
		return
	}
	h.Wake()
	h.wait()
}

// flush writes what the session has, and tells whether that is all: not if a long answer has begun. What others have
// for the client meanwhile gathers in the session up to its limit.
func (h *shell) flush() bool {
	h.writing.Lock()
	defer h.writing.Unlock()
	return h.drain(func() bool { return !h.s.streams() })
}

// drain takes and writes until there is no more, or goOn says no. h.writing is held.
func (h *shell) drain(goOn func() bool) bool {
	for {
		out := h.s.Take(h.spare)
		if len(out) == 0 {
			h.spare = out
			return true
		}
		err := h.put(out)
		if cap(out) > 4*flushAt && !h.s.streams() {
			out = nil // an answer of that size is rare: its memory is not kept
		}
		h.spare = out
		if err != nil {
			h.Close(err)
			return true
		}
		if !goOn() {
			return false
		}
	}
}

// put writes output. One call writes little enough that a client which reads slowly is told from one that does not.
func (h *shell) put(out []byte) error {
	for {
		n, err := h.conn.Write(out[:min(len(out), 4*flushAt)])
		if out = out[n:]; err != nil || len(out) == 0 {
			return err
		}
		h.s.Wrote(n)
		if h.waiting.Load() {
			h.s.Hear() // what the client says waits for this member, not for it
		}
	}
}
