package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// Errors of Listen.
var (
	// ErrPortInUse is returned by Listen when every port that it may take is taken.
	ErrPortInUse = errors.New("port in use")
	// ErrCannotListen is returned by Listen when the address cannot be listened at at all.
	ErrCannotListen = errors.New("cannot listen")
)

// Listen listens for TCP at host. It takes port or, with autoIncrement, the
// first free one of the count ports from there on (Hazelcast: network.port,
// port-count, auto-increment). Port 0 is any free one. Its errors are one line
// that a person who starts a member can act on.
func Listen(ctx context.Context, host string, port uint16, count int, autoIncrement bool) (net.Listener, error) {
	if !autoIncrement || port == 0 {
		count = 1
	}
	last := min(int(port)+max(count, 1)-1, 65535)
	var config net.ListenConfig
	for p := int(port); p <= last; p++ {
		listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(p)))
		switch {
		case err == nil:
			return listener, nil
		case errors.Is(err, syscall.EADDRINUSE):
			// the next one may be free
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			return nil, fmt.Errorf("%w at %s: no network interface of this machine has that address", ErrCannotListen, host)
		case errors.Is(err, syscall.EACCES):
			return nil, fmt.Errorf("%w at port %d: not permitted; ports below 1024 need privileges", ErrCannotListen, p)
		default:
			return nil, fmt.Errorf("%w at %s: %w", ErrCannotListen, net.JoinHostPort(host, strconv.Itoa(p)), err)
		}
	}
	if last == int(port) {
		return nil, fmt.Errorf("%w: %d at %s: stop what listens there, or set another port or port auto-increment",
			ErrPortInUse, port, host)
	}
	return nil, fmt.Errorf("%w: all of %d to %d at %s: stop what listens there, or set another port or a greater port count",
		ErrPortInUse, port, last, host)
}
