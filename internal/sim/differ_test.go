package sim

import (
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/serial"
)

// stays is a key that the load leaves alone.
const stays = "stays"

// damage empties the first backup of the partition that has the key, at the number where it is: its member gets a copy, in its
// primary's name, that has nothing in it.
func (w *World) damage() {
	id := serial.PartitionID(serial.Hash(blob(stays)), int32(w.options.Partitions))
	a := &w.living()[0].node.View().Table.Partitions[id]
	p := w.owner(a.Replicas[1].Member)
	d := p.node.Grid().Digest(partition.ID(id))
	w.damaged++
	w.fault("damage", "partition %d at %s, %d entries at %v", id, p.name, d.Entries, d.At)
	head := func(kind byte) []byte {
		b := packed.AppendUvarint([]byte{kind}, uint64(id))
		return packed.AppendUint64(packed.AppendUint64(b, a.Epoch), 1<<60)
	}
	const transfer, complete = 6, 8 // frames of package partition
	begin := packed.AppendUint64(packed.AppendUint64(head(transfer), d.At.Seq), d.At.Epoch)
	for _, frame := range [][]byte{begin, head(complete)} {
		if err := p.node.Grid().Frame(a.Primary(), frame); err != nil {
			w.fail("damaging: %v", err)
		}
	}
	if d := p.node.Grid().Digest(partition.ID(id)); d.Entries != 0 {
		w.fail("the backup still has %d entries", d.Entries)
	}
}

// loaded is a cluster of a few members in which something stays, under load.
func loaded(o Options, members int) *World {
	w := NewWorld(o)
	w.usual = time.Millisecond
	for place := range members {
		w.start(place)
	}
	w.newClient(true)
	w.newClient(false)
	w.settle()
	w.ask(w.clients[0], &operation{kind: opSet, key: stays, value: 1})
	for _, c := range w.clients {
		c.work()
	}
	w.Run(2 * time.Second)
	return w
}

// TestSimDamagedBackup holds that a backup that differs is found and repaired under load, within two intervals, and that nothing is
// lost or answered wrongly meanwhile.
func TestSimDamagedBackup(t *testing.T) {
	for seed := range uint64(10) {
		w := loaded(Options{Seed: seed, Backups: 1 + int(seed%2)}, 3)
		w.damage()
		w.Run(2 * backupSyncInterval)
		if w.damaged != 0 {
			t.Errorf("seed %d: not found\n%s", seed, w.Trace())
		}
		w.finish()
		if err := w.Check(); err != nil {
			t.Errorf("%v\n%s", err, w.Trace())
		}
	}
}

// TestSimDifferenceFails holds that a backup that differs without having been damaged on purpose ends a run.
func TestSimDifferenceFails(t *testing.T) {
	w := loaded(Options{Seed: 1}, 2)
	w.damage()
	w.damaged = 0
	if w.Run(2 * backupSyncInterval); w.Err() == nil {
		t.Error("the run went on")
	}
}
