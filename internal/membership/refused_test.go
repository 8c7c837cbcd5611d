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

// asker is an Outside that remembers the questions asked, and how often it was to look.
type asker struct {
	deaf
	tokens []uint64
	looks  int
}

func (a *asker) Look() { a.looks++ }

func (a *asker) Ask(_ cluster.Address, _ []byte, _ time.Duration, token uint64) {
	a.tokens = append(a.tokens, token)
}

// A member that the cluster of its name refuses does not found another one
// beside it: it waits until somebody has changed its configuration, or the other is gone.
func TestRefusedMemberDoesNotFound(t *testing.T) {
	c, out, now := newAsker()
	other := cluster.Address{Host: "127.0.0.1", Port: 2}
	c.Start()
	rounds := func(n int, reply link.Reply) {
		for range n {
			*now += refusedAgain
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

// newAsker returns a core at the address 127.0.0.1:1 that asks whom the test answers for.
func newAsker() (c *Core, out *asker, now *time.Duration) {
	out, now = &asker{}, new(time.Duration)
	*now = time.Second
	c = New(Options{
		Self:           cluster.Member{ID: cluster.UUID{1}, Address: cluster.Address{Host: "127.0.0.1", Port: 1}},
		PartitionCount: 2, HeartbeatInterval: time.Second, SilenceTimeout: 10 * time.Second, AskTimeout: time.Second,
		Clock: func() time.Duration { return *now }, ClusterTime: func() int64 { return 1 },
		UUID: func() cluster.UUID { return cluster.UUID{9} }, Logger: slog.New(slog.DiscardHandler),
	}, out, out)
	return c, out, now
}

// A machine whose network is just starting cannot reach an address for a moment, and says so at once. That is no
// reason to go on without it before it was asked for as long as a silent one. Found by chaos with real processes.
func TestUnreachableAtFirst(t *testing.T) {
	other := cluster.Address{Host: "127.0.0.1", Port: 2}
	for _, test := range []struct {
		name   string
		heals  time.Duration
		founds bool
	}{
		{"for less than the wait for silence", 900 * time.Millisecond, false},
		{"for longer", time.Minute, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, out, now := newAsker()
			began := *now
			c.Start()
			asked := 0
			for range 150 {
				*now += 10 * time.Millisecond
				c.Tick()
				for ; out.looks > 0; out.looks-- {
					c.Looked(discovery.Found{Addresses: []cluster.Address{c.Self.Address, other}, SelfShown: true}, nil)
				}
				reply := link.Reply{Outcome: link.Silent}
				if *now-began > test.heals {
					reply = link.Reply{Outcome: link.Answered, Answerer: cluster.UUID{2}, Body: []byte{answerLater}}
				}
				for _, token := range out.tokens {
					asked++
					c.Replied(token, reply)
				}
				out.tokens = nil
			}
			if out.joined != test.founds || asked < 5 {
				t.Errorf("founded %v, want %v; asked %d times", out.joined, test.founds, asked)
			}
		})
	}
}
