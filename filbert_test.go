package filbert_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert"
)

// Two embedded members on free ports find one another, and leave one after the other.
func TestEmbedded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	first := start(ctx, t, "127.0.0.1")
	wait(ctx, t, "the first joined", first.Joined)
	second := start(ctx, t, first.Address())
	wait(ctx, t, "both know two members", func() bool { return first.Members() == 2 && second.Members() == 2 })
	if err := second.Shutdown(ctx); err != nil {
		t.Errorf("the second leaves: %v", err)
	}
	wait(ctx, t, "the first is alone", func() bool { return first.Members() == 1 })
	if err := first.Shutdown(ctx); err != nil {
		t.Errorf("the last leaves: %v", err)
	}
	<-first.Done()
}

func TestEmbeddedBadConfig(t *testing.T) {
	_, err := filbert.Start(t.Context(), filbert.Options{Config: []byte("hazelcast: {network: {port: 70000}}"), ConfigFile: "x.yaml"})
	if err == nil || !strings.Contains(err.Error(), "port") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line about the port", err)
	}
}

func start(ctx context.Context, t *testing.T, peers string) *filbert.Member {
	t.Helper()
	m, err := filbert.Start(ctx, filbert.Options{
		Environment: []string{
			"HZ_NETWORK_PORT_PORT=0", "HZ_NETWORK_JOIN_AUTODETECTION_ENABLED=false",
			"HZ_NETWORK_JOIN_TCPIP_ENABLED=true", "HZ_NETWORK_JOIN_TCPIP_MEMBERS=" + peers, "HZ_CLUSTERNAME=embedded",
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wait polls until ok or ctx ends.
func wait(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		}
	}
}
