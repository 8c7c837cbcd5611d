package bench

import (
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/filbertgrid/filbert/internal/socket"
)

// errStream is returned when a server sends what its protocol does not allow: the connection is of no more use.
var errStream = errors.New("the server does not speak this protocol")

// The kinds of failures that are not a server's own.
const (
	wrongValue = "a value that is not the key's: filled by another run with another --value-size?"
	unanswered = "no answer within --timeout"
	lost       = "connection lost"
)

// maxRepeats is how often an operation is sent again at once before it counts as failed: far longer than partitions
// move, and far shorter than for ever.
const maxRepeats = 1_000

// A loop keeps operations in flight on one connection.
type loop struct {
	conn    net.Conn
	raw     syscall.RawConn // nil where there is none
	dialect dialect
	source  source
	rec     *recorder
	pace    *pace        // of the open loop; nil in the closed one
	now     func() int64 // the run's clock: ns since it began

	// The callbacks of raw, made once.
	onReadable, onWritable func(fd uintptr) bool
	readErr, writeErr      error // what a callback came upon

	writers sync.WaitGroup

	// mu is held while answers are settled and operations begun. In the closed loop nobody else wants it, unless the
	// server reads slower than it is written to.
	mu    sync.Mutex
	slots []slot
	free  []int32 // numbers of the slots that are not busy
	in    input
	// out is what is to be written, other the buffer it takes turns with. While writing is set, a goroutine writes.
	out, other []byte
	writing    bool
	exhausted  bool // nothing begins any more
}

// newLoop returns a loop of depth operations in flight, of at most width keys each.
func newLoop(conn net.Conn, d dialect, depth, width int, now func() int64) *loop {
	l := &loop{conn: conn, raw: socket.Raw(conn), dialect: d, now: now, slots: make([]slot, depth), free: make([]int32, 0, depth)}
	l.onReadable, l.onWritable = l.readable, l.writable
	keys := make([]uint32, depth*width)
	for i := range l.slots {
		l.slots[i].keys = keys[i*width : i*width : (i+1)*width]
		l.slots[i].serial = firstSerial
		l.free = append(l.free, int32(depth-1-i))
	}
	l.in.buf = make([]byte, firstBuffer)
	return l
}

// run goes on until the source has nothing left or its time is over, and everything is answered. It may be called
// again, with another source and recorder, if it returned nil.
func (l *loop) run(s source, r *recorder, p *pace) error {
	l.source, l.rec, l.pace, l.exhausted = s, r, p, false
	defer l.writers.Wait()
	if l.start() {
		return nil
	}
	if p != nil {
		defer p.start(l)()
	}
	err := l.read()
	if err != nil {
		l.giveUp(err)
		_ = l.conn.Close() // a writer may wait
	}
	return err
}

// start begins the first operations; true if there is nothing to do.
func (l *loop) start() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(l.now())
	l.flush()
	return l.over()
}

// over reports whether everything is done. mu must be held.
func (l *loop) over() bool { return l.exhausted && len(l.free) == len(l.slots) }

// read takes answers until all is over.
func (l *loop) read() error {
	if l.raw == nil {
		return l.readPlain()
	}
	l.readErr = nil
	if err := l.raw.Read(l.onReadable); err != nil && l.readErr == nil {
		return l.ended(err)
	}
	return l.readErr
}

// readable is the poller's callback: it takes all that is there and returns true when there is no more to wait for.
func (l *loop) readable(fd uintptr) bool {
	for {
		room, err := l.in.room()
		if err != nil {
			l.readErr = err
			return true
		}
		n, err := socket.Read(fd, room)
		if n == 0 && err == nil {
			err = io.EOF
		}
		if n > 0 {
			var over bool
			if over, err = l.arrived(n); over {
				return true
			}
		}
		switch {
		case errors.Is(err, socket.ErrAgain):
			return false
		case err != nil:
			l.readErr = err
			return true
		case n < len(room): // the rest will be told by the poller
			return false
		}
	}
}

// readPlain is read for connections that are no sockets.
func (l *loop) readPlain() error {
	for {
		room, err := l.in.room()
		if err != nil {
			return err
		}
		n, err := l.conn.Read(room)
		if err != nil {
			return l.ended(err)
		}
		if over, err := l.arrived(n); over || err != nil {
			return err
		}
	}
}

// ended decides what the end of reading means: in the open loop the pacer ends it by a deadline when all is over.
func (l *loop) ended(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over() {
		return nil
	}
	return err
}

// arrived settles the answers in what was read, and begins as much as they make room for.
func (l *loop) arrived(n int) (over bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in.end += n
	now := l.now()
	var answers, latency int64
	for l.in.start < l.in.end {
		a, err := l.dialect.cut(l.in.buf[l.in.start:l.in.end], l.slots)
		if err != nil {
			return false, err
		}
		if a.size == 0 {
			break
		}
		l.in.start += a.size
		latency += now - l.slots[a.slot].at
		answers++
		l.settle(&a, now)
	}
	l.rec.progress(answers, latency)
	l.begin(l.now())
	l.flush()
	return l.over(), nil
}

// settle ends the operation of an answer, or takes its next step.
func (l *loop) settle(a *answer, now int64) {
	s := &l.slots[a.slot]
	switch {
	case a.verdict == refused && s.repeats < maxRepeats:
		s.repeats++
		l.rec.repeats++
		l.send(a.slot, s)
		return
	case a.verdict != done:
		l.rec.failure(a.reason)
	default:
		l.rec.success(s, now, a.misses)
		if s.kind == kindLock { // what was locked is unlocked, whatever the time
			s.kind, s.at, s.repeats = kindUnlock, now, 0
			l.send(a.slot, s)
			return
		}
	}
	s.busy = false
	l.free = append(l.free, int32(a.slot))
}

// begin begins as many operations as there is room for and the schedule allows.
func (l *loop) begin(now int64) {
	until := l.rec.until.Load()
	for len(l.free) > 0 && !l.exhausted {
		at := now
		if l.pace != nil {
			at = l.pace.due()
		}
		if at >= until {
			l.exhausted = true
			return
		}
		if at > now {
			return
		}
		number := int(l.free[len(l.free)-1])
		s := &l.slots[number]
		if !l.source.next(s) {
			l.exhausted = true
			return
		}
		l.free = l.free[:len(l.free)-1]
		s.at, s.busy, s.repeats = at, true, 0
		if l.pace != nil {
			l.pace.begun++
			l.rec.sent(s, now)
		}
		l.send(number, s)
	}
}

// send appends the request of a slot to what is to be written.
func (l *loop) send(number int, s *slot) {
	s.serial++
	l.out = l.dialect.append(l.out, number, s)
}

// giveUp counts what is out when the connection is lost or its time is over.
func (l *loop) giveUp(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exhausted = true
	reason := lost + ": " + err.Error()
	switch {
	case errors.Is(err, io.EOF):
		reason = lost + ": the server closed it"
	case errors.Is(err, os.ErrDeadlineExceeded):
		reason = unanswered
	case errors.Is(err, errStream):
		reason = err.Error()
	}
	out := 0
	for i := range l.slots {
		if l.slots[i].busy {
			l.rec.failure(reason)
			out++
		}
	}
	if out == 0 {
		l.rec.failure(reason)
	}
}

// forever is a time that does not come, by a run's clock.
const forever = math.MaxInt64

// since returns a clock that shows 0 now.
func since(base time.Time) func() int64 {
	return func() int64 { return int64(time.Since(base)) }
}
