package conformance

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

const (
	// stopFor is how long a backup reads nothing: less than the silence after which it would be removed (10 s).
	stopFor = 5 * time.Second
	// pressWriters write values of pressValue bytes, each as soon as its last write is answered: together they have more
	// under way than a member may buffer for another one.
	pressWriters = 4000
	pressValue   = 100_000
	// pressMemory is how much more memory the member that goes on may take than before, while the other one reads nothing:
	// two link buffers of 64 MiB, each with a copy that is being written, 64 MiB of requests that wait and what comes until
	// the clients are slowed, and as much again for what is not collected yet. It took 170 to 300 MiB, and more than 1,000
	// before clients were slowed.
	pressMemory = 640 << 20
)

// TestBackupThatReadsNothing stops a member for a while under a load of large writes. Those who write wait, and none of their
// writes fails; the member that goes on stays within its memory.
func TestBackupThatReadsNothing(t *testing.T) {
	for _, r := range bothRoutings {
		t.Run(string(r), func(t *testing.T) {
			c := startCluster(t, 2)
			config := c.clientConfig(r)
			config.Cluster.Network.SetAddresses(address(c.members[0].port))
			m := getMap(t, connect(t, config), "pressure")
			ctx, stop := context.WithTimeout(t.Context(), 2*operationTimeout)
			defer stop()
			var p pressure
			var writers sync.WaitGroup
			for i := range pressWriters {
				writers.Go(func() { p.run(ctx, m, i) })
			}
			c.members[0].await("writes", joinTimeout, func() bool { return p.acked.Load() > pressWriters })
			before, ackedBefore := c.members[0].rss(), p.acked.Load()
			if err := c.members[1].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			most := c.members[0].mostMemory(stopFor)
			acked := p.acked.Load() - ackedBefore
			if err := c.members[1].cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			then := p.acked.Load()
			c.members[0].await("writes after the pause", joinTimeout, func() bool { return p.acked.Load() > then+pressWriters })
			p.done.Store(true)
			writers.Wait()

			figure("stopped_backup_memory_"+string(r), (most-before)>>20, "MiB")
			figure("stopped_backup_acknowledged_"+string(r), acked, "writes")
			if most-before > pressMemory {
				t.Errorf("the member grew by %d MiB, limit %d", (most-before)>>20, pressMemory>>20)
			}
			if err := p.failed.Load(); err != nil {
				t.Errorf("%d writes failed, one of them: %v", p.failures.Load(), *err)
			}
			c.settle()
		})
	}
}

// pressure is what writers count.
type pressure struct {
	acked, failures atomic.Int64
	failed          atomic.Pointer[error]
	done            atomic.Bool
}

// run writes to a few keys of its own.
func (p *pressure) run(ctx context.Context, m *hazelcast.Map, writer int) {
	value := make([]byte, pressValue)
	for i := 0; !p.done.Load() && ctx.Err() == nil; i++ {
		if err := m.Set(ctx, fmt.Sprintf("%d-%d", writer%200, i%2), value); err != nil {
			err = fmt.Errorf("set: %w", err)
			p.failed.Store(&err)
			p.failures.Add(1)
			continue
		}
		p.acked.Add(1)
	}
}

// mostMemory is the most memory that the process has within a time.
func (m *member) mostMemory(d time.Duration) (most int64) {
	end := time.After(d)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		most = max(most, m.rss())
		select {
		case <-tick.C:
		case <-end:
			return most
		}
	}
}
