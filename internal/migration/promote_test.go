package migration

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/replica"
)

// says is a survivor's answer about partition 0 in epoch 3 of table 5.
func says(t *testing.T, c *Core, member byte, at replica.Position) {
	t.Helper()
	b := packed.AppendUint32([]byte{kindFenced}, 5)
	b = packed.AppendBool(packed.AppendUvarint(packed.AppendUvarint(b, 0), 3), true)
	b = packed.AppendUint64(packed.AppendUint64(b, at.Seq), at.Epoch)
	if err := c.Frame(cluster.MemberID{member}, b); err != nil {
		t.Fatal(err)
	}
}

// Nobody is promoted before all survivors have answered: the one that is missing may be the only one with the last write.
func TestPromotionWaitsForAll(t *testing.T) {
	out := &recorder{}
	c := newCore(out)
	table := &cluster.Table{Version: 5, Partitions: []cluster.Assignment{{Epoch: 3, Replicas: []cluster.Replica{{}, in(2), in(3)}}}}
	c.Update(listOf(3), table, true)
	c.Tick()
	says(t, c, 2, replica.Position{Seq: 7, Epoch: 2})
	c.Tick()
	if len(out.published) > 0 {
		t.Fatalf("promoted without member 3's answer: %+v", out.published[0].Partitions[0])
	}
	says(t, c, 3, replica.Position{Seq: 8, Epoch: 2})
	c.Tick()
	if len(out.published) != 1 || out.published[0].Partitions[0].Primary() != (cluster.MemberID{3}) || out.lost > 0 {
		t.Fatalf("published %d tables, lost %d partitions", len(out.published), out.lost)
	}
}

// Without a replica in sync something may be lost, and that is told.
func TestLossIsTold(t *testing.T) {
	out := &recorder{}
	c := newCore(out)
	table := &cluster.Table{Version: 5, Partitions: []cluster.Assignment{{Epoch: 3, Replicas: []cluster.Replica{{}, catching(2)}}}}
	c.Update(listOf(2), table, true)
	c.Tick()
	says(t, c, 2, replica.Position{Seq: 7, Epoch: 2})
	c.Tick()
	if len(out.published) != 1 || out.lost != 1 || c.Losses != 1 {
		t.Errorf("published %d tables, lost %d partitions, counted %d", len(out.published), out.lost, c.Losses)
	}
}
