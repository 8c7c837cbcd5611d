package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"
)

// Serve lives an incoming connection whose first bytes are the preamble; ahead
// has already been read from it, at least the preamble itself. It returns when
// the connection has ended. Strangers, members that are none (yet) and those
// whose handshake takes too long get a refusal with its reason.
func (h *TCPHub) Serve(conn net.Conn, ahead []byte) {
	defer func() { _ = conn.Close() }() // mostly closed already
	if !h.enter() {
		return
	}
	defer h.live.Done()
	tune(conn)
	in := newFrameReader(conn, ahead)
	interrupt := context.AfterFunc(h.ctx, func() { _ = conn.Close() })
	defer interrupt()
	_ = conn.SetDeadline(time.Now().Add(h.limits.Handshake)) // a closed connection fails at the first read

	if h.handshakes.Add(1) > int64(h.limits.Handshakes) {
		h.handshakes.Add(-1)
		h.refuse(conn, Hello{}, ErrBusy)
		return
	}
	hello, p, err := h.welcome(in)
	if err == nil && hello.Lane == AskLane {
		err = h.answer(conn, in, &hello)
		h.handshakes.Add(-1)
		if err != nil {
			h.refuse(conn, hello, err)
		}
		return
	}
	h.handshakes.Add(-1)
	if err != nil {
		h.refuse(conn, hello, err)
		return
	}
	if !interrupt() {
		return
	}
	own := introduce(h.handler.Hello(), p, hello.Lane)
	err = h.adopt(p, hello.Lane, conn, in, appendHello([]byte(Preamble), &own))
	h.tellLost(p, hello.Lane, err)
}

// welcome reads the hello of an incoming connection and decides about it. The
// peer is nil for a connection that asks.
func (h *TCPHub) welcome(in *frameReader) (Hello, *peer, error) {
	hello, err := awaitHello(in)
	if err != nil {
		return hello, nil, err
	}
	own := withVersions(h.handler.Hello())
	if err := own.Fits(&hello); err != nil {
		return hello, nil, err
	}
	if !hello.To.IsZero() && hello.To != own.From {
		return hello, nil, fmt.Errorf("%w: %v", ErrOtherMember, own.From)
	}
	if hello.Lane == AskLane {
		return hello, nil, nil
	}
	if hello.From.Compare(own.From) <= 0 {
		return hello, nil, ErrDirection
	}
	if err := h.handler.Accept(hello); err != nil {
		return hello, nil, err
	}
	p := (*h.peers.Load())[hello.From]
	if p == nil {
		return hello, nil, ErrNotMember
	}
	return hello, p, nil
}

// refuse tells the peer why it is not accepted, and the log. A peer that went
// away by itself is no matter.
func (h *TCPHub) refuse(conn net.Conn, hello Hello, reason error) {
	remote := conn.RemoteAddr().String()
	switch {
	case errors.Is(reason, io.EOF), errors.Is(reason, net.ErrClosed), h.ctx.Err() != nil:
		return
	case errors.Is(reason, ErrNotMember):
		h.logger.Debug("member not accepted yet", slog.String("peer", hello.From.String()))
	default:
		if left, ok := h.lines.Allow("refuse " + codeOf(reason).String() + hostOf(remote)); ok {
			h.logger.Warn("member connection refused", slog.String("remote", remote),
				slog.String("peer", hello.From.String()), slog.String("address", hello.Address.String()),
				slog.Any("reason", reason), slog.Int64("left_out", left))
		}
	}
	_ = conn.SetDeadline(time.Now().Add(h.limits.Flush)) // a closed connection fails at the write
	if _, err := conn.Write(appendRefusal([]byte(Preamble), reason)); err == nil {
		partingRead(conn)
	}
}

// partingRead closes our direction and reads what the peer had sent already:
// closing a connection with unread bytes would destroy what we have written.
func partingRead(conn net.Conn) {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	const enough = 256 * kib // a peer that goes on is cut off
	_, _ = io.CopyN(io.Discard, conn, enough)
}

// hostOf is a remote address without its port, which differs with each connection.
func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
