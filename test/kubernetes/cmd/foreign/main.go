// Command foreign listens on port 5701 and is no member: it greets everybody as
// a mail server does and understands nothing. Tests put it behind a Service that
// selects too much.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "foreign:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":5701")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		conn, err := listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				err = nil // told to stop
			}
			return err
		}
		go greet(conn)
	}
}

// greet says hello, reads one line or so and says that it was nonsense.
func greet(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, "220 foreign ESMTP\r\n"); err != nil {
		return
	}
	if _, err := conn.Read(make([]byte, 512)); err == nil {
		_, _ = io.WriteString(conn, "500 unrecognized command\r\n") // whoever asked may have gone
	}
}
