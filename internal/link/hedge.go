package link

import (
	"context"
	"net"
	"sync"
	"time"
)

// A connection whose first packet is lost comes about when the system sends that again: a second later, or three if that is lost as well. First
// packets are lost where rules of a network are just being written, such as those of a Kubernetes Service whose first member starts, and
// three seconds are a long start. So who has not been connected for a while tries once more beside that.
const (
	// firstHedge is the wait before the second attempt, more than a round trip around the world; doubled with each further one.
	firstHedge = 300 * time.Millisecond
	// mostAttempts is how many there may be at once: the last begins when a silent address will be given up soon.
	mostAttempts = 4
)

// dialTCP is the default of Options.Dialer.
func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	return hedge(ctx, func(ctx context.Context) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", address)
	})
}

// hedge makes attempts until one has ended, whatever came of it: an error, too, says something of the address. It ends the others.
func hedge(ctx context.Context, dial func(context.Context) (net.Conn, error)) (conn net.Conn, err error) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	var first sync.Once
	attempt := func() {
		c, e := dial(ctx)
		won := false
		first.Do(func() {
			conn, err, won = c, e, true
			close(ended)
		})
		if !won && c != nil {
			_ = c.Close()
		}
	}
	wait := firstHedge
	for n := 1; ; n++ {
		attempts.Go(attempt)
		var again <-chan time.Time // never, after the last
		if n < mostAttempts {
			again = time.After(wait)
			wait *= 2
		}
		select {
		case <-ended:
			return conn, err
		case <-again:
		}
	}
}
