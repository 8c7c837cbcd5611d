package imap_test

import (
	"fmt"
	"testing"

	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/structure/imap"
)

func TestManyExpireByThemselves(t *testing.T) {
	p := newPair(t, imap.Config{Backups: partition.Backups{Sync: 1}})
	p.listen(event.Expired)
	for i := range 3000 {
		p.set(fmt.Sprint("key", i), []byte("v"), 500+int64(i%7))
	}
	p.set("stays", []byte("v"), imap.Default)
	p.tick(400)
	if n := p.count("event EXPIRED"); n != 0 || p.size() != 3001 {
		t.Fatalf("%d expired early", n)
	}
	p.tick(1000)
	if n := p.count("event EXPIRED"); n != 3000 || p.size() != 1 {
		t.Errorf("%d expired, %d are left", n, p.size())
	}
	if differ := p.replicasDiffer(); differ != "" {
		t.Errorf("the replicas differ: %s", differ)
	}
}

func TestPromotedReplicaExpires(t *testing.T) {
	p := newPair(t, imap.Config{MaxIdle: 3000})
	p.listen(event.Expired)
	for i := range 5000 {
		p.set(fmt.Sprint("ttl", i), nil, 6000)
	}
	p.set("idle", nil, imap.Default)
	p.tick(1900)
	p.lead(1)
	// Idleness counts from full seconds: two of three have passed at the least. The TTL goes on, the idle clock starts anew.
	p.tick(1900)
	if !p.has("idle") || p.count("event EXPIRED") != 0 {
		t.Error("an entry expired although its idle clock has started anew")
	}
	p.tick(4000)
	if n := p.count("event EXPIRED"); n != 5001 {
		t.Errorf("%d expired, want 5001", n)
	}
}

// TestPlanStaysSmall: writing an entry again and again must not make the plan of expiry longer and longer.
func TestPlanStaysSmall(t *testing.T) {
	p := newPair(t, imap.Config{})
	for i := range 20_000 {
		// Later, earlier, gone.
		p.set("key", nil, 1_000_000-int64(i))
		if i%3 == 0 {
			p.apply(func(m *imap.Structure, tx *partition.Tx) error {
				_, err := m.Remove(tx, mapName, []byte("key"), 1)
				return err
			})
		}
		if i%100 == 0 {
			p.tick(100)
		}
	}
	if n := p.maps().Planned(); n > 500 {
		t.Errorf("%d plans for one entry", n)
	}
}

// TestAccessReachesBackups: what was read lately is not what a promoted backup evicts first.
func TestAccessReachesBackups(t *testing.T) {
	p := newPair(t, imap.Config{Eviction: imap.Eviction{Policy: imap.EvictLRU, MaxSize: imap.PerPartition, Size: 10}})
	for i := range 10 {
		p.set(fmt.Sprint("key", i), nil, imap.Default)
	}
	p.tick(6000)
	for i := range 9 {
		p.has(fmt.Sprint("key", i))
	}
	p.tick(6000)
	p.lead(1)
	p.set("new", nil, imap.Default)
	if p.has("key9") || !p.has("key0") {
		t.Error("the promoted backup did not know what was read")
	}
}
