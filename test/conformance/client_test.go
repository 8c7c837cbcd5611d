package conformance

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/hzerrors"
	"github.com/hazelcast/hazelcast-go-client/logger"
	"github.com/hazelcast/hazelcast-go-client/nearcache"
	"github.com/hazelcast/hazelcast-go-client/types"
)

// routing is how a client spreads its calls.
type routing string

const (
	smart     routing = "smart"     // a connection to every member, calls go to the partition's owner
	unisocket routing = "unisocket" // one connection, the member behind it forwards
)

// bothRoutings is every way in which the clients can be set up.
var bothRoutings = []routing{smart, unisocket}

const (
	// nearMaps is the wildcard of the maps that the clients keep near caches of.
	nearMaps = "near-*"
	// connectTimeout bounds the first connection of a client.
	connectTimeout = 30 * time.Second
	// shutdownTimeout bounds the end of a client.
	shutdownTimeout = 20 * time.Second
)

// clientConfig is the configuration of a client of the cluster. Members that
// join or move are found through the cluster's member list, not through this.
func (c *cluster) clientConfig(r routing) hazelcast.Config {
	config := hazelcast.Config{}
	config.Cluster.Name = c.name
	config.Cluster.Unisocket = r == unisocket
	config.Cluster.Network.SetAddresses(c.addresses()...)
	config.Cluster.ConnectionStrategy.Retry.InitialBackoff = types.Duration(50 * time.Millisecond)
	config.Cluster.ConnectionStrategy.Retry.MaxBackoff = types.Duration(500 * time.Millisecond)
	config.Logger.Level = logger.OffLevel
	config.AddNearCache(nearcache.Config{Name: nearMaps})
	return config
}

// client connects a client that is shut down at the end of the test.
func (c *cluster) client(r routing) *hazelcast.Client {
	c.t.Helper()
	return connect(c.t, c.clientConfig(r))
}

func connect(t testing.TB, config hazelcast.Config) *hazelcast.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	client, err := hazelcast.StartNewClientWithConfig(ctx, config)
	if err != nil {
		t.Fatalf("the client cannot connect: %v", err)
	}
	t.Cleanup(func() { shutdown(t, client) })
	return client
}

func shutdown(t testing.TB, client *hazelcast.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		t.Logf("client shutdown: %v", err)
	}
}

func getMap(t testing.TB, client *hazelcast.Client, name string) *hazelcast.Map {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	m, err := client.GetMap(ctx, name)
	if err != nil {
		t.Fatalf("map %s: %v", name, err)
	}
	return m
}

// outcomeUnknown tells whether a call failed because its member went away: the
// one failure that a correct cluster may show for a call that cannot be
// repeated, and only while members leave or die.
func outcomeUnknown(err error) bool {
	for _, known := range []error{
		hzerrors.ErrTargetDisconnected, hzerrors.ErrIndeterminateOperationState, hzerrors.ErrIO,
		hzerrors.ErrMemberLeft, hzerrors.ErrHazelcastInstanceNotActive,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// rawOutcome gives a lost raw connection the error by which the Go client
// names it; what the member answered stays what it is.
func rawOutcome(err error) error {
	var answered *rawError
	if errors.As(err, &answered) || errors.Is(err, errBadAnswer) || errors.Is(err, errMismatch) {
		return err
	}
	return fmt.Errorf("%w: %w", hzerrors.ErrTargetDisconnected, err)
}
