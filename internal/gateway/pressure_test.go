package gateway

import (
	"context"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
)

// A client that sends without waiting for answers, to partitions that stand still, is slowed before it fills memory, and
// none of its requests is refused. Others go on.
func TestWhoeverWaitsIsReadFromSlowly(t *testing.T) {
	const (
		size    = 1 << 20
		count   = 120
		stopped = 4 // partitions, of which each takes less than what one may stall
	)
	g, address := serve(t)
	table := g.Cluster.View().Table.Clone()
	for id := range partition.ID(stopped) {
		g.Grid.HandOver(id, table.Partitions[id].Epoch, cluster.MemberID{1})
	}
	writer := dial(t, address)
	writer.authenticate()
	sent := make(chan error, 1)
	go func() {
		for i := range int64(count) {
			key := keyAt(int32(i % stopped))
			m := protocol.AppendMapSetRequest(nil, i+2, place(key), &protocol.MapSetRequest{
				Name: []byte("m"), Key: key, Value: append(make([]byte, size), key...), TTL: -1,
			})
			if _, err := writer.conn.Write(m); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for look := time.NewTicker(time.Millisecond); g.Grid.Backlog() <= backlogMost && ctx.Err() == nil; <-look.C {
	}
	<-time.After(slowest / 2)
	if b := g.Grid.Backlog(); b > backlogMost+4*size || b <= backlogMost {
		t.Errorf("%d MiB wait, want little more than %d", b>>20, backlogMost>>20)
	}
	other := dial(t, address)
	other.authenticate()
	key := keyAt(stopped)
	began := time.Now()
	for i := range int64(20) {
		other.write(protocol.AppendMapSetRequest(nil, i+2, place(key), &protocol.MapSetRequest{Name: []byte("m"), Key: key, Value: key, TTL: -1}))
		if m, err := other.next(); err != nil || m.Type() != protocol.MapSetResponseType {
			t.Fatalf("another client's set: %v", err)
		}
	}
	if took := time.Since(began); took > slowest {
		t.Errorf("20 requests of another client took %v", took)
	}
	for id := range table.Partitions {
		table.Partitions[id].Epoch++
	}
	table.Version++
	g.Grid.Install(table)
	for range count {
		if m, err := writer.next(); err != nil || m.Type() != protocol.MapSetResponseType {
			t.Fatalf("a slowed client's set: type %#x, %v", m.Type(), err)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if b := g.Grid.Backlog(); b != 0 {
		t.Errorf("%d bytes are left over", b)
	}
}
