package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// exchange sends bytes to a server and hands the beginning of what it answers to check.
func exchange(ctx context.Context, address string, out []byte, size int, check func([]byte) error) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return err
	}
	if _, err := conn.Write(out); err != nil {
		return err
	}
	in := make([]byte, size)
	if _, err := io.ReadFull(conn, in); err != nil {
		return err
	}
	return check(in)
}

var errNotReady = errors.New("serves, but not this yet")

// pong asks a server of RESP.
func pong(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		return exchange(ctx, address, []byte("PING\r\n"), len("+PONG\r\n"), func(in []byte) error {
			if string(in) != "+PONG\r\n" {
				return fmt.Errorf("%w: %q", errNotReady, in)
			}
			return nil
		})
	}
}

// listens asks for no more than a connection.
func listens(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// authenticated asks a member of either product to let a client in: message 0x000100 of the client protocol, whose
// answer 0x000101 has its status behind type, correlation and backup count.
func authenticated(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		return exchange(ctx, address, authentication(), 20, func(in []byte) error {
			if kind, status := binary.LittleEndian.Uint32(in[6:]), in[19]; kind != 0x000101 || status != 0 {
				return fmt.Errorf("%w: message %#x, status %d", errNotReady, kind, status)
			}
			return nil
		})
	}
}
