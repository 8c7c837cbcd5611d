package conformance

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	membership "github.com/hazelcast/hazelcast-go-client/cluster"
	"github.com/hazelcast/hazelcast-go-client/types"
)

// TestNewClusterHasNewID: after the last member is gone a new cluster has a new
// id, its members have new UUIDs, and a client that lived through it works on.
func TestNewClusterHasNewID(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 1)
	m := getMap(t, c.client(smart), "restarted")
	ctx, cancel := context.WithTimeout(t.Context(), operationTimeout)
	defer cancel()
	if err := m.Set(ctx, "k", "v"); err != nil {
		t.Fatal(err)
	}
	old := c.members[0]
	oldID, oldUUID := old.clusterID(), old.log.members().self().uuid
	c.leave(old)
	c.add()
	young := c.members[0]
	young.awaitMembers(1)
	if id := young.clusterID(); id == oldID {
		t.Errorf("the new cluster has the id %s of the old one", id)
	}
	if uuid := young.log.members().self().uuid; uuid == oldUUID {
		t.Errorf("the new member has the UUID %s of the old one", uuid)
	}
	if err := first(
		answer[any]("get in a new cluster", nil)(m.Get(ctx, "k")),
		m.Set(ctx, "k", "w"),
		answer[any]("get of a new value", "w")(m.Get(ctx, "k")),
	); err != nil {
		t.Error(err)
	}
}

// TestClusterIDIsShared: all members of a cluster have one id, and it stays
// when the member that founded the cluster leaves.
func TestClusterIDIsShared(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 2)
	id := c.members[0].clusterID()
	if other := c.members[1].clusterID(); other != id {
		t.Errorf("cluster ids %s and %s", id, other)
	}
	c.leave(c.members[0])
	c.settle()
	if now := c.members[0].clusterID(); now != id {
		t.Errorf("the id was %s and is %s after the founder left", id, now)
	}
}

// TestWrongClusterName: a client of another cluster is told so and gives up at
// its own time limit.
func TestWrongClusterName(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 1)
	conn, err := dialRaw(c.running()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	reply, err := conn.authenticate("another-cluster")
	if err != nil || reply.status != statusCredentialsFailed {
		t.Errorf("status %d (%v), want %d", reply.status, err, statusCredentialsFailed)
	}
	config := c.clientConfig(smart)
	config.Cluster.Name = "another-cluster"
	config.Cluster.ConnectionStrategy.Timeout = types.Duration(time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), operationTimeout)
	defer cancel()
	if client, err := hazelcast.StartNewClientWithConfig(ctx, config); err == nil {
		shutdown(t, client)
		t.Error("a client with a wrong cluster name was let in")
	}
}

// TestMembershipEvents: a client hears of each member that comes and goes,
// exactly once.
func TestMembershipEvents(t *testing.T) {
	t.Parallel()
	for _, r := range bothRoutings {
		t.Run(string(r), func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, 1)
			var came, went atomic.Int32
			config := c.clientConfig(r)
			config.AddMembershipListener(func(e membership.MembershipStateChanged) {
				if e.State == membership.MembershipStateAdded {
					came.Add(1)
				} else {
					went.Add(1)
				}
			})
			connect(t, config)
			awaitCounts(t, &came, 1, &went, 0)
			joiner := c.add()
			awaitCounts(t, &came, 2, &went, 0)
			c.settle()
			c.leave(joiner)
			awaitCounts(t, &came, 2, &went, 1)
			c.settle()
			victim := c.add()
			awaitCounts(t, &came, 3, &went, 1)
			c.crash(victim)
			awaitCounts(t, &came, 3, &went, 2)
		})
	}
}

func awaitCounts(t *testing.T, came *atomic.Int32, wantCame int32, went *atomic.Int32, wantWent int32) {
	t.Helper()
	err := eventually(t.Context(), eventTimeout, func() error {
		return same("members that came and went", [2]int32{came.Load(), went.Load()}, [2]int32{wantCame, wantWent})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDistributedObjects: what one client creates and destroys, another sees.
func TestDistributedObjects(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 2)
	a, b := c.client(smart), c.client(unisocket)
	ctx, cancel := context.WithTimeout(t.Context(), operationTimeout)
	defer cancel()
	var created, destroyed atomic.Int32
	if _, err := b.AddDistributedObjectListener(ctx, func(e hazelcast.DistributedObjectNotified) {
		if e.ObjectName != "seen" {
			return
		}
		if e.EventType == hazelcast.DistributedObjectCreated {
			created.Add(1)
		} else {
			destroyed.Add(1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	m, err := a.GetMap(ctx, "seen")
	if err != nil {
		t.Fatal(err)
	}
	awaitCounts(t, &created, 1, &destroyed, 0)
	listed := func(want bool) error {
		infos, err := b.GetDistributedObjectsInfo(ctx)
		if err != nil {
			return err
		}
		found := false
		for _, i := range infos {
			found = found || i.Name == "seen" && i.ServiceName == mapService
		}
		return same("the map is listed", found, want)
	}
	if err := eventually(ctx, eventTimeout, func() error { return listed(true) }); err != nil {
		t.Error(err)
	}
	if _, err := b.GetMap(ctx, "seen"); err != nil {
		t.Error(err)
	}
	if err := m.Destroy(ctx); err != nil {
		t.Error(err)
	}
	awaitCounts(t, &created, 1, &destroyed, 1)
	if err := eventually(ctx, eventTimeout, func() error { return listed(false) }); err != nil {
		t.Error(err)
	}
}

// TestSilentClientStays: a client whose only traffic is its heartbeats keeps
// its connection and its lock.
func TestSilentClientStays(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 1)
	config := c.clientConfig(smart)
	config.Cluster.HeartbeatInterval = types.Duration(100 * time.Millisecond)
	config.Cluster.HeartbeatTimeout = types.Duration(time.Second)
	var lost atomic.Int32
	config.AddLifecycleListener(func(e hazelcast.LifecycleStateChanged) {
		if e.State == hazelcast.LifecycleStateDisconnected {
			lost.Add(1)
		}
	})
	m := getMap(t, connect(t, config), "silent")
	if err := m.Lock(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	<-time.After(3 * time.Second) // three times the timeout of the heartbeats
	if lost.Load() != 0 {
		t.Errorf("the connection was lost %d times", lost.Load())
	}
	if err := m.Unlock(t.Context(), "k"); err != nil {
		t.Errorf("the lock is gone: %v", err)
	}
}
