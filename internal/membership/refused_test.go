package membership

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
)

// asker is an Outside that remembers the questions asked.
type asker struct {
	deaf
	tokens []uint64
}

func (a *asker) Ask(_ cluster.Address, _ []byte, _ time.Duration, token uint64) {
	a.tokens = append(a.tokens, token)
}

// A member that the cluster of its name refuses does not found another one
// beside it: it waits until somebody has changed its configuration, or the other is gone.
func TestRefusedMemberDoesNotFound(t *testing.T) {
	out, now := &asker{}, time.Second
	c := New(Options{
		Self:           cluster.Member{ID: cluster.UUID{1}, Address: cluster.Address{Host: "127.0.0.1", Port: 1}},
		PartitionCount: 2, HeartbeatInterval: time.Second, SilenceTimeout: 10 * time.Second, AskTimeout: time.Second,
		Clock: func() time.Duration { return now }, ClusterTime: func() int64 { return 1 },
		UUID: func() cluster.UUID { return cluster.UUID{9} }, Logger: slog.New(slog.DiscardHandler),
	}, out, out)
	other := cluster.Address{Host: "127.0.0.1", Port: 2}
	c.Start()
	rounds := func(n int, reply link.Reply) {
		for range n {
			now += refusedAgain
			c.Tick()
			c.Looked(discovery.Found{Addresses: []cluster.Address{c.Self.Address, other}, SelfShown: true}, nil)
			for _, token := range out.tokens {
				c.Replied(token, reply)
			}
			out.tokens = nil
		}
	}
	rounds(5, link.Reply{Outcome: link.Stranger, Err: fmt.Errorf("%w: 2 here, 271 there", link.ErrPartitionCount)})
	if out.joined {
		t.Fatal("a member has founded a cluster beside one of its name")
	}
	rounds(5, link.Reply{Outcome: link.Stranger, Err: fmt.Errorf("%w: a there", link.ErrClusterName)})
	if !out.joined {
		t.Error("a cluster of another name keeps a member from founding its own")
	}
}
