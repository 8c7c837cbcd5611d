package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// Times of DNS.
const (
	// dnsTimeout limits a look-up that the configuration does not limit, as in Hazelcast.
	dnsTimeout = 5 * time.Second
	// reverseTimeout limits a reverse look-up: many clusters have none, and it only helps to guess less.
	reverseTimeout = time.Second
)

// A Resolver finds the addresses of a name and the names of an address;
// *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// dnsName is the name that DNS is asked for; "" if no Service is known. It ends
// in a dot, so that the search list of the pod costs no further questions;
// service-dns is asked for as it is written.
func (s *Source) dnsName() string {
	sel := &s.o.Selection
	service := s.service()
	switch {
	case sel.DNS != "":
		return sel.DNS
	case service == "":
		return ""
	}
	return service + "." + sel.Namespace + ".svc." + strings.Trim(sel.Domain, ".") + "."
}

// service is the Service that DNS is asked for, "" if none is known.
func (s *Source) service() string {
	sel := &s.o.Selection
	switch {
	case sel.DNS != "":
		name, _, _ := strings.Cut(sel.DNS, ".")
		return name
	case sel.WholeNamespace:
		return sel.Fallback
	}
	return sel.Service
}

// lookInDNS looks by the name of the Service; why is what led here, nil in the DNS mode.
func (s *Source) lookInDNS(ctx context.Context, why error) (discovery.Found, error) {
	name := s.dnsName()
	shown := strings.TrimSuffix(name, ".")
	timeout := s.o.Selection.DNSTimeout
	if timeout <= 0 {
		timeout = dnsTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found := discovery.Found{MayFoundUnseen: s.isFirst()}
	if why != nil {
		found.Problems = append(found.Problems, why)
	}
	ips, err := s.o.Resolver.LookupNetIP(ctx, "ip", name)
	if notFound, ok := errors.AsType[*net.DNSError](err); ok && notFound.IsNotFound {
		s.judgeUnseen(&found, fmt.Errorf("DNS knows no %s: create the Service, or name the right one (service-name, HAZELCAST_SERVICE, service-dns, DNS_DOMAIN); "+
			"a headless Service needs publishNotReadyAddresses: true; this member waits until it is shown", shown))
		s.sayFound(0, "dns")
		return found, nil
	}
	link := s.o.Pod.Link(s.service())
	if err != nil {
		err = fmt.Errorf("DNS does not answer for %s (%s): see to the cluster's DNS and network policies", shown, reasonOf(err))
		if link.IsZero() || s.o.Selection.DNS != "" {
			return discovery.Found{Problems: found.Problems}, err
		}
		found.Problems = append(found.Problems, err)
		s.sayDoor(link)
		found.Door = link
		return found, nil
	}
	if door := s.doorAmong(ctx, ips, link); !door.IsZero() {
		s.sayDoor(door)
		found.Door = door
		return found, nil
	}
	a := answer{by: "dns", endpoints: s.endpointsOf(ips)}
	settled := settle(a.endpoints, s.o.Pod, false)
	found.Addresses, found.SelfShown = settled.Addresses, settled.SelfShown
	s.judgeUnseen(&found, fmt.Errorf("DNS shows %d pods as %s and not this one: the headless Service needs publishNotReadyAddresses: true, "+
		"and a selector that matches this pod; this member waits until it is shown", len(found.Addresses), shown))
	s.sayFound(len(found.Addresses), a.by)
	return found, nil
}

func (s *Source) endpointsOf(ips []netip.Addr) []endpoint {
	port := s.o.Selection.Port
	if port == 0 {
		port = s.o.Pod.Port
	}
	endpoints := make([]endpoint, 0, len(ips))
	for _, ip := range ips[:min(len(ips), discovery.MaxAddresses)] {
		endpoints = append(endpoints, endpoint{ip: ip.Unmap(), port: port, ready: true})
	}
	return endpoints
}

// A sight is what the addresses of a Service's name are.
type sight uint8

const (
	// pods: a headless Service, which shows its pods.
	pods sight = iota + 1
	// door: the Service's own address.
	door
	// either: one address, which may be the Service's or its only pod's.
	either
)

// sightOf tells what a name's addresses are. A Service has one address of its
// own in each family.
func sightOf(ips []netip.Addr, pod Pod, link cluster.Address) sight {
	var v4, v6 int
	for _, ip := range ips {
		ip = ip.Unmap()
		switch {
		case ip.String() == link.Host:
			return door
		case slices.Contains(pod.Addresses, ip):
			return pods
		case ip.Is4():
			v4++
		default:
			v6++
		}
	}
	if len(ips) == 0 || v4 > 1 || v6 > 1 {
		return pods
	}
	return either
}

// isPodName tells whether a reverse look-up has given the name of a pod of a
// headless Service, host.service.namespace.svc.domain, and not the Service's
// own, service.namespace.svc.domain (Kubernetes DNS specification, PTR records).
func isPodName(name string) bool {
	before, _, ok := strings.Cut(strings.ToLower(name), ".svc.")
	return ok && strings.Count(before, ".") >= 2
}

// doorAmong returns the Service's own address, zero if the addresses are pods'.
func (s *Source) doorAmong(ctx context.Context, ips []netip.Addr, link cluster.Address) cluster.Address {
	seen := sightOf(ips, s.o.Pod, link)
	if seen == either && s.namesPod(ctx, ips[0]) {
		seen = pods
	}
	if seen == pods {
		return cluster.Address{}
	}
	if seen == door {
		return link
	}
	ip := ips[0]
	for _, other := range ips { // the family that this member is told by is the one that others reach it in
		if told, err := netip.ParseAddr(s.o.Pod.Told.Host); err == nil && other.Unmap().Is4() == told.Is4() {
			ip = other
		}
	}
	return cluster.Address{Host: ip.Unmap().String(), Port: s.endpointsOf(ips)[0].port}
}

func (s *Source) namesPod(ctx context.Context, ip netip.Addr) bool {
	ctx, cancel := context.WithTimeout(ctx, reverseTimeout)
	defer cancel()
	names, err := s.o.Resolver.LookupAddr(ctx, ip.Unmap().String())
	return err == nil && slices.ContainsFunc(names, isPodName)
}

// sayDoor says, once, that only the Service's own address is known.
func (s *Source) sayDoor(door cluster.Address) {
	if text := "door " + door.String(); text != s.said {
		s.said = text
		s.o.Logger.Info("asking through the Service's own address", slog.String("address", door.String()), slog.String("service", s.service()))
	}
}

// isFirst tells whether this is the pod of ordinal 0 of a StatefulSet: no other
// controller ends a name in -0 (the suffixes of ReplicaSets and
// ReplicationControllers have five characters, and no digit 0).
func (s *Source) isFirst() bool {
	before, ok := strings.CutSuffix(s.o.Pod.Name, "-0")
	return ok && before != ""
}

// reasonOf is why DNS did not answer, without the question and the port of the
// one who asked, which differ each time.
func reasonOf(err error) string {
	if d, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case d.IsTimeout:
			return "no answer in time"
		case strings.Contains(d.Err, "refused"):
			return "connection refused"
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return clipped(err.Error())
}
