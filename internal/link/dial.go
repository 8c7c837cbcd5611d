package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"time"
)

const (
	// firstRedial is the wait after a first failure, doubled with each further one.
	firstRedial = 5 * time.Millisecond
	// lastRedial bounds the wait: a member that comes back is seen within it.
	lastRedial = time.Second
	// lastNotYet bounds the wait after ErrNotMember: the list that names us is on
	// its way to the peer, so asking again soon pays.
	lastNotYet = 100 * time.Millisecond
	// settled is how long a session must have lived for the waits to begin anew.
	settled = time.Second
)

// tune sets what every member connection has: no waiting for more bytes, since
// the writer gathers them, and keep-alives that find a peer whose machine is gone.
func tune(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // the next read or write tells of a broken connection
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 6,
		})
	}
}

// dialLane keeps a lane connected while the peer is one, if this member has the
// greater id; else the peer does.
func (h *TCPHub) dialLane(p *peer, lane Lane) {
	failures := 0
	for p.ctx.Err() == nil {
		hello := h.handler.Hello()
		if hello.From.Compare(p.id) <= 0 {
			return
		}
		began := time.Now()
		err := h.dialOnce(p, lane, introduce(hello, p, lane))
		if p.leaving.Load() && errors.Is(err, syscall.ECONNREFUSED) {
			return // it has left
		}
		if time.Since(began) >= settled {
			failures = 0
		}
		wait := lastRedial
		if failures < 16 {
			wait = min(firstRedial<<failures, lastRedial)
		}
		if errors.Is(err, ErrNotMember) {
			wait = min(wait, lastNotYet)
		}
		failures++
		timer := time.NewTimer(h.jitter(wait))
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			timer.Stop()
		}
	}
}

// introduce fills in what the hub knows: versions, lane and whom it means.
func introduce(hello Hello, p *peer, lane Lane) Hello {
	hello = withVersions(hello)
	hello.Lane = lane
	if p != nil {
		hello.To = p.id
	}
	return hello
}

// withVersions fills in the versions of this build, unless the handler has given others.
func withVersions(hello Hello) Hello {
	if hello.MaxVersion == 0 {
		hello.MinVersion, hello.MaxVersion = MinVersion, Version
	}
	return hello
}

// dialOnce connects a lane and lives its session.
func (h *TCPHub) dialOnce(p *peer, lane Lane, hello Hello) error {
	conn, in, err := h.shake(p, hello)
	if err != nil {
		if p.ctx.Err() == nil {
			h.tellDial(p, lane, err)
		}
		return err
	}
	defer func() { _ = conn.Close() }() // mostly closed already
	err = h.adopt(p, lane, conn, in, nil)
	h.tellLost(p, lane, err)
	return err
}

// shake dials and does the handshake of a lane, within Limits.Handshake.
func (h *TCPHub) shake(p *peer, hello Hello) (net.Conn, *frameReader, error) {
	ctx, cancel := context.WithTimeout(p.ctx, h.limits.Handshake)
	defer cancel()
	conn, err := h.dialer(ctx, p.address.Dial())
	if err != nil {
		return nil, nil, err
	}
	tune(conn)
	interrupt := context.AfterFunc(ctx, func() { _ = conn.Close() })
	in := newFrameReader(conn, nil)
	err = greet(conn, in, &hello)
	if !interrupt() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, in, nil
}

// greet says hello and checks the answer.
func greet(conn net.Conn, in *frameReader, hello *Hello) error {
	if _, err := conn.Write(appendHello([]byte(Preamble), hello)); err != nil {
		return err
	}
	answer, err := awaitHello(in)
	if err != nil {
		return err
	}
	if err := hello.Fits(&answer); err != nil {
		return err
	}
	if answer.From != hello.To {
		return fmt.Errorf("%w: %v", ErrOtherMember, answer.From)
	}
	return nil
}

// awaitHello reads the preamble and a handshake frame.
func awaitHello(in *frameReader) (Hello, error) {
	if err := in.waitPreamble(); err != nil {
		return Hello{}, err
	}
	frame, err := in.wait()
	if errors.Is(err, ErrFrameTooLarge) {
		return Hello{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if err != nil {
		return Hello{}, err
	}
	return decodeHandshake(frame)
}

// tellDial logs why a lane cannot be connected, once in a while for each reason.
func (h *TCPHub) tellDial(p *peer, lane Lane, err error) {
	key := "dial " + p.id.String() + codeOf(err).String()
	if p.leaving.Load() && errors.Is(err, syscall.ECONNREFUSED) {
		return
	}
	if errors.Is(err, ErrNotMember) {
		h.logger.Debug("lane not accepted yet", slog.String("peer", p.id.String()), slog.Int("lane", int(lane)))
		return
	}
	if left, ok := h.lines.Allow(key); ok {
		h.logger.Warn("cannot connect to member", slog.String("peer", p.id.String()),
			slog.String("address", p.address.String()), slog.Any("reason", err), slog.Int64("left_out", left))
	}
}

// tellLost logs that a lane's connection ended, unless that was wanted here.
func (h *TCPHub) tellLost(p *peer, lane Lane, err error) {
	if p.ctx.Err() != nil || p.leaving.Load() || errors.Is(err, ErrReplaced) {
		return
	}
	if left, ok := h.lines.Allow("lost " + p.id.String()); ok {
		h.logger.Info("connection to member lost", slog.String("peer", p.id.String()),
			slog.String("address", p.address.String()), slog.String("lane", lane.String()),
			slog.Any("reason", err), slog.Int64("left_out", left))
	}
}
