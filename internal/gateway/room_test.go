package gateway

import (
	"errors"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// outputLimit is filbert.limit.session.buffer.bytes in tests of it, largeValue an eighth of that.
const (
	outputLimit = 80_000
	largeValue  = outputLimit / 8
)

// askFor lets a client that does not read ask for a large value many times; node owner has it.
func askFor(t *testing.T, owner int, change func(*Options)) (w *world, c *client, asked []int64) {
	t.Helper()
	w = newWorld(t, 2, func(o *Options) {
		o.Limits.MaxOutputBytes = outputLimit
		if change != nil {
			change(o)
		}
	})
	c = w.nodes[0].connect()
	key := keyAt(int32(owner))
	c.call(w.set("m", key, data(string(make([]byte, largeValue)))))
	c.slow = true
	c.s.Attend()
	for range 50 {
		m := w.get("m", key)
		asked = append(asked, w.next)
		if owner == 0 { // as if another had held the partition's lock: the answer is not the caller's
			c.later(m)
		} else if err := c.s.Handle(m); err != nil {
			t.Fatal(err)
		}
	}
	c.s.Settle()
	w.run()
	return w, c, asked
}

// later hands a request to the grid as one whose answer comes from elsewhere.
func (c *client) later(m []byte) {
	q := &partition.Request{
		Partition: partition.ID(wire.Message(m).PartitionID()), Client: c.id, Answerer: c.s, Message: m, Runner: c.s.g.runner, Table: 1,
	}
	c.s.asked = slot{handler: c.s.g.find(protocol.MapGetRequestType), correlation: c.w.next, start: c.s.now}
	c.s.Keep(q)
	c.s.g.Grid.Submit(q)
}

// unreadMost is how much output there may be: what makes answers wait, and one answer.
const unreadMost = outputLimit/2 + largeValue + 100

// TestAnswersWaitForRoom: a client that has asked for more than its output may hold, of a partition that is here or elsewhere, gets all of
// it when it reads, and the output never holds more.
func TestAnswersWaitForRoom(t *testing.T) {
	for owner, where := range []string{"here", "elsewhere"} {
		t.Run(where, func(t *testing.T) {
			w, c, asked := askFor(t, owner, nil)
			for round, before := 0, len(c.got); len(c.got) < before+len(asked); round++ {
				if n := c.s.unread(); n > unreadMost || c.closed != nil || round > len(asked) {
					t.Fatalf("round %d: %d bytes of output, %d answers, closed: %v", round, n, len(c.got), c.closed)
				}
				c.take()
				w.run()
			}
			for _, id := range asked {
				var a protocol.MapGetResponse
				if err := protocol.DecodeMapGetResponse(c.answer(id), &a); err != nil || len(a.Response) < largeValue {
					t.Errorf("answer %d: %d bytes, %v", id, len(a.Response), err)
				}
			}
			if m := &c.s.mu; m.late != 0 || m.promised != 0 || c.s.pending.Load() != 0 {
				t.Errorf("left: %d late, %d bytes promised, %d pending", m.late, m.promised, c.s.pending.Load())
			}
		})
	}
}

// TestAnswersWaitInVain: a client that does not read gets errors for what it has asked for too long ago.
func TestAnswersWaitInVain(t *testing.T) {
	w, c, asked := askFor(t, 1, func(o *Options) { o.Limits.CallTimeout = 5 * time.Second })
	w.pass(6 * time.Second)
	c.take()
	values := 0
	for _, id := range asked {
		a := c.answer(id)
		if a == nil {
			t.Fatalf("%d is not answered", id)
		}
		if !isFault(a) {
			values++
			continue
		}
		if e, err := protocol.DecodeError(a, nil); err != nil || !errors.Is(fault.OfCode(e[0].ErrorCode), fault.ErrOperationTimeout) {
			t.Errorf("error %+v, %v", e, err)
		}
	}
	if values == 0 || values > unreadMost/largeValue {
		t.Errorf("%d values", values)
	}
	if m := &c.s.mu; m.late != 0 || m.promised != 0 || c.s.pending.Load() != 0 || w.nodes[0].g.forward.bytes.Load() != 0 {
		t.Errorf("left: %d late, %d bytes promised, %d pending", m.late, m.promised, c.s.pending.Load())
	}
}

// TestReadsForALadenPeer: a member that cannot get rid of its answers to another does not gather more than so many.
func TestReadsForALadenPeer(t *testing.T) {
	w := newWorld(t, 2, nil)
	c, owner := w.nodes[0].connect(), w.nodes[1]
	key := keyAt(1)
	c.call(w.set("m", key, data(string(make([]byte, 1<<20)))))
	owner.lease = false // it keeps its answers
	const reads = 20
	for range reads {
		c.send(w.get("m", key))
	}
	p := owner.g.peers.get(w.nodes[0].id)
	if n := len(p.mu.out); n < ladenPeer || n > ladenPeer+2<<20 {
		t.Errorf("%d bytes wait for the other member, want a little more than %d", n, ladenPeer)
	}
	owner.lease = true
	w.pass(time.Second)
	if n := len(c.got); n != reads+2 {
		t.Errorf("%d answers, want %d", n, reads+2)
	}
}
