package membership

import (
	"log/slog"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

// maxNeighbours is how many clusters beside this one are kept in mind.
const maxNeighbours = 64

// knock asks addresses that are no member's, for life: a cluster of the same
// name that lives beside this one must be found.
func (c *Core) knock(found discovery.Found) {
	if !c.Coordinating() {
		return
	}
	for _, a := range append(slices.Clone(found.Addresses), c.former...) {
		if !c.knows(a) {
			c.ask(askKnock, a, cluster.MemberID{}, c.who(), c.AskTimeout)
		}
	}
	if !found.Door.IsZero() {
		for range doorKnocks {
			c.ask(askKnock, found.Door, cluster.MemberID{}, c.who(), c.AskTimeout)
		}
	}
}

func (c *Core) knows(a cluster.Address) bool {
	for i := range c.list.Members {
		if c.list.Members[i].Address == a {
			return true
		}
	}
	return false
}

func (c *Core) knockReplied(a ask, reply link.Reply) {
	if reply.Outcome == link.Refused || reply.Outcome == link.Stranger {
		c.former = slices.DeleteFunc(c.former, func(f cluster.Address) bool { return f == a.address })
	}
	if c.phase != member || reply.Outcome != link.Answered || c.list.Find(reply.Answerer) >= 0 {
		return
	}
	r := packed.NewReader(reply.Body)
	if r.Byte() != answerMember {
		return
	}
	other := cluster.ReadList(&r)
	if r.Err() != nil || len(other.Members) == 0 {
		return
	}
	c.learn(other, &r)
	if c.phase != member || !c.Coordinating() || !c.list.Apart(other) {
		return
	}
	if c.noteNeighbour(other.Lineage) {
		c.Logger.Warn("another cluster of this name lives beside this one",
			slog.String("address", a.address.String()), slog.Int("members", len(other.Members)))
	}
	c.proposeMerge(other)
}

// noteNeighbour tells whether a cluster is met for the first time.
func (c *Core) noteNeighbour(lineage cluster.UUID) bool {
	if slices.Contains(c.neighbours, lineage) {
		return false
	}
	if len(c.neighbours) == maxNeighbours {
		c.neighbours = c.neighbours[1:]
	}
	c.neighbours = append(c.neighbours, lineage)
	return true
}
