package member

import (
	"context"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/discovery/static"
)

// lookTimeout bounds one look, unless service-dns-timeout is longer.
const lookTimeout = 5 * time.Second

// discovery returns how this member finds others: through Kubernetes, a static
// list, or the local ports where nothing is configured.
func (m *Member) discovery() discovery.Source {
	if m.pods != nil {
		return m.pods
	}
	cfg, self := &m.o.Config, m.ports.self
	switch cfg.Join().Method() {
	case config.JoinTCPIP:
		var listed []cluster.Address
		for _, a := range cfg.ListedAddresses() {
			listed = append(listed, cluster.Address{Host: a.Host, Port: uint16(a.Port)})
		}
		return static.NewList(self, listed, nil)
	case config.JoinNone:
		return static.NewList(self, nil, nil)
	case config.JoinAuto, config.JoinKubernetes:
	}
	e := cfg.MemberEndpoint()
	return static.NewLocal(self, m.ports.host(), uint16(e.Port), e.PortCount)
}

// look looks once and logs what did not go well.
func (m *Member) look(ctx context.Context, source discovery.Source) (discovery.Found, error) {
	timeout := lookTimeout
	if m.pods != nil {
		timeout = max(timeout, m.o.Config.Join().Kubernetes.ServiceDNSTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := source.Look(ctx)
	m.report.Look(ctx, found, err)
	return found, err
}
