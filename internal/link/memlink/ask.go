package memlink

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

var errRefused = errors.New("memlink: connection refused")

// A question is one Ask under way.
type question struct {
	from    *Endpoint
	there   *Endpoint // who was asked
	done    func(link.Reply)
	replied bool // by the handler that was asked
	over    bool
}

// Ask implements link.Hub. Done is called by Step.
func (e *Endpoint) Ask(address cluster.Address, request []byte, timeout time.Duration, done func(link.Reply)) {
	n := e.net
	q := &question{from: e, done: done}
	request = slices.Clone(request)
	if e.gone {
		n.after(0, nil, func() { done(link.Reply{Outcome: link.Silent, Err: link.ErrClosed}) })
		return
	}
	n.questions = append(n.questions, q)
	n.after(timeout, e, func() {
		n.close(q, link.Reply{Outcome: link.Silent, Err: fmt.Errorf("%w within %v", link.ErrNoAnswer, timeout)})
	})
	n.after(0, e, func() { n.ask(q, address, request) })
}

// ask carries a question to whoever listens at the address.
func (n *Network) ask(q *question, address cluster.Address, request []byte) {
	from := q.from
	hello := from.handler.Hello()
	hello.To, hello.Lane = cluster.MemberID{}, link.AskLane
	address = n.behind(address)
	if n.isBlocked(from.address, address) {
		return
	}
	n.after(n.travel(from.address, address), nil, func() {
		there := n.endpoints[address]
		if there == nil {
			n.answer(q, address, link.Reply{Outcome: link.Refused, Err: errRefused})
			return
		}
		q.there = there
		n.after(0, there, func() { n.asked(q, &hello, request) })
	})
}

// asked is the handshake and the request at the one who is asked.
func (n *Network) asked(q *question, hello *link.Hello, request []byte) {
	there := q.there
	own := there.handler.Hello()
	if err := own.Fits(hello); err != nil {
		n.answer(q, there.address, link.Reply{Outcome: link.Stranger, Err: err})
		return
	}
	there.handler.Asked(*hello, request, func(body []byte) {
		if q.replied || there.gone {
			return
		}
		q.replied = true
		n.answer(q, there.address, link.Reply{
			Outcome: link.Answered, Answerer: there.handler.Hello().From, Body: slices.Clone(body),
		})
	})
}

// answer carries what came of a question back, unless it vanishes on the way.
func (n *Network) answer(q *question, from cluster.Address, reply link.Reply) {
	n.after(n.travel(from, q.from.address), q.from, func() {
		if !n.isBlocked(from, q.from.address) {
			n.close(q, reply)
		}
	})
}

// close ends a question once.
func (n *Network) close(q *question, reply link.Reply) {
	if q.over {
		return
	}
	q.over = true
	n.questions = slices.DeleteFunc(n.questions, func(other *question) bool { return other == q })
	q.done(reply)
}

// forsake ends the questions that an endpoint was asked and has not answered,
// and returns those that it has asked.
func (n *Network) forsake(e *Endpoint) (asked []*question) {
	for _, q := range slices.Clone(n.questions) {
		if q.there == e && !q.replied {
			q.replied = true
			n.answer(q, e.address, link.Reply{
				Outcome: link.Silent, Err: fmt.Errorf("%w: the connection was closed", link.ErrNoAnswer),
			})
		}
	}
	for _, q := range n.questions {
		if q.from == e {
			asked = append(asked, q)
		}
	}
	n.questions = slices.DeleteFunc(n.questions, func(q *question) bool { return q.from == e })
	return asked
}
