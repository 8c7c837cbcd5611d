package config

import (
	"fmt"
	"net/netip"
)

// defaultPort is Hazelcast's first port.
const defaultPort = 5701

// loopback is where a member listens that was not told otherwise.
const loopback = "127.0.0.1"

// Endpoint is one listening socket: the member port, or with advanced-network
// the port for clients or for members.
type Endpoint struct {
	// Name is the endpoint's name in advanced-network; "" otherwise.
	Name string
	// Port is the first port tried; 0 lets the system choose one.
	Port int
	// PortAutoIncrement tries the next port while one is in use, PortCount
	// ports in all.
	PortAutoIncrement bool
	PortCount         int
	// PublicAddress (host or host:port) is what others are told instead of the
	// address listened on; "" for none.
	PublicAddress string
	// Interfaces restricts the addresses to listen on.
	Interfaces Interfaces
}

// Interfaces is a list of address patterns; it counts only when Enabled.
type Interfaces struct {
	Enabled bool
	// Patterns are addresses whose parts may be a wildcard or a range:
	// 10.3.16.*, 10.3.10.4-18.
	Patterns []string
}

// Network is the network element: one port for members, clients and health.
type Network struct {
	Endpoint

	// BindAddress is the address to listen on (property
	// hazelcast.local.localAddress); "" for the rule of ListenHost.
	BindAddress string
	// BindAny listens on all addresses (property hazelcast.socket.bind.any);
	// off unless set or inside a pod, since the bare binary must not be reachable from outside.
	BindAny bool
	Join    Join
}

// AdvancedNetwork is the advanced-network element: sockets of their own for
// members and for clients. It counts only when Enabled, and then instead of
// Network.
type AdvancedNetwork struct {
	Enabled bool
	Join    Join
	// Member is where members listen for one another.
	Member Endpoint
	// Client is where clients are served; it counts only when HasClient.
	Client    Endpoint
	HasClient bool
}

func defaultEndpoint() Endpoint {
	return Endpoint{Port: defaultPort, PortAutoIncrement: true, PortCount: 100}
}

func defaultNetwork() Network {
	return Network{Endpoint: defaultEndpoint(), Join: defaultJoin()}
}

func defaultAdvancedNetwork() AdvancedNetwork {
	return AdvancedNetwork{Join: defaultJoin(), Member: defaultEndpoint(), Client: defaultEndpoint()}
}

// MemberEndpoint returns the socket that members use: that of network, or the
// member endpoint of advanced-network when it is enabled.
func (c *Config) MemberEndpoint() Endpoint {
	if c.AdvancedNetwork.Enabled {
		return c.AdvancedNetwork.Member
	}
	return c.Network.Endpoint
}

// ClientEndpoint returns the socket for clients, and whether it is one of its
// own. When it is not, clients use the member endpoint if advanced-network is
// off, and are not served at all if it is on.
func (c *Config) ClientEndpoint() (Endpoint, bool) {
	if c.AdvancedNetwork.Enabled && c.AdvancedNetwork.HasClient {
		return c.AdvancedNetwork.Client, true
	}
	return Endpoint{}, false
}

// Join returns how members are found: the join of network, or that of
// advanced-network when it is enabled.
func (c *Config) Join() Join {
	if c.AdvancedNetwork.Enabled {
		return c.AdvancedNetwork.Join
	}
	return c.Network.Join
}

// ListenHost returns the address that e is to listen on, given the addresses of
// this machine: hazelcast.local.localAddress if set; all addresses ("0.0.0.0")
// with hazelcast.socket.bind.any; the first local address that an enabled
// interfaces pattern matches; else the loopback. It returns ErrNoInterface when
// patterns are enabled and match none.
func (c *Config) ListenHost(e Endpoint, local []netip.Addr) (string, error) {
	switch {
	case c.Network.BindAddress != "":
		return c.Network.BindAddress, nil
	case c.Network.BindAny:
		return "0.0.0.0", nil
	case !e.Interfaces.Enabled:
		return loopback, nil
	}
	for _, a := range local {
		if e.Interfaces.Match(a) {
			return a.String(), nil
		}
	}
	return "", fmt.Errorf("%w: interfaces %v, addresses here %v", ErrNoInterface, e.Interfaces.Patterns, local)
}
