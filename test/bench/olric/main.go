// Command olric runs one member of an Olric cluster for comparisons, with Olric's
// defaults but for the addresses: it listens on the loopback only, and says
// "ready" on standard output when it serves. SIGTERM ends it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/olric-data/olric"
	"github.com/olric-data/olric/config"
)

// leaveTime is how long the member may take to end.
const leaveTime = 10 * time.Second

func main() {
	port := flag.Int("port", 3320, "to serve clients on")
	gossip := flag.Int("gossip", 3322, "port of the membership protocol")
	flag.Parse()
	if err := run(*port, *gossip); err != nil {
		fmt.Fprintln(os.Stderr, "olric:", err)
		os.Exit(1)
	}
}

func run(port, gossip int) error {
	const loopback = "127.0.0.1"
	c := config.New("local")
	c.BindAddr, c.BindPort = loopback, port
	c.MemberlistConfig.BindAddr, c.MemberlistConfig.BindPort = loopback, gossip
	c.MemberlistConfig.AdvertiseAddr, c.MemberlistConfig.AdvertisePort = loopback, gossip
	c.LogOutput, c.LogLevel, c.LogVerbosity = io.Discard, "ERROR", 1
	c.Started = func() { fmt.Println("ready") }
	member, err := olric.New(c)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- member.Start() }()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	select {
	case err := <-ended:
		return err
	case <-signals:
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	return member.Shutdown(ctx)
}
