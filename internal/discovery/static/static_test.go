package static_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/discovery/static"
)

var errNoName = errors.New("no such host")

// names is a resolver that knows some names, and is silent about "slow".
type names map[string][]string

func (n names) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if host == "slow" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if network != "ip" || n[host] == nil {
		return nil, errNoName
	}
	var found []netip.Addr
	for _, ip := range n[host] {
		found = append(found, netip.MustParseAddr(ip))
	}
	return found, nil
}

func address(host string, port uint16) cluster.Address {
	return cluster.Address{Host: host, Port: port}
}

func text(addresses []cluster.Address) string {
	var parts []string
	for _, a := range addresses {
		parts = append(parts, a.Dial())
	}
	return strings.Join(parts, " ")
}

func TestLook(t *testing.T) {
	self := address("10.0.0.1", 5701)
	resolver := names{
		"one": {"10.0.0.1"}, "two": {"10.0.0.20", "10.0.0.3"},
		"six": {"fd00::6"}, "mapped": {"::ffff:10.0.0.9"},
	}
	tests := []struct {
		name     string
		listed   []cluster.Address
		want     string
		problems int
	}{
		{"nothing", nil, "10.0.0.1:5701", 0},
		{"addresses, ordered as numbers", []cluster.Address{address("10.0.0.20", 5701), address("10.0.0.3", 5702), address("10.0.0.3", 5701)}, "10.0.0.1:5701 10.0.0.3:5701 10.0.0.3:5702 10.0.0.20:5701", 0},
		{"self by number and name", []cluster.Address{self, address("one", 5701)}, "10.0.0.1:5701", 0},
		{"a name with two addresses and two ports", []cluster.Address{address("two", 5701), address("two", 5702)}, "10.0.0.1:5701 10.0.0.3:5701 10.0.0.3:5702 10.0.0.20:5701 10.0.0.20:5702", 0},
		{"IPv6", []cluster.Address{address("six", 5701), address("FD00::7", 1)}, "10.0.0.1:5701 [fd00::6]:5701 [fd00::7]:1", 0},
		{"IPv4 in IPv6", []cluster.Address{address("mapped", 5701)}, "10.0.0.1:5701 10.0.0.9:5701", 0},
		{"unknown names", []cluster.Address{address("who", 5701), address("who", 5702), address("what", 1), address("two", 1)}, "10.0.0.1:5701 10.0.0.3:1 10.0.0.20:1", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := static.NewList(self, test.listed, resolver).Look(t.Context())
			if err != nil || !found.SelfShown {
				t.Fatalf("%v, own address shown: %t", err, found.SelfShown)
			}
			if got := text(found.Addresses); got != test.want {
				t.Errorf("found %s, want %s", got, test.want)
			}
			if len(found.Problems) != test.problems {
				t.Errorf("problems: %v", found.Problems)
			}
			for _, problem := range found.Problems {
				if !errors.Is(problem, errNoName) {
					t.Error(problem)
				}
			}
		})
	}
}

// TestSlowResolver: a resolver that does not answer costs the others nothing
// but the wait.
func TestSlowResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listed := []cluster.Address{address("slow", 5701), address("two", 5701)}
		list := static.NewList(address("10.0.0.1", 5701), listed, names{"two": {"10.0.0.2"}})
		began := time.Now()
		found, err := list.Look(t.Context())
		if took := time.Since(began); err != nil || took != static.Timeout {
			t.Errorf("%v after %v", err, took)
		}
		if got := text(found.Addresses); got != "10.0.0.1:5701 10.0.0.2:5701" || len(found.Problems) != 1 {
			t.Errorf("found %s, problems %v", got, found.Problems)
		}
	})
}

func TestLocalPorts(t *testing.T) {
	found, err := static.NewLocal(address("10.0.0.1", 5701), "127.0.0.1", 65534, 100).Look(t.Context())
	if got := text(found.Addresses); err != nil || got != "10.0.0.1:5701 127.0.0.1:65534 127.0.0.1:65535" {
		t.Errorf("found %s, %v", got, err)
	}
}

func TestLongLists(t *testing.T) {
	var listed []cluster.Address
	for i := range 2 * discovery.MaxAddresses {
		listed = append(listed, address(fmt.Sprintf("10.1.%d.%d", i/256, i%256), 5701))
	}
	self := address("10.0.0.1", 5701)
	found, err := static.NewList(self, listed, names{}).Look(t.Context())
	if err != nil || len(found.Addresses) != discovery.MaxAddresses || !slices.Contains(found.Addresses, self) {
		t.Errorf("%d addresses, %v", len(found.Addresses), err)
	}
}
