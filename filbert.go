// Package filbert embeds a member of a Filbert cluster in a Go program: the
// same member that the command filbert runs, which clients of Hazelcast 5.x
// connect to and other members join.
//
//	m, err := filbert.Start(ctx, filbert.Options{Environment: os.Environ()})
//	if err != nil { … }
//	defer m.Shutdown(ctx)
//	// any Hazelcast client, at m.Address()
//
// A member without configuration listens on the loopback from port 5701 up and
// joins the members it finds there.
package filbert

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/member"
)

// Version is what an embedded member says it is in its log.
const Version = "embedded"

// Options of an embedded member. The zero value is a member with no configuration.
type Options struct {
	// ConfigFile is a hazelcast.yaml or hazelcast.xml; "" for none.
	ConfigFile string
	// Config is the text of a configuration instead of a file. ConfigFile then only gives
	// its name, whose ending says which format it has.
	Config []byte
	// Environment holds HZ_… overrides and JAVA_OPTS, in the form of os.Environ; nil
	// for none.
	Environment []string
	// Properties are system properties such as hazelcast.partition.count.
	Properties map[string]string
	// Logger takes the member's log; nil for slog.Default.
	Logger *slog.Logger
}

// Member is a running member. Its methods may be called from any goroutine.
type Member struct{ m *member.Member }

// Start starts a member; it does not wait for it to have joined. An error is
// one line that says what is wrong with the configuration or the port. When ctx
// ends, the member ends at once, without handing anything over: use Shutdown.
func Start(ctx context.Context, o Options) (*Member, error) {
	cfg, warnings, err := config.Load(config.Source{
		File: o.ConfigFile, FileBytes: o.Config, Env: o.Environment, SystemProperties: o.Properties,
	})
	if err != nil {
		return nil, fmt.Errorf("filbert: %w", err)
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.Default()
	}
	for _, w := range warnings {
		logger.WarnContext(ctx, "configuration", slog.String("warning", w.String()))
	}
	m, err := member.Start(ctx, member.Options{Config: *cfg, Logger: logger, Version: Version})
	if err != nil {
		return nil, fmt.Errorf("filbert: %w", err)
	}
	return &Member{m}, nil
}

// Address is where clients and other members reach this one, host:port.
func (m *Member) Address() string { return m.m.Address() }

// Joined is true once the member is in a cluster, and serves clients.
func (m *Member) Joined() bool { return m.m.Node().View().Joined }

// Members is the number of members in the cluster, 0 before this one has joined.
func (m *Member) Members() int { return m.m.Health().ClusterSize }

// Done is closed when the member has ended.
func (m *Member) Done() <-chan struct{} { return m.m.Done() }

// Shutdown hands the member's data to those who stay, then ends it. When ctx
// ends first, the member ends at once and the error says what was not safe.
func (m *Member) Shutdown(ctx context.Context) error {
	if err := m.m.Shutdown(ctx); err != nil {
		return fmt.Errorf("filbert: %w", err)
	}
	return nil
}
