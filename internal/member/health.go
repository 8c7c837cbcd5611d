package member

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/filbertgrid/filbert/internal/admin"
)

// startAdmin opens the health endpoints and, if one is configured, the management listener. After an
// error, stopAdmin ends what has begun.
func (m *Member) startAdmin() error {
	m.door = admin.NewDoor(admin.DoorOptions{Probe: m, Clients: m, Version: m, Logger: m.o.Logger.With(slog.String("component", "admin"))})
	m.goLive(func() {
		if err := m.door.Run(); err != nil {
			m.o.Logger.Error("health endpoints ended", slog.String("error", err.Error()))
		}
	})
	address := m.o.Config.ManagementListen
	if address == "" {
		return nil
	}
	var err error
	m.manage, err = admin.NewManagement(admin.ManagementOptions{Probe: m, Source: m, Cluster: m, Version: m.o.Version, Logger: m.o.Logger})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(m.ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("filbert.management.address: %w", err)
	}
	m.o.Logger.Info("management listener", slog.String("component", "admin"), slog.String("address", listener.Addr().String()))
	m.goLive(func() {
		if err := m.manage.Serve(listener); err != nil {
			m.o.Logger.Error("the management listener ended", slog.String("error", err.Error()))
		}
	})
	return nil
}

// adminPatience is how long answers under way may take at the end.
const adminPatience = time.Second

func (m *Member) stopAdmin(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), adminPatience)
	defer cancel()
	if m.door.Shutdown(ctx) != nil {
		_ = m.door.Close() // cuts off answers that took too long: there is nobody to tell
	}
	if m.manage != nil && m.manage.Shutdown(ctx) != nil {
		_ = m.manage.Close()
	}
}

// Health implements admin.Probe.
func (m *Member) Health() admin.Health {
	n := m.node.Load()
	v := n.View()
	h := admin.Health{NodeState: m.state.Load().(admin.NodeState), ClusterState: admin.ClusterActive}
	if h.NodeState == admin.NodeStarting && v.Joined {
		h.NodeState = admin.NodeActive
	}
	if v.List != nil {
		h.ClusterSize = len(v.List.Members)
	}
	h.ClusterSafe = v.Joined && n.safe()
	h.MigrationQueueSize = n.moving()
	return h
}

// Clients implements admin.ClientSource.
func (m *Member) Clients() []admin.Client {
	var out []admin.Client
	for _, c := range m.node.Load().Gateway().Clients() {
		out = append(out, admin.Client{UUID: c.UUID, Name: c.Name, Type: c.Type, Labels: c.Labels, Attributes: c.Attributes, Metrics: c.Metrics})
	}
	return out
}

// Snapshot implements admin.Source.
func (m *Member) Snapshot() admin.Snapshot { return m.node.Load().snapshot() }
