package membership

import (
	"log/slog"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

// rallyFor is how many silence timeouts a member that carries what it held of its former cluster waits for silent members of the
// one to join, before it founds one of its own: two minutes by default. Nothing in that would have an ancestor in common with
// the other one, so when the two meet, what the other has removed since would count as new.
const rallyFor = 12

// maxFormer bounds the addresses of members that were removed and have not come back: the other half of a split is
// looked for there, too, where looks do not show it.
const maxFormer = 64

// proposeMerge asks the coordinator of another cluster what it knows of itself, and tells it the same of this one.
// One question at a time: the next knock asks again.
func (c *Core) proposeMerge(other *cluster.List) {
	if c.proposed != 0 || !c.mergeable() {
		return
	}
	coordinator := other.Coordinator()
	c.ask(askMerge, coordinator.Address, coordinator.ID, cluster.AppendList([]byte{questionMerge}, c.list), c.AskTimeout)
	c.proposed = c.nextToken
}

// mergeable tells whether this member may speak of merging for its cluster: it coordinates, those in its list are with it (a
// cluster is as large as its list says), and all of them know how to merge.
func (c *Core) mergeable() bool {
	return c.Coordinating() && c.LeaseValid() && c.document.ClusterVersion.HasMerge()
}

// answerMerge takes the list of another cluster from its coordinator, which lives, for it has just asked.
func (c *Core) answerMerge(other *cluster.List, reply func([]byte)) {
	if !c.mergeable() {
		reply([]byte{answerLater})
		c.shed(other)
		return
	}
	reply(cluster.AppendList([]byte{answerMerge}, c.list))
	c.met(other)
}

// shed does what is due when members have gone on in another cluster without this one. They are not with it, so it has no lease, and would
// wait for three silence timeouts, with a list that no other descends from if it has published one since they parted; while whoever
// speaks for that cluster has a lease, by the word of most of them. It gives itself up at once where what is left of it would. Going on with
// what is left, it would serve what the others have changed since. Where more is left than has gone on, or it leaves, it takes those out of the list.
// Not while a question of its own is under way: the other coordinator may give itself up for the list in it.
func (c *Core) shed(other *cluster.List) {
	if !c.isFirst() || c.take != nil || c.proposed != 0 || c.LeaseValid() || !c.list.Apart(other) || other.Find(c.Self.ID) >= 0 {
		return
	}
	members := slices.DeleteFunc(slices.Clone(c.list.Members), func(m cluster.Member) bool { return other.Find(m.ID) >= 0 })
	if len(members) == len(c.list.Members) {
		return
	}
	c.Logger.Warn("members have gone on in another cluster, without this one", slog.Int("members", len(c.list.Members)-len(members)))
	left := *c.list
	left.Members = members
	if !c.leaving && c.document.ClusterVersion.HasMerge() && left.MergesInto(other) {
		c.giveUpFor(other)
		return
	}
	c.publish(members, "members are of another cluster")
	c.nextKnock = c.now
}

func (c *Core) mergeReplied(a ask, reply link.Reply) {
	c.proposed = 0
	if reply.Outcome != link.Answered || reply.Answerer != a.member || !c.mergeable() {
		return
	}
	r := packed.NewReader(reply.Body)
	if r.Byte() != answerMerge {
		return
	}
	if other := cluster.ReadList(&r); r.Err() == nil && len(other.Members) > 0 && other.Coordinator().ID == a.member {
		c.met(other)
	}
}

// met decides whether this cluster gives itself up for another, whose coordinator has just spoken. The other
// one decides by the same two lists, so not both do. A coordinator that leaves does not: its heir will.
func (c *Core) met(other *cluster.List) {
	if len(other.Members) > 0 && !c.leaving && c.list.Apart(other) && c.list.MergesInto(other) {
		c.giveUpFor(other)
	}
}

// giveUpFor merges into another cluster, and tells all members to.
func (c *Core) giveUpFor(other *cluster.List) {
	c.Logger.Warn("merging into another cluster of this name", slog.String("coordinator", other.Coordinator().Address.String()),
		slog.Int("members", len(other.Members)), slog.Int("members_here", len(c.list.Members)))
	frame := cluster.AppendList([]byte{kindMerge}, other)
	for _, id := range c.order {
		c.out.Send(id, frame)
	}
	c.merge(other)
}

// onMerge takes the coordinator's word that the cluster gives itself up. Who does not hear it finds the coordinator
// ended, goes on alone, and merges by itself.
func (c *Core) onMerge(from cluster.MemberID, r *packed.Reader) {
	other := cluster.ReadList(r)
	if r.Err() == nil && from == c.list.Coordinator().ID && len(other.Members) > 0 && c.list.Apart(other) {
		c.merge(other)
	}
}

// merge ends this member's part in its cluster. From here on it answers nobody.
func (c *Core) merge(other *cluster.List) {
	c.phase = ended
	c.lease.Store(0)
	c.dismissJoins()
	c.out.Merging(c.list, other)
}

// Merged says that this member has merged all that it brought of a former cluster: from now on split-brain protection counts it.
func (c *Core) Merged() {
	c.Carrying, c.nextMerged = false, 0
}

// tellMerged lets the coordinator know, again until the list says so.
func (c *Core) tellMerged() {
	switch me := c.list.Get(c.Self.ID); {
	case me == nil || !me.Carrying:
	case c.Coordinating():
		c.onMerged(c.Self.ID)
	default:
		c.out.Send(c.list.Coordinator().ID, []byte{kindMerged})
	}
}

// onMerged takes the mark from a member that has merged what it brought.
func (c *Core) onMerged(id cluster.MemberID) {
	if !c.Coordinating() {
		return
	}
	if m := c.list.Get(id); m != nil && m.Carrying {
		members := slices.Clone(c.list.Members)
		members[c.list.Find(id)].Carrying = false
		c.publish(members, "member has merged what it held: "+m.Address.String())
	}
}

// noteGone notes when a new list has removed members, keeps their addresses, and forgets those that are back.
func (c *Core) noteGone(before []cluster.Member, now *cluster.List) {
	if len(before) == 0 {
		c.goneAt = now.Version
	}
	for i := range before {
		m := &before[i]
		if m.Leaving || now.Find(m.ID) >= 0 {
			continue
		}
		c.goneAt = now.Version
		if !slices.Contains(c.former, m.Address) {
			c.former = append(c.former, m.Address)
		}
	}
	c.former = slices.DeleteFunc(c.former, func(a cluster.Address) bool {
		return slices.ContainsFunc(now.Members, func(m cluster.Member) bool { return m.Address == a })
	})
	if len(c.former) > maxFormer {
		c.former = c.former[len(c.former)-maxFormer:]
	}
}

// askRally asks the members of the cluster that this one shall join, besides all that looks show.
func (c *Core) askRally() {
	for _, a := range c.Rally {
		if a != c.Self.Address {
			c.askWho(a, cluster.MemberID{})
		}
	}
}

// rallies tells whether nothing may be founded yet since one of those is silent: the network may have failed
// again.
func (c *Core) rallies(a cluster.Address) bool {
	return c.now < c.rallyUntil && slices.Contains(c.Rally, a)
}
