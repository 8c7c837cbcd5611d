//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/logger"
	"github.com/hazelcast/hazelcast-go-client/types"
)

const port = "5701"

// connect makes a client of the cluster whose members have the addresses; it
// learns the others from them. Nothing else is configured that a person who
// follows the tutorial would not configure.
func connect(t *testing.T, change func(*hazelcast.Config), hosts ...string) *hazelcast.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	client, err := dialClient(ctx, change, hosts...)
	if err != nil {
		t.Fatalf("connect to %v: %v", hosts, err)
	}
	t.Cleanup(func() { closeClient(context.Background(), client) })
	return client
}

func dialClient(ctx context.Context, change func(*hazelcast.Config), hosts ...string) (*hazelcast.Client, error) {
	config := hazelcast.Config{}
	addresses := make([]string, 0, len(hosts))
	for _, host := range hosts {
		addresses = append(addresses, net.JoinHostPort(host, port))
	}
	config.Cluster.Network.SetAddresses(addresses...)
	config.Logger.Level = logger.OffLevel
	if change != nil {
		change(&config)
	}
	return hazelcast.StartNewClientWithConfig(ctx, config)
}

func closeClient(ctx context.Context, client *hazelcast.Client) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = client.Shutdown(ctx)
}

// through makes a client talk to one member only, which passes on what others own.
func through(config *hazelcast.Config) {
	config.Cluster.Unisocket = true
	config.Cluster.ConnectionStrategy.Timeout = types.Duration(5 * time.Second)
	config.Cluster.ConnectionStrategy.Retry.InitialBackoff = types.Duration(20 * time.Millisecond)
	config.Cluster.ConnectionStrategy.Retry.MaxBackoff = types.Duration(100 * time.Millisecond)
	config.Cluster.ConnectionStrategy.ReconnectMode = 1 // off: it is this member or none
}

// answers gets a key through one member, and returns when it was answered.
func answers(ctx context.Context, host, mapName string, key, want any) (time.Time, error) {
	client, err := dialClient(ctx, through, host)
	if err != nil {
		return time.Time{}, fmt.Errorf("a client of %s: %w", host, err)
	}
	defer closeClient(ctx, client)
	m, err := client.GetMap(ctx, mapName)
	if err != nil {
		return time.Time{}, fmt.Errorf("a client of %s: %w", host, err)
	}
	got, err := m.Get(ctx, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("get through %s: %w", host, err)
	}
	if got != want {
		return time.Time{}, fmt.Errorf("%w: through %s %v is %v, want %v", errAnswer, host, key, got, want)
	}
	return time.Now(), nil
}

// fill puts entries and returns when all are acknowledged.
func fill(t *testing.T, client *hazelcast.Client, mapName string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	m, err := client.GetMap(ctx, mapName)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		if err := m.Set(ctx, int64(i), valueOf(i)); err != nil {
			t.Fatalf("set %d: %v", i, err)
		}
	}
}

// complete checks that all entries of fill are there, by size and one by one.
func complete(t *testing.T, client *hazelcast.Client, mapName, when string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	m, err := client.GetMap(ctx, mapName)
	if err != nil {
		t.Fatal(err)
	}
	size, err := m.Size(ctx)
	if err != nil || size != entries {
		t.Fatalf("%s: %d entries (%v), want %d", when, size, err, entries)
	}
	missing := 0
	for i := range entries {
		got, err := m.Get(ctx, int64(i))
		if err != nil {
			t.Fatalf("%s: get %d: %v", when, i, err)
		}
		if got != valueOf(i) {
			missing++
		}
	}
	if missing > 0 {
		t.Fatalf("%s: %d of %d entries are lost or wrong", when, missing, entries)
	}
}

func valueOf(i int) string { return fmt.Sprintf("value %d", i) }
