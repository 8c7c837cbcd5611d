package member

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/link"
)

// Every member must have ended all its goroutines when Done is closed.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// options are those of a member on a free port that looks for others at the given addresses.
func options(t *testing.T, peers string, environment ...string) Options {
	t.Helper()
	c, _, err := config.Load(config.Source{Env: append([]string{
		"HZ_NETWORK_PORT_PORT=0", "HZ_NETWORK_JOIN_AUTODETECTION_ENABLED=false",
		"HZ_NETWORK_JOIN_TCPIP_ENABLED=true", "HZ_NETWORK_JOIN_TCPIP_MEMBERS=" + peers, "HZ_CLUSTERNAME=" + t.Name(),
	}, environment...)})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Config: *c, Logger: slog.New(slog.DiscardHandler)}
}

func begin(ctx context.Context, t *testing.T, o Options) *Member {
	t.Helper()
	m, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// until polls until ok or ctx ends.
func until(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not in time", what)
		}
	}
}

func TestMemberEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := begin(ctx, t, options(t, "127.0.0.1"))
	cancel()
	<-m.Done()
}

// A management listener that cannot be opened ends the start, and everything that had begun.
func TestStartFailsWhole(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := options(t, "127.0.0.1")
	o.Config.ManagementListen = taken.Addr().String()
	if _, err := Start(t.Context(), o); err == nil {
		t.Error("started although the management address is taken")
	}
	goleak.VerifyNone(t)
}

// A member that is told to end while it is about to join again ends all the same.
func TestShutdownDuringRejoin(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m := begin(ctx, t, options(t, "127.0.0.1"))
	until(ctx, t, "joined", func() bool { return m.Node().View().Joined })
	old := m.Node()
	m.ended <- Removed
	until(ctx, t, "another life", func() bool { return m.Node() != old })
	if err := m.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// Members that all leave at once end at once.
func TestAllLeave(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	first := begin(ctx, t, options(t, "127.0.0.1"))
	until(ctx, t, "the first joined", func() bool { return first.Node().View().Joined })
	second := begin(ctx, t, options(t, first.Address()))
	until(ctx, t, "two members", func() bool { l := first.Node().View().List; return l != nil && len(l.Members) == 2 })
	ended := make(chan error, 2)
	for _, m := range []*Member{first, second} {
		go func() { ended <- m.Shutdown(ctx) }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}
}

// The cluster's clock is the coordinator's; it never steps back, however the offset changes.
func TestClusterTime(t *testing.T) {
	var c clusterTime
	c.set(1000, 500)
	if got := c.now(1000); got != 500 {
		t.Errorf("a member that joins learns the time: %d, want 500", got)
	}
	c.set(1000, 400)
	if got := c.now(1010); got != 500 {
		t.Errorf("stepped back to %d", got)
	}
	years := int64(10 * 365 * 24 * 60 * 60 * 1000)
	c.set(1020, years)
	if got := c.now(1021); got != years+1 {
		t.Errorf("a member whose own clock is wrong by years: %d, want %d", got, years+1)
	}
}

// Whoever is of the same name and yet not of the same cluster is told so on both sides.
func TestStrangersAreNamed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	first := begin(ctx, t, options(t, "127.0.0.1:1"))
	o := options(t, first.Address(), "HZ_PROPERTIES_HAZELCAST_PARTITION_COUNT=13")
	var lines lockedBuffer
	o.Logger = slog.New(slog.NewTextHandler(&lines, nil))
	second := begin(ctx, t, o)
	until(ctx, t, "the reason in the log", func() bool {
		s := lines.String()
		return strings.Contains(s, "not of this cluster") && strings.Contains(s, "different partition count") && strings.Contains(s, first.ports.self.String())
	})
	for _, m := range []*Member{first, second} {
		if err := m.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(lines.String(), "not of this cluster"); n != 1 {
		t.Errorf("said %d times, want once", n)
	}
}

// TestNoteStranger: one line for each reason at an address, another one after somebody else lived there.
func TestNoteStranger(t *testing.T) {
	var lines lockedBuffer
	n := &Node{o: NodeOptions{Logger: slog.New(slog.NewTextHandler(&lines, nil))}, strangers: map[cluster.Address]string{}}
	at := cluster.Address{Host: "127.0.0.1", Port: 5701}
	name, count := link.Reply{Outcome: link.Stranger, Err: link.ErrClusterName}, link.Reply{Outcome: link.Stranger, Err: link.ErrPartitionCount}
	for _, step := range []struct {
		reply link.Reply
		lines int
		level string
	}{
		{name, 1, "INFO"}, {name, 1, "INFO"}, {count, 2, "WARN"}, {link.Reply{Outcome: link.Refused}, 2, "WARN"}, {count, 3, "WARN"},
	} {
		n.noteStranger(at, step.reply)
		said := strings.Split(strings.TrimSpace(lines.String()), "\n")
		if len(said) != step.lines || !strings.Contains(said[len(said)-1], "level="+step.level) {
			t.Fatalf("after %+v: %q, want %d lines, the last of level %s", step.reply, said, step.lines, step.level)
		}
	}
	for port := range maxStrangers + 10 {
		n.noteStranger(cluster.Address{Host: "127.0.0.2", Port: uint16(port)}, name)
	}
	if len(n.strangers) != maxStrangers {
		t.Errorf("%d strangers are remembered, want %d", len(n.strangers), maxStrangers)
	}
}

// A lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A member says once that it has started, however often it joins again.
func TestStartedIsSaidOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var log logBuffer
	o := options(t, "127.0.0.1")
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	m := begin(ctx, t, o)
	until(ctx, t, "the line", func() bool { return log.count("msg=started component=member took=") == 1 })
	if !m.Node().View().Joined {
		t.Error("started before it has joined")
	}
	old := m.Node()
	m.ended <- Removed
	until(ctx, t, "another life", func() bool { return m.Node() != old && log.count("cause=founded") == 2 })
	if err := m.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if n := log.count("msg=started"); n != 1 {
		t.Errorf("said %d times", n)
	}
}
