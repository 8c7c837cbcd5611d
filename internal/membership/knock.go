package membership

import (
	"log/slog"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

// knock asks addresses that are no member's, for life: a cluster of the same
// name that lives beside this one must be found.
func (c *Core) knock(addresses []cluster.Address) {
	if !c.Coordinating() {
		return
	}
	for _, a := range addresses {
		if !c.knows(a) {
			c.ask(askKnock, a, cluster.MemberID{}, c.who(), c.AskTimeout)
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
	foreign := other.Against(c.list.Mark) == cluster.Foreign && c.list.Against(other.Mark) == cluster.Foreign
	if c.phase == member && foreign && c.neighbour != other.Lineage {
		c.neighbour = other.Lineage // said once, although it is met again and again
		c.Logger.Error("another cluster of this name lives beside this one",
			slog.String("address", a.address.String()), slog.Int("members", len(other.Members)))
	}
}
