package member

import (
	"context"
	"log/slog"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/discovery/static"
)

// lookTimeout bounds one look.
const lookTimeout = 5 * time.Second

// discovery returns how this member finds others: a static list, or the local
// ports where nothing is configured.
func (m *Member) discovery() discovery.Source {
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
func (m *Member) look(ctx context.Context, source discovery.Source) []cluster.Address {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	log := m.o.Logger.With(slog.String("component", "discovery"))
	found, err := source.Look(ctx)
	if err != nil {
		log.Warn("looking for members failed, trying again", slog.String("error", err.Error()))
	}
	for _, problem := range found.Problems {
		log.Warn("a part of discovery failed", slog.String("error", problem.Error()))
	}
	return found.Addresses
}
