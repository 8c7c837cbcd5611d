package migration

import (
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/partition"
)

// turnPatience bounds a turn of copies or of hand-overs: maxMoving partitions of some megabytes each are copied in a second or
// two. One that does not get on must keep neither a member from leaving nor redundancy from being restored.
const turnPatience = 10 * time.Second

// pace lets copies and hand-overs take turns. A hand-over is a dozen messages between three members, during which requests stand
// still. Beside copies, which keep processors and links busy, each of these messages waits its turn: with 1 GB in the cluster
// requests stood still for up to 200 ms, and for 10 when nothing is copied. So no copy for balance begins while a partition waits for
// its hand-over, and no hand-over while copies are under way, unless that takes too long.
func (c *Core) pace() {
	c.ready = 0
	for i := range c.table.Partitions {
		if isReady(&c.table.Partitions[i], c.target[i]) {
			c.ready++
		}
	}
	now := c.Clock()
	if c.ready == 0 {
		c.readySince = now
	}
	c.hurry = now-c.readySince > turnPatience
}

// mayCopy tells whether a copy of a partition may begin. One that makes it safer does not wait.
func (c *Core) mayCopy(id partition.ID, a *cluster.Assignment) bool {
	return c.ready == 0 || c.hurry || c.groups(a) < c.spread[id]
}

// begun tells whether a hand-over has been ordered, or is even done: requests stand still already.
func (c *Core) begun(k key) bool {
	_, ordered := c.ordered[k]
	_, handed := c.handed[k]
	return ordered || handed
}

// isReady tells whether a partition has all replicas that the plan wants, in sync, and only its primary is another one.
func isReady(a *cluster.Assignment, want []cluster.MemberID) bool {
	if a.Primary().IsZero() || len(want) == 0 || a.Primary() == want[0] {
		return false
	}
	for _, m := range want {
		if k := a.Find(m); k < 0 || a.Replicas[k].State != cluster.InSync {
			return false
		}
	}
	return true
}
