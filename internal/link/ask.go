package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// ErrNoAnswer is given with the outcome Silent when the connection ended without an answer.
var ErrNoAnswer = errors.New("link: no answer")

// Ask implements Hub. Of all failures only a refused connection is proof that no
// member lives at the address; a connection that breaks is not.
func (h *TCPHub) Ask(address cluster.Address, request []byte, timeout time.Duration, done func(Reply)) {
	request = slices.Clone(request)
	if !h.enter() {
		go done(Reply{Outcome: Silent, Err: ErrClosed})
		return
	}
	go func() {
		defer h.live.Done()
		done(h.ask(address, request, timeout))
	}()
}

func (h *TCPHub) ask(address cluster.Address, request []byte, timeout time.Duration) Reply {
	ctx, cancel := context.WithTimeout(h.ctx, timeout)
	defer cancel()
	conn, err := h.dialer(ctx, address.Dial())
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) {
			return Reply{Outcome: Refused, Err: err}
		}
		return Reply{Outcome: Silent, Err: err}
	}
	defer func() { _ = conn.Close() }() // everything was read, or nothing matters any more
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	tune(conn)

	hello := introduce(h.handler.Hello(), nil, AskLane)
	answer, body, err := h.exchange(conn, &hello, request)
	if err == nil {
		err = hello.Fits(&answer)
	}
	if err == nil {
		return Reply{Outcome: Answered, Answerer: answer.From, Body: body}
	}
	return Reply{Outcome: outcomeOf(err), Err: err}
}

// outcomeOf tells what a failed exchange says about the address.
func outcomeOf(err error) Outcome {
	switch codeOf(err) {
	case refusedVersion, refusedClusterName, refusedPartitionCount, refusedProtocol:
		return Stranger
	case refusedOther, refusedNotMember, refusedOtherMember, refusedDirection, refusedBusy, refusedClosed, refusalCodes:
		return Silent // a member of ours lives there, or one cannot tell
	}
	return Silent
}

// exchange sends a request with our hello before it and reads the peer's hello and reply.
func (h *TCPHub) exchange(conn net.Conn, hello *Hello, request []byte) (Hello, []byte, error) {
	out := appendFrame(appendHello([]byte(Preamble), hello), request)
	if _, err := conn.Write(out); err != nil {
		return Hello{}, nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	in := newFrameReader(conn, nil)
	answer, err := awaitHello(in)
	if err != nil {
		return Hello{}, nil, noAnswer(err)
	}
	in.limit = h.limits.Reply
	body, err := in.wait()
	if err != nil {
		return Hello{}, nil, noAnswer(err)
	}
	return answer, body, nil
}

// noAnswer sorts what reading an answer failed with: bytes of another protocol
// are a stranger's, an end of the connection is none.
func noAnswer(err error) error {
	var told *refused
	switch {
	case errors.As(err, &told), errors.Is(err, ErrProtocol):
		return err
	case errors.Is(err, ErrFrameTooLarge):
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the connection was closed", ErrNoAnswer)
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, err)
}

// answer passes an incoming request to the handler and writes its reply. Its
// error is a reason to refuse.
func (h *TCPHub) answer(conn net.Conn, in *frameReader, hello *Hello) error {
	in.limit = h.limits.Request
	request, err := in.wait()
	if err != nil {
		return err
	}
	replies := make(chan []byte, 1)
	var once sync.Once
	h.handler.Asked(*hello, request, func(body []byte) {
		once.Do(func() { replies <- slices.Clone(body) })
	})
	timer := time.NewTimer(h.limits.Answer)
	defer timer.Stop()
	var body []byte
	select {
	case body = <-replies:
	case <-timer.C:
		return fmt.Errorf("%w: no reply within %v", ErrBusy, h.limits.Answer)
	case <-h.ctx.Done():
		return ErrClosed
	}
	own := introduce(h.handler.Hello(), nil, AskLane)
	own.To = hello.From
	out := appendFrame(appendHello([]byte(Preamble), &own), body)
	_ = conn.SetDeadline(time.Now().Add(h.limits.Handshake)) // a closed connection fails at the write
	if _, err := conn.Write(out); err != nil {
		return nil // the asker is gone; there is nobody to refuse
	}
	partingRead(conn)
	return nil
}
