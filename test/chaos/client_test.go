package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/hzerrors"
	"github.com/hazelcast/hazelcast-go-client/logger"
	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	// smartClients route by themselves; one more client has one connection only.
	smartClients = 3
	// callTimeout bounds one call of a client: long enough for every recovery.
	callTimeout = 4 * silence
	// connectTimeout bounds the first connection and the end of a client.
	connectTimeout = 30 * time.Second
)

// connect connects a client that ends with the test.
func connect(t *testing.T, unisocket bool) *hazelcast.Client {
	t.Helper()
	config := hazelcast.Config{}
	config.Cluster.Name = clusterName
	config.Cluster.Unisocket = unisocket
	var addresses []string
	for i := range size {
		addresses = append(addresses, fmt.Sprintf("%s:%d", memberIP(i), memberPort))
	}
	config.Cluster.Network.SetAddresses(addresses...)
	// A client notices a silent member as late as the members do.
	config.Cluster.HeartbeatInterval = types.Duration(time.Second)
	config.Cluster.HeartbeatTimeout = types.Duration(silence)
	config.Cluster.Network.ConnectionTimeout = types.Duration(2 * time.Second)
	config.Cluster.ConnectionStrategy.Retry.InitialBackoff = types.Duration(50 * time.Millisecond)
	config.Cluster.ConnectionStrategy.Retry.MaxBackoff = types.Duration(500 * time.Millisecond)
	config.Logger.Level = logger.OffLevel
	ctx, cancel := context.WithTimeout(t.Context(), connectTimeout)
	defer cancel()
	client, err := hazelcast.StartNewClientWithConfig(ctx, config)
	if err != nil {
		t.Fatalf("a client cannot connect: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		if err := client.Shutdown(ctx); err != nil {
			t.Logf("client shutdown: %v", err)
		}
	})
	return client
}

// named returns a client's map.
func named(t *testing.T, client *hazelcast.Client, name string) *hazelcast.Map {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), connectTimeout)
	defer cancel()
	m, err := client.GetMap(ctx, name)
	if err != nil {
		t.Fatalf("map %s: %v", name, err)
	}
	return m
}

// load is what all clients do during a run.
type load struct {
	t         *testing.T
	began     time.Time
	cancel    context.CancelFunc
	workers   sync.WaitGroup
	registers *registers
	unique    *unique
	watch     *watch
	// checker is used by the test itself, never by a worker.
	checker *hazelcast.Client
}

func startLoad(t *testing.T) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{t: t, began: time.Now(), cancel: cancel, registers: newRegisters(), unique: newUnique(), watch: newWatch()}
	worker := 0
	for n := range smartClients + 1 {
		client := connect(t, n == smartClients)
		registerMap, uniqueMap := named(t, client, registerMapName), named(t, client, uniqueMapName)
		for range registerWorkersPerClient {
			w := l.registers.worker(worker, n, l.watch)
			l.workers.Go(func() { w.run(ctx, registerMap, l.began) })
			worker++
		}
		for range uniqueWritersPerClient {
			w := l.unique.writer(n, l.watch)
			l.workers.Go(func() { w.run(ctx, uniqueMap) })
		}
	}
	l.checker = connect(t, false)
	l.workers.Go(func() { l.watch.run(ctx, t, l.checker) })
	t.Cleanup(l.stop)
	return l
}

// stop ends the load; calls under way get their answers or fail by their time.
func (l *load) stop() {
	l.cancel()
	l.workers.Wait()
}

// because puts a failure into few words, without addresses and ids.
func because(err error) string {
	var network *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within the caller's time"
	case errors.Is(err, hzerrors.ErrIndeterminateOperationState):
		return "indeterminate, says the member"
	case errors.Is(err, hzerrors.ErrSplitBrainProtection):
		return "refused by split-brain protection"
	case errors.Is(err, hzerrors.ErrTargetDisconnected) && strings.Contains(err.Error(), "exception from server"):
		return "the member behind the client's was lost"
	case errors.Is(err, hzerrors.ErrTargetDisconnected), errors.Is(err, io.EOF), errors.As(err, &network):
		return "the connection was lost"
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}
