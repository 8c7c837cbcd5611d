package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/wire"
)

// client is a client of the cluster. A smart one has a connection to every
// member and sends what is about a partition to its primary; the other one has a single connection.
type client struct {
	w     *World
	id    cluster.UUID
	name  string
	smart bool
	conns []*conn

	members  []protocol.MemberInfo
	version  int32
	owners   []cluster.MemberID // by partition
	table    int32
	listener *conn // where the cluster view comes from

	correlation int64
	pending     *operation
	at          *conn // where pending was sent, nil while it waits to be sent
	// holds are the locks that it believes to have; away since when it is not with the cluster.
	holds map[string]bool
	away  time.Duration
	gone  bool // for ever
	// idle is called when an operation has ended, to ask for the next one.
	idle func()
}

// newClient adds a client, which connects at once and for ever.
func (w *World) newClient(smart bool) *client {
	c := &client{
		w: w, id: w.uuid(), name: fmt.Sprintf("c%d", len(w.clients)+1), smart: smart, version: -1, table: -1, correlation: 10,
		idle: func() {}, holds: map[string]bool{},
	}
	w.clients = append(w.clients, c)
	c.connect()
	c.look()
	return c
}

// viewCorrelation is that of the cluster view listener.
const viewCorrelation = 2

// connect keeps the connections that the client should have.
func (c *client) connect() {
	if c.gone {
		return
	}
	if c.smart && c.version >= 0 {
		for i := range c.members {
			p := c.w.owner(cluster.MemberID(c.members[i].UUID))
			if p != nil && !p.exiled && !slices.ContainsFunc(c.conns, func(k *conn) bool { return k.p == p }) {
				c.dial(p)
			}
		}
	}
	if len(c.conns) == 0 {
		if p := c.w.anyOf(c.w.reachable()); p != nil {
			c.dial(p)
		}
	}
	c.w.after(c.w.between(100*time.Millisecond, 200*time.Millisecond), c.connect)
}

// look notes when no member that the cluster counts on has a connection of the client: its locks may be released then.
func (c *client) look() {
	present := slices.ContainsFunc(c.conns, func(k *conn) bool {
		return k.ready && !k.shut && !k.stuck && k.p.up && !k.p.paused && k.life == k.p.life && k.p.node.LeaseValid()
	})
	switch {
	case present:
		c.away = 0
	case c.away == 0:
		c.away = c.w.now
	case c.w.now-c.away >= awayLeast && c.w.now-c.away < awayLeast+lookInterval:
		c.w.history.release(c, c.away)
	}
	c.w.after(lookInterval, c.look)
}

// lookInterval is short beside awayLeast, which is a bit less than the time that a client may be away without losing its
// locks.
const (
	lookInterval = 250 * time.Millisecond
	awayLeast    = 4 * time.Second
)

// leave ends the client: it closes its connections and never comes back.
func (c *client) leave() {
	c.gone = true
	for _, k := range slices.Clone(c.conns) {
		k.hangUp()
	}
}

func (c *client) lost(k *conn, why string) {
	c.w.note("%s loses its connection to %s: %s", c.name, k.p.name, why)
	c.conns = slices.DeleteFunc(c.conns, func(o *conn) bool { return o == k })
	if c.listener == k {
		c.listener, c.version, c.table = nil, -1, -1
		c.listen()
	}
	if c.pending != nil && c.at == k {
		c.at = nil
		if c.pending.retryable() {
			c.again()
		} else {
			c.end(outcome{unknown: true})
		}
	}
}

// listen asks a connection for the cluster view.
func (c *client) listen() {
	for _, k := range c.conns {
		if k.ready && c.listener == nil {
			c.listener = k
			var m wire.Message = protocol.AppendClientAddClusterViewListenerRequest(nil, viewCorrelation, -1, &protocol.ClientAddClusterViewListenerRequest{})
			k.send(m)
		}
	}
}

// take takes a message from a member.
func (c *client) take(k *conn, m wire.Message) {
	switch {
	case m.CorrelationID() == 1:
		var r protocol.ClientAuthenticationResponse
		if err := protocol.DecodeClientAuthenticationResponse(m, &r); err != nil || r.Status != 0 {
			c.w.note("%s is not let in by %s: status %d, %v", c.name, k.p.name, r.Status, err)
			k.hangUp()
			return
		}
		k.ready, k.member = true, cluster.MemberID(r.MemberUUID)
		c.listen()
	case m.Flags().Has(wire.FlagEvent):
		c.view(k, m)
	case c.pending != nil && c.at == k && m.CorrelationID() == c.correlation:
		c.answered(m)
	}
}

// view takes an event of the cluster view.
func (c *client) view(k *conn, m wire.Message) {
	if k != c.listener {
		return
	}
	switch m.Type() {
	case protocol.ClientAddClusterViewListenerMembersViewEventType:
		var e protocol.ClientAddClusterViewListenerMembersViewEvent
		if err := protocol.DecodeClientAddClusterViewListenerMembersViewEvent(m, &e); err != nil {
			c.w.fail("%s: members view: %v", c.name, err)
			return
		}
		if e.Version > c.version {
			c.version, c.members = e.Version, e.MemberInfos
			c.forgetOthers()
		}
	case protocol.ClientAddClusterViewListenerPartitionsViewEventType:
		var e protocol.ClientAddClusterViewListenerPartitionsViewEvent
		if err := protocol.DecodeClientAddClusterViewListenerPartitionsViewEvent(m, &e); err != nil {
			c.w.fail("%s: partitions view: %v", c.name, err)
			return
		}
		if e.Version > c.table {
			c.table = e.Version
			c.owners = make([]cluster.MemberID, c.w.options.Partitions)
			for _, p := range e.Partitions {
				for _, id := range p.Value {
					c.owners[id] = cluster.MemberID(p.Key)
				}
			}
		}
	}
}

