package chaos

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cluster is the five members.
type cluster struct {
	t       *testing.T
	members []*member
}

// startCluster starts all members at once and returns when they are one
// cluster.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	for i := range size {
		c.members = append(c.members, newMember(t, i))
	}
	t.Cleanup(func() {
		for _, m := range c.members {
			if m.running() {
				m.kill()
			}
		}
	})
	for _, m := range c.members {
		m.start()
	}
	c.settle()
	return c
}

// settle waits until all members that run agree on their number and every
// backup is complete. A cluster that does not get there fails the test.
func (c *cluster) settle() {
	c.t.Helper()
	why := ""
	if !c.await(patience, func() bool { why = c.unsettled(); return why == "" }) {
		c.t.Fatalf("the cluster has not recovered within %v: %s", patience, why)
	}
}

// unsettled says what keeps the cluster from being whole.
func (c *cluster) unsettled() string {
	n := 0
	for _, m := range c.members {
		if m.running() {
			n++
		}
	}
	var out []string
	for _, m := range c.members {
		if !m.running() {
			continue
		}
		h, ok := m.health(c.t.Context())
		switch {
		case !ok:
			out = append(out, m.ip+" does not answer")
		case h.NodeState != "ACTIVE" || h.ClusterSize != n || !h.ClusterSafe:
			out = append(out, fmt.Sprintf("%s is %s, sees %d of %d members, safe %v", m.ip, h.NodeState, h.ClusterSize, n, h.ClusterSafe))
		}
	}
	return strings.Join(out, "; ")
}

// await polls until done or the limit, and reports which came first.
func (c *cluster) await(limit time.Duration, done func() bool) bool {
	return awaitIn(c.t.Context(), limit, done)
}

func awaitIn(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// leave asks members to go, all at once, and waits until they have.
func (c *cluster) leave(leavers ...*member) {
	c.t.Helper()
	for _, m := range leavers {
		m.signal(syscall.SIGTERM)
	}
	for _, m := range leavers {
		select {
		case <-m.exited:
			if code := m.cmd.ProcessState.ExitCode(); code != 0 {
				c.t.Errorf("%s left with exit code %d", m.ip, code)
			}
		case <-time.After(patience):
			c.t.Fatalf("%s has not left within %v", m.ip, patience)
		}
	}
}
