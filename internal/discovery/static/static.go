// Package static looks for members where a configuration says that they are:
// a list of addresses (Hazelcast: join/tcp-ip), or the ports of this machine.
//
// Neither asks anybody but the resolver of names, so both always show one's own
// address, whether it is in the list or not: a member that is not listed finds
// the others and is found by none, which is no split since it asks them all
// before it founds.
//
// A look resolves all names at the same time and waits for the slowest, at most
// Timeout; an address that is one already costs nothing.
package static

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// Timeout is how long the resolving of all names of a list may take: as long as
// founding waits for an address that is silent.
const Timeout = 5 * time.Second

// atOnce bounds the names that are resolved at the same time, so that a long
// list does not flood the resolver.
const atOnce = 32

// A Resolver finds the addresses of a name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A List is a discovery.Source of listed addresses.
type List struct {
	self     cluster.Address
	listed   []cluster.Address
	resolver Resolver
	timeout  time.Duration
}

var _ discovery.Source = (*List)(nil)

// NewList returns a source of the addresses listed, whose hosts may be names,
// and self. Patterns and left out ports have been written out (package config
// does). A nil resolver is the machine's.
func NewList(self cluster.Address, listed []cluster.Address, resolver Resolver) *List {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return &List{self: self, listed: slices.Clone(listed), resolver: resolver, timeout: Timeout}
}

// NewLocal returns a source of count ports of a host from first upwards, and
// self. The host is one of this machine's addresses, usually 127.0.0.1.
func NewLocal(self cluster.Address, host string, first uint16, count int) *List {
	var listed []cluster.Address
	for port := int(first); port < int(first)+count && port <= 65535; port++ {
		listed = append(listed, cluster.Address{Host: host, Port: uint16(port)})
	}
	return NewList(self, listed, nil)
}

// Look implements discovery.Source. It never fails: what cannot be resolved is
// left out and told in Found.Problems, as in Hazelcast, where a host that is
// not up yet may have no name either.
func (l *List) Look(ctx context.Context) (discovery.Found, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var found discovery.Found
	addresses := []cluster.Address{l.self}
	var names []string
	for _, a := range l.listed {
		if ip, err := netip.ParseAddr(a.Host); err == nil {
			addresses = append(addresses, addressOf(ip, a.Port))
		} else {
			names = append(names, a.Host)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	answers := l.resolve(ctx, names)
	for i, answer := range answers {
		if answer.err != nil {
			found.Problems = append(found.Problems, fmt.Errorf("resolving %q: %w", names[i], answer.err))
		}
	}
	for _, a := range l.listed {
		i, ok := slices.BinarySearch(names, a.Host)
		if !ok {
			continue
		}
		for _, ip := range answers[i].addresses {
			addresses = append(addresses, addressOf(ip, a.Port))
		}
	}
	found.Addresses, found.SelfShown = discovery.Settle(addresses, l.self)
	return found, nil
}

// answer is what a name was resolved to.
type answer struct {
	addresses []netip.Addr
	err       error
}

// resolve resolves names; the answers are in the order of the names.
func (l *List) resolve(ctx context.Context, names []string) []answer {
	answers := make([]answer, len(names))
	places := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, name := range names {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			answers[i].addresses, answers[i].err = l.resolver.LookupNetIP(ctx, "ip", name)
		})
	}
	running.Wait()
	return answers
}

func addressOf(ip netip.Addr, port uint16) cluster.Address {
	return cluster.Address{Host: ip.Unmap().String(), Port: port}
}
