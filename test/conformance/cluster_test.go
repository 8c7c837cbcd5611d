package conformance

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
)

// clusterSlots is how many addresses a cluster can have over its life. Members
// are told all of them, as an operator would list the hosts.
const clusterSlots = 8

// cluster is a set of members under one cluster name. It is used by one
// goroutine.
type cluster struct {
	t       testing.TB
	name    string
	env     map[string]string
	config  string
	binary  string // of members that are started from now on; empty for the one under test
	ports   []int  // the slots; ports[:next] were used
	next    int
	members []*member // those that run and were not told to leave
}

var clusterCount atomic.Int32

// newCluster reserves the addresses of a cluster that has no member yet.
func newCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{t: t, name: fmt.Sprintf("conformance-%d", clusterCount.Add(1)), env: map[string]string{}}
	for range clusterSlots {
		c.ports = append(c.ports, freePort(t))
	}
	return c
}

// startCluster starts n members, one after the other, and returns when all of
// them see one another and every backup is complete.
func startCluster(t testing.TB, n int) *cluster {
	t.Helper()
	c := newCluster(t)
	for range n {
		c.add()
	}
	c.awaitSize()
	c.members[0].awaitSafe()
	return c
}

// start starts a member at the next address and returns at once.
func (c *cluster) start() *member {
	c.t.Helper()
	if c.next == len(c.ports) {
		c.t.Fatal("the cluster has no address left")
	}
	m := startMember(c.t, memberSpec{
		cluster: c.name, port: c.ports[c.next], join: c.addresses(), env: maps.Clone(c.env), config: c.config, binary: c.binary,
	})
	c.next++
	c.members = append(c.members, m)
	return m
}

// add starts a member and returns when it has joined.
func (c *cluster) add() *member {
	c.t.Helper()
	m := c.start()
	m.awaitReady()
	return m
}

// awaitSize waits until every member lists exactly the members that run.
func (c *cluster) awaitSize() {
	c.t.Helper()
	for _, m := range c.members {
		m.awaitMembers(len(c.members))
	}
}

// forget takes a member off the books, because it left or was killed.
func (c *cluster) forget(m *member) {
	c.members = slices.DeleteFunc(c.members, func(o *member) bool { return o == m })
}

// leave makes a member leave gracefully and returns when its process is gone.
func (c *cluster) leave(m *member) {
	c.t.Helper()
	c.forget(m)
	m.terminate()
	if err := m.awaitExit(leaveTimeout); err != nil {
		c.t.Errorf("member %d left with %v", m.port, err)
	}
}

// crash kills a member.
func (c *cluster) crash(m *member) {
	c.forget(m)
	m.kill()
}

// settle waits until the members that are left agree and are safe.
func (c *cluster) settle() {
	c.t.Helper()
	c.awaitSize()
	for _, m := range c.members {
		m.awaitSafe()
	}
}

// addresses lists every address of the cluster, used or not.
func (c *cluster) addresses() []string {
	out := make([]string, 0, len(c.ports))
	for _, p := range c.ports {
		out = append(out, address(p))
	}
	return out
}

// running lists the addresses of the members that run.
func (c *cluster) running() []string {
	out := make([]string, 0, len(c.members))
	for _, m := range c.members {
		out = append(out, address(m.port))
	}
	return out
}
