package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// ErrConnect is returned by Run when the server cannot be reached or does not let the generator in.
var ErrConnect = errors.New("bench: connecting")

// connect opens all connections.
func (o *Options) connect(ctx context.Context) (*target, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	switch o.Protocol {
	case RESP:
		return o.connectPlain(ctx, o.openRESP)
	case EchoOnly:
		return o.connectPlain(ctx, func(conn net.Conn) error {
			_, err := conn.Write(preamble(o.echoSizes()))
			return err
		})
	}
	return o.connectClient(ctx)
}

// connectPlain opens connections to the address alone.
func (o *Options) connectPlain(ctx context.Context, open func(net.Conn) error) (*target, error) {
	t := &target{members: []string{o.Address}}
	t.close = t.closeAll
	return t, t.dialAll(ctx, o.Connections, open)
}

// openRESP lets a connection in where a password is given, and sees that the server speaks RESP.
func (o *Options) openRESP(conn net.Conn) error {
	if o.Password == "" {
		return nil
	}
	if _, err := conn.Write(o.respAuth()); err != nil {
		return err
	}
	answer := make([]byte, 0, 512)
	for {
		v, err := cutRESP(answer)
		switch {
		case err != nil && len(answer) > 0:
			return err
		case len(answer) > 0 && v.size > 0 && v.kind == '+':
			return nil
		case len(answer) > 0 && v.size > 0:
			return fmt.Errorf("AUTH: %s", v.bytes)
		case len(answer) == cap(answer):
			return fmt.Errorf("%w: answer of AUTH", errStream)
		}
		n, err := conn.Read(answer[len(answer):cap(answer)])
		if err != nil {
			return err
		}
		answer = answer[:len(answer)+n]
	}
}

// dialAll opens perMember connections to each of t.members, a few at a time; all or none.
func (t *target) dialAll(ctx context.Context, perMember int, open func(net.Conn) error) error {
	t.conns = make([]connection, len(t.members)*perMember)
	errs := make([]error, len(t.conns))
	places := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i := range t.conns {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			member := i % len(t.members) // in turn, so that their schedules are spread in the open loop
			conn, err := dial(ctx, t.members[member], open)
			t.conns[i], errs[i] = connection{conn, int32(member)}, err
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil { // one of them says enough
			t.close()
			return err
		}
	}
	return nil
}

// atOnce is how many connections are opened at a time: a server's queue of new ones is short.
const atOnce = 16

// dial opens one connection.
func dial(ctx context.Context, address string, open func(net.Conn) error) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if err := open(conn); err != nil {
		_ = conn.Close()
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("the server closed the connection: does it speak this protocol? (%w)", err)
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrConnect, address, err)
	}
	return conn, conn.SetDeadline(time.Time{})
}

func (t *target) closeAll() {
	for _, c := range t.conns {
		if c.conn != nil {
			_ = c.conn.Close()
		}
	}
}
