package member

import (
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
	"github.com/filbertgrid/filbert/internal/migration"
)

// looksInKubernetes tells whether members are looked for through Kubernetes.
func looksInKubernetes(cfg *config.Config) bool {
	method := cfg.Join().Method()
	return method == config.JoinKubernetes || method == config.JoinAuto && cfg.Pod.Inside
}

// newKubernetes makes the source of pods, once the ports are open; nil where
// members are not looked for through Kubernetes.
func (m *Member) newKubernetes() *kubernetes.Source {
	cfg := &m.o.Config
	if !looksInKubernetes(cfg) {
		return nil
	}
	k := cfg.Join().Kubernetes
	api := kubernetes.API{
		URL: orElse(k.Master, cfg.Pod.Master), Token: k.APIToken, CA: k.CACertificate, Retries: k.APIRetries,
		TokenFile: cfg.Pod.ServiceAccount + "/token", CAFile: cfg.Pod.ServiceAccount + "/ca.crt",
	}
	return kubernetes.New(kubernetes.Options{
		API: api, Selection: selectionOf(cfg, k), Pod: m.pod(),
		Logger: m.o.Logger.With(slog.String("component", "discovery")),
	})
}

// selectionOf says which pods the configuration means: an enabled element that
// names none means the whole namespace, auto-detection the default Service.
func selectionOf(cfg *config.Config, k config.Kubernetes) kubernetes.Selection {
	s := kubernetes.Selection{
		Namespace: orElse(k.Namespace, cfg.Pod.Namespace), Domain: orElse(cfg.Pod.Domain, searchedDomain()),
		Service: k.ServiceName, ServiceLabels: k.ServiceSelector(), PodLabels: k.PodSelector(),
		DNS: k.ServiceDNS, DNSTimeout: k.ServiceDNSTimeout,
		Port: uint16(k.ServicePort), ReadyOnly: !k.ResolveNotReady,
	}
	if s.Service == "" && s.ServiceLabels == "" && s.PodLabels == "" && s.DNS == "" {
		if k.Enabled {
			s.WholeNamespace, s.Fallback = true, cfg.Pod.Service
		} else {
			s.Service = cfg.Pod.Service
		}
	}
	return s
}

// pod is what this member knows of its pod.
func (m *Member) pod() kubernetes.Pod {
	cfg := &m.o.Config
	pod := kubernetes.Pod{
		Name: cfg.Pod.Name, Node: cfg.Pod.Node, Told: m.ports.self, Port: listensAt(m.ports.member),
		Link: func(service string) cluster.Address {
			host, port := cfg.Pod.Link(service, listensAt(m.ports.member))
			number, err := strconv.ParseUint(port, 10, 16)
			if err != nil {
				return cluster.Address{}
			}
			return cluster.Address{Host: host, Port: uint16(number)}
		},
	}
	if ip, err := netip.ParseAddr(cfg.Pod.IP); err == nil {
		pod.Addresses = append(pod.Addresses, ip.Unmap())
	}
	for _, ip := range localAddresses() {
		if !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !slices.Contains(pod.Addresses, ip) {
			pod.Addresses = append(pod.Addresses, ip)
		}
	}
	return pod
}

// resolvConf is where Kubernetes tells a pod how to resolve names.
const resolvConf = "/etc/resolv.conf"

// searchedDomain is the cluster's domain as the pod's resolver knows it.
func searchedDomain() string {
	f, err := os.Open(resolvConf)
	if err != nil {
		return kubernetes.DomainIn("")
	}
	defer func() { _ = f.Close() }() // only read
	const enough = 64 << 10
	text, err := io.ReadAll(io.LimitReader(f, enough))
	if err != nil {
		return kubernetes.DomainIn("")
	}
	return kubernetes.DomainIn(string(text))
}

// attributes are what others are told of this member: those of the
// configuration and, as far as looking for members has learned it by now, node
// and zone. What the configuration says of them wins.
func (m *Member) attributes() []cluster.Attribute {
	all := attributes(m.o.Config.MemberAttributes)
	if m.pods == nil {
		return all
	}
	at := m.pods.Topology()
	for _, a := range []cluster.Attribute{{Key: migration.NodeAttribute, Value: at.Node}, {Key: migration.ZoneAttribute, Value: at.Zone}} {
		if a.Value != "" && !slices.ContainsFunc(all, func(b cluster.Attribute) bool { return a.Key == b.Key }) {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, byKey)
	return all
}

// describeSelf gives a node the attributes known by now, if it has not told
// them to anybody who keeps them: members do when it has joined.
func (n *Node) describeSelf(attributes []cluster.Attribute) {
	n.post(func() {
		if !n.View().Joined {
			n.members.Self.Attributes = attributes
		}
	})
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
