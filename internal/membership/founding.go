package membership

import (
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

const (
	// askAgain is the pause between two rounds of asking lower candidates:
	// long enough to let them finish, short beside a member's start.
	askAgain = 10 * time.Millisecond
	// joinAgain is the pause after a coordinator did not take this member in: it may be gone,
	// and the cluster not have noticed.
	joinAgain = 50 * time.Millisecond
	// refusedAgain is the pause of a member that the cluster of its name refuses: somebody must change
	// its configuration, and each round is a line in the log.
	refusedAgain = 5 * time.Second
	// lookAgain is the longest pause between two whole looks of a candidate.
	lookAgain = 500 * time.Millisecond
	// showAgain is the pause before the next look of a candidate that could found, but that looks do not show
	// yet: Kubernetes shows a pod some hundred milliseconds after it began to run.
	showAgain = 200 * time.Millisecond
	// silentAgain is the pause before addresses are asked again that could not be reached: the network of a machine
	// or pod that is just starting says so at once, for a moment.
	silentAgain = 100 * time.Millisecond
	// unseenPatience is how long looks must have gone without showing a candidate that may found unseen.
	unseenPatience = 3 * time.Second
)

// candidate is another member that looks for a cluster, too. met is the number of
// the last question asked when it made itself known: an answer to one of those
// questions says nothing about it, it may have begun to listen in between.
type candidate struct {
	id      cluster.MemberID
	address cluster.Address
	met     uint64
	speaks  cluster.Spoken
}

// foundingState is what a candidate knows.
type foundingState struct {
	open       int // questions without an answer
	candidates []candidate
	nextRound  time.Duration
	nextLook   time.Duration
	looked     bool // a whole look has been asked through
	looking    bool
	// shown: the last look showed this member's address; whoever looks later finds it. mayUnseen: it may found
	// without that, once looks have not shown it since unseen for long enough.
	shown, mayUnseen bool
	unseen           time.Duration
	door             doorState
	// heard are the addresses of candidates that were met or named by others. Who was only named is asked once: if it
	// does not answer, it will find this member listening.
	heard []cluster.Address
	// unsure: somebody asked in this round may have become, or may become, a member of a cluster.
	unsure bool
	// silent: an address has not answered, but was not asked for long enough to go on without it. since is when
	// each address was first asked.
	silent bool
	first  map[cluster.Address]time.Duration
	// refused: a cluster of this name lives at one of the addresses and cannot take this member, which
	// must not found another one beside it.
	refused bool
	// confirming: everybody has answered, and the higher candidates are asked whether they still are
	// candidates: one may have joined somebody who has ended since.
	confirming bool
	// asked is when this member last asked to join. Questions up to number since are of an earlier search.
	asked time.Duration
	since uint64
}

// searchAnew forgets what a search has brought so far.
func (c *Core) searchAnew() {
	c.found = foundingState{since: c.nextToken}
	c.startRound()
}

func (c *Core) startRound() {
	c.found.looking, c.found.unsure, c.found.silent, c.found.confirming, c.found.refused = true, false, false, false, false
	c.found.nextLook = c.now + lookAgain
	c.out.Look()
}

// Looked takes what a look has shown. err says that it could learn nothing: then the look is repeated, and
// nothing is founded meanwhile.
func (c *Core) Looked(found discovery.Found, err error) {
	c.step()
	switch {
	case c.phase == member:
		c.knock(found) // nothing is in found if the look has failed
	case c.phase == founding && err != nil:
		c.found.looking, c.found.looked = false, false
		c.found.nextRound = c.found.nextLook
		c.askRally()
	case c.phase == founding:
		c.found.looking = false
		c.found.looked = true
		c.noteShown(&found)
		for _, a := range found.Addresses {
			if a != c.Self.Address {
				c.askWho(a, cluster.MemberID{})
			}
		}
		c.askRally()
		c.decide()
	}
}

// noteShown keeps what a look says about this member itself.
func (c *Core) noteShown(found *discovery.Found) {
	c.found.shown, c.found.mayUnseen, c.found.door.address = found.SelfShown, found.MayFoundUnseen, found.Door
	switch {
	case found.SelfShown:
		c.found.unseen = 0
	case c.found.unseen == 0:
		c.found.unseen = c.now
	}
}

// mayFound tells whether nobody who looks later can overlook this member. If that is not known yet, it
// sees to it that it will be.
func (c *Core) mayFound() bool {
	switch {
	case c.found.shown:
		return true
	case !c.found.door.address.IsZero():
		return c.doorIsOwn()
	case c.found.mayUnseen && c.now-c.found.unseen >= unseenPatience:
		c.Logger.Warn("DNS does not show this member, which founds a cluster as ordinal 0 of its StatefulSet; "+
			"the Service needs publishNotReadyAddresses: true", slog.Duration("waited", c.now-c.found.unseen))
		return true
	}
	c.found.nextLook = min(c.found.nextLook, c.now+showAgain)
	c.found.nextRound = c.found.nextLook
	return false
}

func (c *Core) askWho(address cluster.Address, id cluster.MemberID) {
	c.found.open++
	if c.found.first == nil {
		c.found.first = map[cluster.Address]time.Duration{}
	}
	if _, ok := c.found.first[address]; !ok {
		c.found.first[address] = c.now
	}
	c.ask(askWho, address, id, c.who(), c.AskTimeout)
}

func (c *Core) who() []byte {
	b := []byte{questionWho}
	b = packed.AppendBool(b, c.phase == founding)
	return c.appendSpoken(cluster.AppendMember(b, &c.Self))
}

// whoReplied sorts an answer: a member to join, a candidate to reckon with, or nobody.
func (c *Core) whoReplied(a ask, reply link.Reply) {
	if a.token <= c.found.since {
		return
	}
	c.found.open--
	if c.phase != founding {
		return
	}
	c.forget(a.address, a.member, a.token)
	if reply.Outcome == link.Silent {
		c.found.unsure = c.found.unsure || c.rallies(a.address)
		c.noteSilent(a.address)
	} else {
		delete(c.found.first, a.address)
	}
	c.noteRefusal(a.address, reply.Err)
	if reply.Outcome != link.Answered || reply.Answerer == c.Self.ID {
		// A candidate that is gone may have founded, and others have joined it.
		c.found.unsure = c.found.unsure || !a.member.IsZero()
		c.decide()
		return
	}
	r := packed.NewReader(reply.Body)
	switch r.Byte() {
	case answerCandidate:
		c.candidateReplied(&r)
	case answerMember:
		if c.invited(a.address, &r) {
			return
		}
	default:
		c.found.unsure = true
	}
	c.decide()
}

// noteSilent goes on without an address only when it was asked for as long as one waits for a silent one. That it
// could not be reached is no answer: unlike a refusal, it does not say that nobody listens there.
func (c *Core) noteSilent(address cluster.Address) {
	waited := c.now - c.found.first[address]
	if waited < c.AskTimeout {
		c.found.silent = true
		return
	}
	c.Logger.Warn("an address shown by discovery does not answer, going on without it",
		slog.String("address", address.String()), slog.Duration("waited", waited))
}

// candidateReplied meets a candidate, and asks those whom it has met.
func (c *Core) candidateReplied(r *packed.Reader) {
	m := cluster.ReadMember(r)
	met := make([]cluster.Address, min(r.Count(1), maxHearsay))
	for i := range met {
		met[i] = cluster.ReadAddress(r)
	}
	speaks := cluster.ReadSpoken(r)
	if r.Err() != nil {
		c.found.unsure = true
		return
	}
	c.meet(m.ID, m.Address, speaks)
	for _, a := range met {
		if a != c.Self.Address && c.isNews(a) {
			c.askWho(a, cluster.MemberID{})
		}
	}
}

// isNews tells whether a candidate's address was never heard of in this search.
func (c *Core) isNews(a cluster.Address) bool {
	if slices.Contains(c.found.heard, a) || len(c.found.heard) >= discovery.MaxAddresses {
		return false
	}
	c.found.heard = append(c.found.heard, a)
	c.found.door.draws = 0
	return true
}

// meet notes a candidate, by the address that it gives for itself.
func (c *Core) meet(id cluster.MemberID, address cluster.Address, speaks cluster.Spoken) {
	if id == c.Self.ID {
		return // this member itself, behind the door
	}
	c.isNews(address)
	c.forget(address, id, math.MaxUint64)
	c.found.candidates = append(c.found.candidates, candidate{id: id, address: address, met: c.nextToken, speaks: speaks})
}

// forget drops a candidate that was known before a question was asked.
func (c *Core) forget(address cluster.Address, id cluster.MemberID, asked uint64) {
	n := 0
	for _, k := range c.found.candidates {
		if k.met >= asked || (k.address != address && (id.IsZero() || k.id != id)) {
			c.found.candidates[n] = k
			n++
		}
	}
	c.found.candidates = c.found.candidates[:n]
}

// decide founds a cluster when everybody shown has answered and nobody lower
// is a candidate.
func (c *Core) decide() {
	if c.phase != founding || c.found.open > 0 || c.found.looking || !c.found.looked {
		return
	}
	if c.found.refused {
		c.found.nextRound = c.now + refusedAgain
		c.found.nextLook = c.found.nextRound
		return
	}
	if c.found.unsure || c.found.silent {
		c.found.nextRound = c.now + askAgain
		if c.found.silent {
			c.found.nextRound = c.now + silentAgain
		}
		c.found.nextLook = c.found.nextRound
		return
	}
	for _, k := range c.found.candidates {
		if k.address.Compare(c.Self.Address) < 0 {
			c.found.nextRound = c.now + askAgain
			c.found.confirming = false
			return
		}
	}
	if !c.mayFound() {
		return
	}
	if !c.found.confirming && len(c.found.candidates) > 0 {
		c.found.confirming = true
		for _, k := range slices.Clone(c.found.candidates) {
			c.askWho(k.address, k.id)
		}
		return
	}
	c.foundCluster()
}

func (c *Core) tickFounding() {
	if c.found.open > 0 || c.found.looking || c.now < c.found.nextRound {
		return
	}
	if c.phase == joining {
		c.phase = founding // the coordinator was not there: whoever is must be asked again
		c.searchAnew()
		return
	}
	if c.now >= c.found.nextLook {
		c.startRound()
		return
	}
	for _, k := range append([]candidate(nil), c.found.candidates...) {
		if k.address.Compare(c.Self.Address) < 0 {
			c.askWho(k.address, k.id)
		}
	}
	c.decide()
}

func (c *Core) foundCluster() {
	list := &cluster.List{
		Mark:    cluster.Mark{Lineage: c.UUID(), Version: 1},
		Members: []cluster.Member{c.Self},
	}
	document := &cluster.Document{Version: 1, ClusterID: c.UUID(), PartitionCount: c.PartitionCount, ClusterVersion: c.foundingVersion()}
	table := &cluster.Table{Version: 0, Partitions: make([]cluster.Assignment, c.PartitionCount)}
	c.phase = member
	c.install(list, c.tables.Adjusted(table, list), document, "founded")
}

// Asked answers a question that came to this member's address.
func (c *Core) Asked(question []byte, reply func([]byte)) {
	c.step()
	r := packed.NewReader(question)
	switch r.Byte() {
	case questionWho:
		isCandidate := r.Bool()
		m, speaks := cluster.ReadMember(&r), cluster.ReadSpoken(&r)
		if r.Err() == nil {
			reply(c.answerWho(isCandidate, m, speaks))
			return
		}
	case questionJoin:
		m, speaks := cluster.ReadMember(&r), cluster.ReadSpoken(&r)
		m.Carrying = r.Len() > 0 && r.Bool()
		if r.Err() == nil {
			c.answerJoin(m, speaks, reply)
			return
		}
	case questionMerge:
		if l := cluster.ReadList(&r); r.Err() == nil && c.phase == member {
			c.answerMerge(l, reply)
			return
		}
	}
	reply([]byte{answerLater})
}

func (c *Core) answerWho(isCandidate bool, m cluster.Member, speaks cluster.Spoken) []byte {
	switch c.phase {
	case member:
		answer := cluster.AppendList([]byte{answerMember}, c.list)
		if c.Version.HasVersion() {
			answer = cluster.AppendVersion(answer, c.clusterVersion())
		}
		return answer
	case founding:
		if isCandidate {
			c.meet(m.ID, m.Address, speaks)
		}
		return c.appendSpoken(c.appendCandidates(cluster.AppendMember([]byte{answerCandidate}, &c.Self)))
	case joining, idle, handing, ended: // not to be reckoned with, and not to be ignored
	}
	return []byte{answerLater}
}
