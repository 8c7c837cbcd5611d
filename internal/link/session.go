package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Why a lane's connection ended, beside what the network and the handshake say.
var (
	// ErrReplaced is given to LaneDown when the peer has made a new connection for the lane.
	ErrReplaced = errors.New("link: replaced by a newer connection")
	// ErrNotPeer is given to LaneDown when SetPeers no longer names the peer.
	ErrNotPeer = errors.New("link: no longer a peer")
	// ErrOverflow is given to LaneDown when the control lane's buffer is full: the peer
	// has not read for so long that its view is worthless.
	ErrOverflow = errors.New("link: output buffer of the control lane is full")
)

// A session is the life of one connection of a lane: LaneUp, frames, LaneDown.
//
// Its reader goroutine (run) is the only one that calls the Handler. Its writer
// goroutine (write) takes the output buffer whole, leaving the spare one, so
// that frames sent during a system call go out together with the next.
type session struct {
	hub  *TCPHub
	peer *peer
	lane Lane
	conn net.Conn
	in   *frameReader
	// limit is how many bytes out and inFlight have together when the lane is full,
	// largest how many a frame may have.
	limit, largest int
	// wake holds one token when the writer has to look: put by whoever clears mu.asleep.
	wake chan struct{}
	// written is closed when the writer has ended, done after the last call of the Handler.
	written, done chan struct{}
	// ending is true once mu.err is set: frames that still arrive are dropped.
	ending atomic.Bool

	mu struct {
		sync.Mutex
		// out waits to be written, spare is the other buffer, nil while the writer has it.
		out, spare []byte
		// inFlight is how many bytes the writer is writing.
		inFlight int
		// asleep is true while the writer waits for a token.
		asleep bool
		// err is why the session ended, the first reason. Nothing is sent after it.
		err error
		// flush: what is in out is still to be written.
		flush bool
	}
}

func newSession(h *TCPHub, p *peer, lane Lane, conn net.Conn, in *frameReader) *session {
	in.widen(h.limits.Frames[lane])
	return &session{
		hub: h, peer: p, lane: lane, conn: conn, in: in,
		limit: h.limits.Buffers[lane], largest: h.limits.Frames[lane],
		wake: make(chan struct{}, 1), written: make(chan struct{}), done: make(chan struct{}),
	}
}

// send is Hub.Send for this connection. Full tells a full buffer from a session that ended.
func (s *session) send(frame []byte) (sent, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.err != nil || len(frame) > s.largest {
		return false, false
	}
	if len(s.mu.out)+s.mu.inFlight >= s.limit {
		return false, true
	}
	s.mu.out = binary.LittleEndian.AppendUint32(s.mu.out, uint32(len(frame)))
	s.mu.out = append(s.mu.out, frame...)
	s.rouse()
	return true, false
}

// room is Hub.Room for this connection.
func (s *session) room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.err != nil {
		return 0
	}
	return max(1, s.limit-len(s.mu.out)-s.mu.inFlight)
}

// rouse makes the writer look; s.mu must be held.
func (s *session) rouse() {
	if s.mu.asleep {
		s.mu.asleep = false
		s.wake <- struct{}{}
	}
}

// fail ends the session for a reason; only the first counts. With flush, what
// was sent before is written first. It does not wait.
func (s *session) fail(err error, flush bool) {
	if !s.end(err, flush) {
		return
	}
	if !flush {
		_ = s.conn.Close() // the reason is already known
		return
	}
	_ = s.conn.SetDeadline(time.Now().Add(s.hub.limits.Flush)) // fails only on a closed connection
}

// end notes why the session ends; false if it was ending already.
func (s *session) end(err error, flush bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.err != nil {
		return false
	}
	s.mu.err, s.mu.flush = err, flush
	s.ending.Store(true)
	s.rouse()
	return true
}

// run lives the session: the caller is its reader. It returns why the session ended.
func (s *session) run() error {
	s.hub.handler.LaneUp(s.peer.id, s.lane)
	go s.write()
	err := s.read()
	s.fail(err, false)
	if s.flushing() {
		<-s.written // until the deadline that fail has set, at the latest
	}
	_ = s.conn.Close()
	<-s.written
	s.peer.lanes[s.lane].CompareAndSwap(s, nil)
	err = s.reason()
	s.hub.handler.LaneDown(s.peer.id, s.lane, err)
	return err
}

func (s *session) flushing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.flush
}

// reason is why the session ended, nil while it lives.
func (s *session) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.err
}

// read delivers frames until the connection ends.
func (s *session) read() error {
	gathered := false
	for {
		frame, ok, err := s.in.next()
		switch {
		case err != nil:
			return err
		case ok && s.ending.Load():
			// The peer learns that we end; what it says no longer matters.
		case ok:
			if err := s.hub.handler.Frame(s.peer.id, s.lane, frame); err != nil {
				return err
			}
			gathered = true
		default:
			if gathered && !s.ending.Load() {
				s.hub.handler.Idle(s.peer.id, s.lane)
			}
			gathered = false
			if err := s.in.fill(); err != nil {
				return fmt.Errorf("link: reading from the peer: %w", err)
			}
		}
	}
}

// write writes what was sent until the session ends. At the end of a flush it
// closes its direction only, so that the peer reads everything before the
// connection goes; read then ends with the peer's answer to that.
func (s *session) write() {
	defer close(s.written)
	for {
		batch, ok := s.batch()
		if !ok {
			break
		}
		_, err := s.conn.Write(batch)
		s.recycle(batch)
		if err != nil {
			s.fail(err, false)
			_ = s.conn.Close()
			return
		}
	}
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	_ = s.conn.Close()
}

// batch waits for bytes to write and takes them all; false when there is nothing more to do.
func (s *session) batch() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.mu.out) == 0 && s.mu.err == nil {
		if cap(s.mu.out) > keepBuffer || cap(s.mu.spare) > keepBuffer {
			s.mu.out, s.mu.spare = nil, nil // an idle lane keeps no memory of a busy time
		}
		s.mu.asleep = true
		s.mu.Unlock()
		<-s.wake
		// Whoever else is about to run sends first: what it has goes out in the same system call. A writer that is woken would otherwise
		// run before all that were ready already.
		runtime.Gosched()
		s.mu.Lock()
	}
	if s.mu.err != nil && !s.mu.flush || len(s.mu.out) == 0 {
		return nil, false
	}
	batch := s.mu.out
	s.mu.out, s.mu.spare = s.mu.spare, nil
	s.mu.inFlight = len(batch)
	return batch, true
}

// recycle gives a written buffer back.
func (s *session) recycle(batch []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.inFlight, s.mu.spare = 0, batch[:0]
}
