package member

import (
	"context"
	"log/slog"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
)

type lookSource func(ctx context.Context) ([]cluster.Address, error)

func (m *Member) discovery() (lookSource, error) {
	cfg := &m.o.Config
	self := m.ports.self
	join := cfg.Join()
	switch join.Method() {
	case config.JoinTCPIP:
		return func(context.Context) ([]cluster.Address, error) {
			out := []cluster.Address{self}
			for _, a := range cfg.ListedAddresses() {
				out = append(out, cluster.Address{Host: a.Host, Port: uint16(a.Port)})
			}
			return out, nil
		}, nil
	case config.JoinNone:
		return func(context.Context) ([]cluster.Address, error) { return []cluster.Address{self}, nil }, nil
	}
	return func(context.Context) ([]cluster.Address, error) {
		out := []cluster.Address{self}
		for p := range cfg.MemberEndpoint().PortCount {
			out = append(out, cluster.Address{Host: "127.0.0.1", Port: uint16(cfg.MemberEndpoint().Port + p)})
		}
		return out, nil
	}, nil
}

// lookTimeout bounds one look.
const lookTimeout = 5 * time.Second

func (m *Member) look(source lookSource) []cluster.Address {
	ctx, cancel := context.WithTimeout(m.ctx, lookTimeout)
	defer cancel()
	found, err := source(ctx)
	if err != nil {
		m.o.Logger.Warn("looking for members failed, trying again", slog.String("component", "discovery"), slog.String("error", err.Error()))
	}
	return found
}