// forgetOthers ends the connections to members that are none any more.
func (c *client) forgetOthers() {
	for _, k := range slices.Clone(c.conns) {
		if k.ready && !slices.ContainsFunc(c.members, func(m protocol.MemberInfo) bool { return cluster.MemberID(m.UUID) == k.member }) {
			k.hangUp()
		}
	}
}

// begin asks an operation of the cluster; idle is called when it has ended.
func (c *client) begin(o *operation) {
	o.began = c.w.now
	if o.pad == "" {
		o.pad = c.w.pad
	}
	c.pending = o
	c.w.note("%s asks %v", c.name, o)
	c.dispatch()
}

// answerLimit is how long an operation may take, with all pauses of members: beyond, somebody has forgotten it.
const answerLimit = 3 * callTimeout

func (c *client) dispatch() {
	o := c.pending
	if o == nil || c.at != nil {
		return
	}
	partition := serial.PartitionID(serial.Hash(o.data()), int32(c.w.options.Partitions))
	if o.kind == opSize || o.kind == opEntrySet {
		partition = -1
	}
	k := c.route(partition)
	if k == nil {
		c.w.after(20*time.Millisecond, c.dispatch)
		return
	}
	c.correlation++
	c.at = k
	correlation := c.correlation
	k.send(o.message(correlation, partition))
	c.w.after(answerLimit, func() {
		if c.pending == o && c.correlation == correlation && c.at == k {
			c.w.fail("%s asked %s for %v and got no answer in %v", c.name, k.p.name, o, answerLimit)
		}
	})
}

// route chooses the connection for a partition.
func (c *client) route(partition int32) *conn {
	var ready []*conn
	for _, k := range c.conns {
		if !k.ready {
			continue
		}
		ready = append(ready, k)
		if c.smart && partition >= 0 && c.owners != nil && k.member == c.owners[partition] {
			return k
		}
	}
	if len(ready) == 0 {
		return nil
	}
	return ready[c.w.random.IntN(len(ready))]
}

// again asks the same once more, after a while.
func (c *client) again() {
	o := c.pending
	o.tries++
	c.w.after(c.w.between(time.Millisecond, 50*time.Millisecond), func() {
		if c.pending == o {
			c.dispatch()
		}
	})
}

func (c *client) answered(m wire.Message) {
	o := c.pending
	c.at = nil
	if m.Type() != protocol.ErrorType {
		out, err := o.decode(m)
		if err != nil {
			c.w.fail("%s: answer to %v: %v", c.name, o, err)
			return
		}
		c.end(out)
		return
	}
	holders, err := protocol.DecodeError(m, nil)
	if err != nil || len(holders) == 0 {
		c.w.fail("%s: error answer to %v: %v", c.name, o, err)
		return
	}
	c.refused(o, holders[0])
}

// refused deals with an error as clients do.
func (c *client) refused(o *operation, e protocol.ErrorHolder) {
	sentinel := fault.OfCode(e.ErrorCode)
	is := func(all ...error) bool {
		return slices.ContainsFunc(all, func(one error) bool { return errors.Is(sentinel, one) })
	}
	c.w.note("%s: %v is answered with %s: %s", c.name, o, e.ClassName, e.Message.Value)
	switch {
	case fault.Retryable(sentinel), is(fault.ErrTargetDisconnected) && o.retryable(), is(fault.ErrHazelcastInstanceNotActive):
		c.again()
	case is(fault.ErrTargetDisconnected, fault.ErrIndeterminateOperationState, fault.ErrOperationTimeout):
		c.end(outcome{unknown: true})
	case is(fault.ErrIllegalMonitorState) && o.kind == opUnlock:
		c.end(outcome{refused: true})
	default:
		c.w.fail("%s: %v is answered with %s: %s", c.name, o, e.ClassName, e.Message.Value)
	}
}

// end ends the pending operation.
func (c *client) end(out outcome) {
	o := c.pending
	c.pending, c.at = nil, nil
	c.w.note("%s: %v is %v", c.name, o, out)
	c.w.history.add(c, o, out, c.w.now)
	if o.kind == opTryLock && c.w.now-o.began >= awayLeast {
		// It may have been carried out, its lock released since the client was away, and have been carried out once
		// more when it was sent again.
		c.w.history.add(c, o, outcome{unknown: true}, c.w.now)
		c.w.history.release(c, o.began)
	}
	switch {
	case o.kind == opTryLock && out.yes:
		c.holds[o.key] = true
	case o.kind == opUnlock:
		delete(c.holds, o.key)
	}
	if out.unknown {
		c.w.Figures.Unknown++
	} else {
		c.w.Figures.Operations++
	}
	if o.done != nil {
		o.done(out)
	}
	c.idle()
}
