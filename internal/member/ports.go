package member

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/link"
)

// ports are the listeners of a member: one for everybody or, with
// advanced-network, one for members and one for clients.
type ports struct {
	member, client net.Listener // client is nil when member serves clients, too
	// self is where members reach this one, clients where clients do.
	self, clients cluster.Address
}

// host is where the member port listens, without a name that is only told to others.
func (p *ports) host() string {
	ip := p.member.Addr().(*net.TCPAddr).IP
	if ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return ip.String()
}

func (p *ports) close() {
	for _, l := range []net.Listener{p.member, p.client} {
		if l != nil {
			_ = l.Close() // ends Serve; there is nobody to tell
		}
	}
}

func (m *Member) listen() error {
	cfg := &m.o.Config
	listener, address, err := listenAt(m.ctx, cfg, cfg.MemberEndpoint())
	if err != nil {
		return err
	}
	m.ports.member, m.ports.self, m.ports.clients = listener, address, address
	if endpoint, ok := cfg.ClientEndpoint(); ok {
		if m.ports.client, m.ports.clients, err = listenAt(m.ctx, cfg, endpoint); err != nil {
			m.ports.close()
			return err
		}
	}
	return nil
}

// listenAt listens at an endpoint and returns what others are told to dial.
func listenAt(ctx context.Context, cfg *config.Config, e config.Endpoint) (net.Listener, cluster.Address, error) {
	host, err := cfg.ListenHost(e, localAddresses())
	if err != nil {
		return nil, cluster.Address{}, err
	}
	l, err := link.Listen(ctx, host, uint16(e.Port), e.PortCount, e.PortAutoIncrement)
	if err != nil {
		return nil, cluster.Address{}, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if e.PublicAddress != "" {
		public, publicPort, err := config.ParseAddress(e.PublicAddress, port)
		if err != nil {
			_ = l.Close() // never served
			return nil, cluster.Address{}, fmt.Errorf("public-address: %w", err)
		}
		return l, cluster.Address{Host: public, Port: uint16(publicPort)}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = advertised(cfg, e)
	}
	return l, cluster.Address{Host: host, Port: uint16(port)}, nil
}

func localAddresses() []netip.Addr {
	var out []netip.Addr
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil // treated as a machine without interfaces: only the loopback is left
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(ip.IP); ok {
				out = append(out, addr.Unmap())
			}
		}
	}
	return out
}

// advertised is what a member that listens on all interfaces tells others: the
// address that enabled interfaces name, else the pod's, else its first one.
func advertised(cfg *config.Config, e config.Endpoint) string {
	if e.Interfaces.Enabled {
		for _, a := range localAddresses() {
			if e.Interfaces.Match(a) {
				return a.String()
			}
		}
	}
	if cfg.Pod.Inside && cfg.Pod.IP != "" {
		return cfg.Pod.IP
	}
	return firstAddress()
}

// listensAt is the port of a listener, whatever others are told.
func listensAt(l net.Listener) uint16 { return uint16(l.Addr().(*net.TCPAddr).Port) }

// firstAddress is what a member that listens on all interfaces tells others:
// its first address that is not the loopback's.
func firstAddress() string {
	fallback := "127.0.0.1"
	for _, a := range localAddresses() {
		if a.IsLoopback() || a.IsLinkLocalUnicast() {
			continue
		}
		if a.Is4() {
			return a.String()
		}
		if fallback == "127.0.0.1" {
			fallback = a.String()
		}
	}
	return fallback
}

func (p *ports) serve(goLive func(func()), doors func() link.Doors, limits link.DoorLimits, logger *slog.Logger) {
	accept := func(l net.Listener, d link.Doors) {
		goLive(func() {
			if err := link.Serve(l, d, limits, logger); err != nil {
				logger.Error("a port does not accept connections any more",
					slog.String("address", l.Addr().String()), slog.String("error", err.Error()))
			}
		})
	}
	d := doors()
	if p.client == nil {
		accept(p.member, d)
		return
	}
	accept(p.member, link.Doors{Member: d.Member, HTTP: d.HTTP})
	accept(p.client, link.Doors{Client: d.Client})
}
