package imap_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

// TestTransferDuringWrites copies a partition to a backup that comes back, while entries and locks change.
func TestTransferDuringWrites(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := newPair(t, imap.Config{})
		for i := range 5000 {
			p.set(fmt.Sprint("key", i), make([]byte, r.IntN(200)), imap.Default)
		}
		p.command([]string{"c1", "lock", "key7"})
		p.forget() // the backup has lost everything
		p.slow = true
		for range 400 {
			key := fmt.Sprint("key", r.IntN(5000))
			switch r.IntN(20) {
			case 0:
				if r.IntN(15) == 0 {
					p.command([]string{"c1", "clear"})
				}
			case 1, 2:
				p.command([]string{"c1", "lock", key, "lease=100"})
			case 3:
				p.command([]string{"c1", "forceunlock", key})
			case 4, 5, 6:
				p.command([]string{"c1", "tryremove", key})
			case 7:
				p.command([]string{"c1", "setttl", key, "ttl=100000"})
			default:
				p.command([]string{"c1", "tryput", key, "new"})
			}
			p.some(r.IntN(4))
			p.ops = p.ops[:0]
		}
		p.slow = false
		p.pump()
		p.tick(1000)
		if p.bulk < 5 {
			t.Fatalf("seed %d: only %d frames of a transfer", seed, p.bulk)
		}
		if differ := p.replicasDiffer(); differ != "" {
			t.Fatalf("seed %d: the replicas differ: %.2000s", seed, differ)
		}
	}
}

func TestScanVisitsAllOnce(t *testing.T) {
	p := newPair(t, imap.Config{})
	for i := range 3000 {
		p.set(fmt.Sprint("stays", i), []byte("v"), imap.Default)
	}
	seen := map[string]int{}
	pointer := imap.Pointer{Index: 1<<31 - 1, Size: -1}
	for pointer.Index >= 0 {
		p.apply(func(m *imap.Structure, tx *partition.Tx) error {
			next, done := m.Scan(tx, mapName, pointer.Cursor(), 100, func(_ uint32, key, _ []byte) bool {
				seen[string(key)]++
				return true
			})
			pointer = imap.PointerOf(next, done)
			return nil
		})
		for i := range 200 {
			p.set(fmt.Sprint("comes", i, pointer), nil, imap.Default)
		}
		if len(seen) > 500 {
			p.lead(1 - p.primary) // pointers are good on another member, too
		}
	}
	for i := range 3000 {
		if n := seen[fmt.Sprint("stays", i)]; n != 1 {
			t.Fatalf("key %d was visited %d times", i, n)
		}
	}
}

func TestReadsOnBackups(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}, ReadBackupData: true, MaxIdle: 1000})
	p.set("key", []byte("v"), imap.Default)
	p.set("short", []byte("v"), 100)
	p.now += 1500 // without ticks: only the primary knows about idleness
	backup := p.members[1-p.primary]
	var got []string
	p.ops = append(p.ops[:0], operation{name: "read", run: func(tx *partition.Tx) error {
		for _, key := range []string{"key", "short", "none"} {
			got = append(got, show(backup.maps.Get(tx, mapName, []byte(key))))
		}
		return nil
	}})
	backup.grid.Submit(&partition.Request{OnBackup: true, Answerer: p, Runner: p, Message: []byte{0, 0}})
	if !slices.Equal(got, []string{"v", "nil", "nil"}) {
		t.Errorf("the backup answered %q", got)
	}
}

func TestEmptyFragmentsGo(t *testing.T) {
	p := newPair(t, imap.Config{})
	p.set("key", []byte("v"), imap.Default)
	p.command([]string{"c1", "lock", "other"})
	p.command([]string{"c1", "remove", "key"})
	p.tick(100)
	if len(p.maps().Describe()) != 1 {
		t.Error("a lock without entry is gone")
	}
	p.members[0].grid.ClientGone(cluster.UUID{15: 1})
	p.tick(100)
	for _, m := range p.members {
		if n := m.maps.FragmentCount(); n != 0 {
			t.Errorf("%d fragments hold nothing", n)
		}
	}
}

func TestStats(t *testing.T) {
	p := newPair(t, imap.Config{Statistics: true})
	for i := range 10 {
		p.set(fmt.Sprint("key", i), bytes.Repeat([]byte("v"), 100), imap.Default)
	}
	p.has("key1")
	p.has("none")
	p.command([]string{"c1", "remove", "key1"})
	got := p.maps().Stats()
	if len(got) != 1 {
		t.Fatalf("%d maps", len(got))
	}
	s := got[0]
	if s.OwnedBytes < 900 || s.OwnedBytes > 5000 {
		t.Errorf("%d bytes", s.OwnedBytes)
	}
	s.OwnedBytes = 0
	if want := (imap.Stats{Name: "m", Gets: 2, Hits: 1, Puts: 10, Removes: 1, OwnedEntries: 9}); s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	if b := p.members[1].maps.Stats()[0]; b.BackupEntries != 9 || b.OwnedEntries != 0 {
		t.Errorf("the backup has %+v", b)
	}
	p.command([]string{"c1", "destroy"})
	if s := p.maps().Stats()[0]; s.Puts != 10 || s.OwnedEntries != 0 || s.OwnedBytes != 0 {
		t.Errorf("after destroy %+v", s)
	}
}

// TestLeaseAmongManyMaps: whoever waits for a lock has it at the first tick after its lease, on a member with so many maps that the map's own
// turn comes much later.
func TestLeaseAmongManyMaps(t *testing.T) {
	p := newPair(t, imap.Config{})
	key := []byte("a key of some length")
	for i := range 300 {
		name := fmt.Appendf(nil, "map %d", i)
		lock := func(client byte, lease int64) string {
			return p.do(client, fmt.Sprintf("lock of map %d by %d", i, client), func(tx *partition.Tx) error {
				err := p.maps().Lock(tx, name, key, 1, int64(client), lease)
				if err == nil {
					tx.Reply = append(tx.Reply, "done"...)
				}
				return err
			})
		}
		if got := lock(1, 250); got != "done" {
			t.Fatal(got)
		}
		if got := lock(2, -1) + lock(3, -1); got != "parkedparked" {
			t.Fatal(got)
		}
	}
	p.tick(200)
	if len(p.log) > 0 {
		t.Fatalf("before the leases are over: %v", p.log)
	}
	p.tick(100)
	if len(p.log) != 300 {
		t.Fatalf("%d have got their locks, want 300", len(p.log))
	}
	for _, l := range p.log {
		if !strings.Contains(l, "by 2 (waited): done") {
			t.Errorf("%s: somebody came first who asked later", l)
		}
	}
}
