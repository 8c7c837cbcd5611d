package sim

import (
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/gateway"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// conn is a client's connection to a process: two ordered streams of bytes.
type conn struct {
	c *client
	p *process
	// life is the node of the process that has the session.
	life    int
	session *gateway.Session
	reader  *wire.Reader
	// there and back are when the last message each way arrives: the next ones arrive later.
	there, back time.Duration
	member      cluster.MemberID
	ready       bool // authenticated
	over        bool // for the client
	shut        bool // for the member
	stuck       bool // nothing gets through any more, and nobody is told
}

var _ gateway.Output = (*conn)(nil)

// dial connects a client to an address. The answer to its authentication makes the connection ready.
func (c *client) dial(p *process) {
	w := c.w
	k := &conn{c: c, p: p, reader: wire.NewReader(wire.Limits{})}
	c.conns = append(c.conns, k)
	k.there = w.now + w.between(clientLeast, clientMost)
	w.at(k.there, func() {
		if !p.up || p.exiled {
			w.after(w.between(clientLeast, clientMost), func() { k.lost("refused") })
			return
		}
		p.conns = append(p.conns, k)
		p.do(p.life, k.accept)
	})
	var m wire.Message = protocol.AppendClientAuthenticationRequest(nil, 1, -1, &protocol.ClientAuthenticationRequest{
		ClusterName: []byte("dev"), UUID: protocol.UUID(c.id), ClientType: []byte("SIM"), SerializationVersion: 1,
		ClientHazelcastVersion: []byte("5.5.0"), ClientName: []byte(c.name),
	})
	k.send(m)
	w.after(authPatience, func() {
		if !k.ready {
			k.hangUp()
		}
	})
}

// How long a message is on its way between client and member, and how long a client waits to be let in.
const (
	clientLeast  = 50 * time.Microsecond
	clientMost   = 2 * time.Millisecond
	authPatience = 5 * time.Second
)

// accept is where the member's listener takes the connection.
func (k *conn) accept() {
	k.life = k.p.life
	k.session = k.p.node.Gateway().NewSession(k)
	if k.session == nil {
		k.Close(nil)
	}
}

// atMember lets something happen in the process, behind everything that was sent before.
func (k *conn) atMember(f func()) {
	w := k.c.w
	k.there = max(k.there+1, w.now+w.between(clientLeast, clientMost))
	w.at(k.there, func() {
		if k.p.up && !k.stuck { // else it was never there, or hangUp has told the client
			k.p.do(k.p.life, f)
		}
	})
}

func (k *conn) send(m wire.Message) {
	k.atMember(func() {
		if k.shut || k.session == nil {
			return
		}
		k.session.Attend()
		err := k.session.Handle(m)
		if k.session.Settle() {
			k.flush()
		}
		if err != nil {
			k.Close(err)
		}
	})
}

// Wake implements gateway.Output.
func (k *conn) Wake() {
	k.p.later(k.p.life, k.c.w.between(0, 50*time.Microsecond), k.flush)
}

// Tick implements gateway.Output.
func (*conn) Tick() {}

func (k *conn) flush() {
	if k.shut {
		return
	}
	for out := k.session.Take(nil); len(out) > 0; out = k.session.Take(nil) {
		k.atClient(func() { k.receive(out) })
	}
}

// Close implements gateway.Output.
func (k *conn) Close(error) {
	if k.shut {
		return
	}
	k.shut = true
	k.c.w.after(0, func() {
		if k.session != nil {
			k.session.Closed()
		}
	})
	k.p.conns = slices.DeleteFunc(k.p.conns, func(o *conn) bool { return o == k })
	k.atClient(func() { k.lost("closed by the member") })
}

// atClient lets something happen in the client, behind everything that was sent before.
func (k *conn) atClient(f func()) {
	w := k.c.w
	k.back = max(k.back+1, w.now+w.between(clientLeast, clientMost))
	w.at(k.back, func() {
		if !k.over && !k.stuck {
			f()
		}
	})
}

// broken is what becomes of the connection when the process ends: some of what was on its way is lost.
func (k *conn) broken() {
	k.shut = true
	w := k.c.w
	w.after(w.between(clientLeast, clientMost), func() { k.lost("reset") })
}

// stick is what becomes of the connection when the network fails: both sides notice only after a while.
func (k *conn) stick() {
	k.stuck = true
	w := k.c.w
	w.after(w.between(time.Second, 3*time.Second), func() { k.lost("silent") })
	w.after(w.between(time.Second, 5*time.Second), func() {
		if k.p.up {
			k.p.do(k.life, func() { k.Close(nil) })
		}
	})
}

// hangUp ends the connection from the client's side.
func (k *conn) hangUp() {
	if k.over {
		return
	}
	k.atMember(func() {
		if !k.shut {
			k.Close(nil)
		}
	})
	k.lost("given up")
}

// lost tells the client that the connection is gone.
func (k *conn) lost(why string) {
	if !k.over {
		k.over = true
		k.c.lost(k, why)
	}
}

func (k *conn) receive(b []byte) {
	for len(b) > 0 {
		n := copy(k.reader.Buffer(), b)
		b = b[n:]
		k.reader.Advance(n)
		for {
			m, err := k.reader.Next()
			if err != nil {
				k.c.w.fail("%s reads from %s: %v", k.c.name, k.p.name, err)
				return
			}
			if m == nil {
				break
			}
			k.c.take(k, m)
			if k.over {
				return
			}
		}
	}
}
