package gateway

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/filbertgrid/filbert/internal/socket"
	"github.com/filbertgrid/filbert/internal/wire"
)

// past is a deadline that is over: it wakes up who waits for a connection.
func past() time.Time { return time.Unix(1, 0) }

// errEnded says that something was read after Close.
var errEnded = errors.New("gateway: read after the end")

// input is what a shell has read, and how it reads.
//
// A socket is read without trying first (package socket). An end that has come together with the last bytes is found when the client
// was silent for a tick: then a reader that has not tried since is woken to do so (Tick).
type input struct {
	r   *wire.Reader
	raw syscall.RawConn // nil where the connection is no socket
	// onReadable is the callback, made once; err is what it came upon.
	onReadable func(fd uintptr) bool
	err        error
	// untried is set after a read that did not fill its buffer, to the number of ticks since, plus one.
	untried atomic.Int32
	// trusted: the reader has the limits of an authenticated client.
	trusted bool
	// together is the work space of next.
	together []wire.Message
}

func (in *input) of(h *shell) {
	in.onReadable, in.raw = h.readable, socket.Raw(h.conn)
}

// read handles messages until the connection ends; ahead are the first bytes.
func (h *shell) read(ahead []byte) error {
	in := &h.in
	in.r = wire.NewReader(h.s.g.Limits.Before)
	for len(ahead) > 0 {
		n := copy(in.r.Buffer(), ahead)
		ahead = ahead[n:]
		if err := h.arrived(n); err != nil {
			return err
		}
	}
	for {
		err := h.readOn()
		switch {
		case h.ended():
			_, err := io.Copy(io.Discard, h.conn) // until the client has closed, or the deadline
			return err
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		h.setReadDeadline(time.Time{}) // it was woken to try
	}
}

// readOn reads until there is nothing more, or the reader is woken.
func (h *shell) readOn() error {
	in := &h.in
	if in.raw == nil {
		return h.readPlain()
	}
	in.err = nil
	if err := in.raw.Read(in.onReadable); err != nil && in.err == nil {
		return err
	}
	return in.err
}

// readable is the poller's callback: it handles all that is there and returns true when there is no more to wait for.
func (h *shell) readable(fd uintptr) bool {
	in := &h.in
	for {
		h.slow()
		buf := in.r.Buffer()
		n, err := socket.Read(fd, buf)
		switch {
		case errors.Is(err, socket.ErrAgain):
			in.untried.Store(0)
			in.await(fd)
			return false
		case err == nil && n == 0:
			in.err = in.end()
		case err != nil:
			in.err = os.NewSyscallError("read", err)
		default:
			in.err = h.arrived(n)
		}
		if in.err != nil {
			return true
		}
		if n < len(buf) {
			in.untried.Store(1)
			in.await(fd)
			return false
		}
	}
}

// await is called before more is waited for.
func (in *input) await(fd uintptr) {
	if in.r.Buffered() > 0 {
		socket.Acknowledge(fd)
	}
}

// readPlain is readable for connections that are no sockets.
func (h *shell) readPlain() error {
	for {
		h.slow()
		n, err := h.conn.Read(h.in.r.Buffer())
		if errors.Is(err, io.EOF) {
			return h.in.end()
		}
		if err != nil {
			return err
		}
		if err := h.arrived(n); err != nil {
			return err
		}
	}
}

// end is the error of a connection that was closed by the client.
func (in *input) end() error {
	if in.r.Buffered() > 0 {
		return io.ErrUnexpectedEOF // inside a message
	}
	return io.EOF
}

// Tick implements Output.
func (h *shell) Tick() {
	if u := &h.in.untried; !u.CompareAndSwap(1, 2) && u.Load() == 2 {
		h.setReadDeadline(past())
	}
}

// setReadDeadline sets when reading ends, unless Close has.
func (h *shell) setReadDeadline(t time.Time) {
	h.deadlines.Lock()
	defer h.deadlines.Unlock()
	if !h.ended() {
		_ = h.conn.SetReadDeadline(t) // of a connection that is closed: it wakes by itself
	}
}

// arrived handles what n bytes that were read have completed.
func (h *shell) arrived(n int) error {
	if h.ended() {
		return errEnded
	}
	h.s.g.counters.received.Add(uint64(n))
	h.in.r.Advance(n)
	h.s.Attend()
	if err := h.messages(); err != nil {
		h.s.Settle()
		h.flush()
		return err
	}
	if h.s.Settle() {
		h.flushRead()
	}
	return nil
}

// messages handles all whole messages that were read.
func (h *shell) messages() error {
	for {
		together, err := h.next()
		known := h.s.Prepare(together)
		for i, m := range together {
			if err := h.s.handle(m, &known[i]); err != nil {
				h.s.g.counters.refused.Inc()
				return err
			}
			if len(h.s.direct) > flushAt {
				h.s.Settle()
				h.flushRead()
				h.s.Attend()
			}
		}
		if err != nil {
			h.s.g.counters.refused.Inc()
			if h.passOver(err) {
				continue
			}
			return err
		}
		if len(together) == 0 {
			return nil
		}
	}
}

// passOver answers a message that is larger than one may be, and passes over it, if the client is known.
func (h *shell) passOver(err error) bool {
	if !h.in.trusted || !errors.Is(err, wire.ErrOversized) {
		return false
	}
	head, ok := h.in.r.Skip()
	if ok {
		h.s.tooLarge(head, err)
	}
	return ok
}

// next returns the next whole messages that were read, and an error if what follows them is none.
func (h *shell) next() ([]wire.Message, error) {
	in := &h.in
	most := aheadMost
	if !in.trusted {
		if most = 1; h.s.Authenticated() { // by the message before: larger ones are allowed now
			in.trusted, most = true, aheadMost
			in.r.SetLimits(h.s.g.Limits.After)
		}
	}
	in.together = in.together[:0]
	for len(in.together) < most {
		m, err := in.r.Next()
		if m == nil || err != nil {
			return in.together, err
		}
		in.together = append(in.together, m)
	}
	return in.together, nil
}
