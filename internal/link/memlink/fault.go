package memlink

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// Crash ends the process at an address: its handler hears nothing more, its
// connections break, and from now on the address refuses. It reports whether
// somebody lived there.
func (n *Network) Crash(address cluster.Address) bool {
	e := n.endpoints[address]
	if e == nil {
		return false
	}
	e.leave(func(c *conn, mine *end) { c.tear(mine.other) })
	return true
}

// Pause stops the process at an address: what would happen there waits.
// Connections stay, and questions get no answer.
func (n *Network) Pause(address cluster.Address) {
	if e := n.endpoints[address]; e != nil {
		e.paused = true
	}
}

// Resume lets the process at an address go on: everything that waited happens
// now, in order.
func (n *Network) Resume(address cluster.Address) {
	e := n.endpoints[address]
	if e == nil || !e.paused {
		return
	}
	e.paused = false
	for _, waiting := range e.backlog {
		n.at(n.now(), e, waiting.happen)
	}
	e.backlog = nil
}

// Paused reports whether the process at an address is paused.
func (n *Network) Paused(address cluster.Address) bool {
	e := n.endpoints[address]
	return e != nil && e.paused
}

// Partition lets everything vanish that goes from one address to another or
// back. Nobody is told.
func (n *Network) Partition(a, b cluster.Address) {
	n.PartitionOneWay(a, b)
	n.PartitionOneWay(b, a)
}

// Hold makes what meets a partition wait for its end, as TCP's repetitions do, instead of vanishing: then connections
// outlive partitions.
func (n *Network) Hold(hold bool) { n.holds = hold }

// PartitionOneWay lets everything vanish that goes from one address to another.
func (n *Network) PartitionOneWay(from, to cluster.Address) { n.blocked[way{from, to}] = true }

// Heal ends the partition between two addresses, both ways. Connections that
// have lost something break.
func (n *Network) Heal(a, b cluster.Address) {
	delete(n.blocked, way{a, b})
	delete(n.blocked, way{b, a})
	n.mend()
}

// HealAll ends all partitions.
func (n *Network) HealAll() {
	clear(n.blocked)
	n.mend()
}

// mend breaks the connections that have lost something, where both ends can
// learn of it, and tells those that could not learn of it before.
func (n *Network) mend() {
	for _, c := range slices.Clone(n.conns) {
		if !c.ends[0].lost && !c.ends[1].lost {
			continue
		}
		if c.ends[0].isCutOff() || c.ends[1].isCutOff() {
			continue
		}
		c.tear(c.ends[0])
		c.tear(c.ends[1])
	}
	for _, c := range n.conns {
		for _, end := range c.ends {
			if len(end.inbox) > 0 && !end.isCutOff() {
				n.after(n.travel(end.other.owner.address, end.owner.address), end.owner, end.take)
			}
		}
	}
	orphans := n.orphans
	n.orphans = nil
	for _, end := range orphans {
		end.conn.tell(end, errReset)
	}
}

// Break ends the connection of one lane between two members: both hear
// LaneDown, and of what is on its way either way a suffix is lost. It reports
// whether there was a connection.
func (n *Network) Break(a, b cluster.MemberID, lane link.Lane) bool {
	for _, c := range n.conns {
		x, y := c.ends[0].peer.ID, c.ends[1].peer.ID
		if c.ends[0].lane == lane && (x == a && y == b || x == b && y == a) {
			c.tear(c.ends[0])
			c.tear(c.ends[1])
			return true
		}
	}
	return false
}
