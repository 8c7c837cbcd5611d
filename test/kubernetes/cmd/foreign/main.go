// Command foreign listens on port 5701 and is no member: it greets everybody as
// a mail server does and understands nothing. Tests put it behind a Service that
// selects too much.
package main

import (
	"context"
	"fmt"
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
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go greet(conn)
	}
}

// greet says hello, reads one line or so and says that it was nonsense.
func greet(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(conn, "220 foreign ESMTP\r\n")
	if _, err := conn.Read(make([]byte, 512)); err == nil {
		fmt.Fprint(conn, "500 unrecognized command\r\n")
	}
}
