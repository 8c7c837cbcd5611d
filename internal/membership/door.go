package membership

import (
	"errors"
	"log/slog"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
)

// A door is one address behind which somebody chosen at random answers each new connection: a Kubernetes Service,
// where the right to list its pods is missing. A candidate knocks until it has met a member, or until doorDraws
// answers in a row have brought nobody new. Who is behind the door is missed by all of them with a probability of
// (1-1/n)^32 at n pods, and everybody who answers names whom it has met; so two candidates found beside one another
// only if neither has heard of the other from anybody. Members knock for life for that case.
const (
	// doorDraws is how many answers in a row must bring nobody new before a candidate founds.
	doorDraws = 32
	// doorAgain is the pause after nobody has answered at the door.
	doorAgain = 100 * time.Millisecond
	// doorPatience is how long a candidate tries a door at which nobody answers.
	doorPatience = 10 * time.Second
	// doorKnocks is how often a coordinator knocks each time it looks: most answers are its own members'.
	doorKnocks = 4
	// maxHearsay is how many candidates one answer names: more would be asked again anyway.
	maxHearsay = 256
)

// doorState is what a candidate knows of its door.
type doorState struct {
	address cluster.Address // zero for none
	draws   int             // answers in a row that brought nobody new
	// silent is since when nobody has answered; 0 if the last one did.
	silent time.Duration
}

// doorIsOwn tells whether nobody else is behind the door, and knocks once more if that is not certain.
func (c *Core) doorIsOwn() bool {
	d := &c.found.door
	if d.draws >= doorDraws {
		return true
	}
	if d.silent != 0 && c.now-d.silent >= doorPatience {
		c.Logger.Warn("nobody answers at the Service's address, founding a cluster", slog.String("address", d.address.String()),
			slog.Duration("tried", c.now-d.silent))
		return true
	}
	c.found.open++
	c.ask(askDoor, d.address, cluster.MemberID{}, c.who(), c.AskTimeout)
	return false
}

// doorReplied takes the answer of whoever was behind the door.
func (c *Core) doorReplied(a ask, reply link.Reply) {
	if a.token <= c.found.since {
		return
	}
	c.found.open--
	if c.phase != founding {
		return
	}
	d := &c.found.door
	c.noteRefusal(a.address, reply.Err)
	if reply.Outcome != link.Answered {
		if d.silent == 0 {
			d.silent = c.now
		}
		c.found.nextRound = c.now + doorAgain
		if !c.found.refused && c.now-d.silent < doorPatience {
			return
		}
		c.decide()
		return
	}
	d.silent = 0
	d.draws++
	if reply.Answerer != c.Self.ID {
		r := packed.NewReader(reply.Body)
		switch r.Byte() {
		case answerCandidate:
			c.candidateReplied(&r) // sets draws to 0 if it is news
		case answerMember:
			if c.invited(a.address, &r) {
				return
			}
		default:
			d.draws = 0
			c.found.unsure = true
		}
	}
	c.decide()
}

// appendCandidates names those whom this candidate has met.
func (c *Core) appendCandidates(dst []byte) []byte {
	n := min(len(c.found.candidates), maxHearsay)
	dst = packed.AppendUvarint(dst, uint64(n))
	for _, k := range c.found.candidates[:n] {
		dst = cluster.AppendAddress(dst, k.address)
	}
	return dst
}

// noteRefusal keeps that a cluster of this name cannot take this member.
func (c *Core) noteRefusal(address cluster.Address, err error) {
	if !errors.Is(err, link.ErrPartitionCount) && !errors.Is(err, link.ErrVersion) && !errors.Is(err, ErrClusterVersion) {
		return
	}
	c.found.refused = true
	c.Logger.Error("a cluster of this name cannot take this member, which waits instead of founding another one",
		slog.String("address", address.String()), slog.String("reason", err.Error()))
}
