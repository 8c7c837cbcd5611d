package memlink

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// An Endpoint is one life of one member in the network. It implements link.Hub.
type Endpoint struct {
	net     *Network
	id      cluster.MemberID
	address cluster.Address
	handler link.Handler
	// peers are ordered by id.
	peers []*peer
	// leaving are ends of dropped peers whose LaneDown may be outstanding.
	leaving []*end
	// gone: crashed or closed. Nothing happens here any more.
	gone bool
	// paused: what happens waits in backlog, in order.
	paused  bool
	backlog []*event
}

// A peer is one member that SetPeers has named.
type peer struct {
	link.Peer
	// lanes are the ends that frames are sent through; nil when down.
	lanes [link.Lanes]*end
	// failures counts attempts to connect since the lane was up.
	failures [link.Lanes]int
	// dropped: SetPeers no longer names it.
	dropped bool
}

// Endpoint registers a member that listens at an address from now on. It panics
// when another one does.
func (n *Network) Endpoint(id cluster.MemberID, address cluster.Address, handler link.Handler) *Endpoint {
	if n.endpoints[address] != nil {
		panic(fmt.Sprintf("memlink: two endpoints at %v", address))
	}
	e := &Endpoint{net: n, id: id, address: address, handler: handler}
	n.endpoints[address] = e
	return e
}

// SetPeers implements link.Hub.
func (e *Endpoint) SetPeers(peers []link.Peer) {
	if e.gone {
		return
	}
	var next []*peer
	for _, want := range peers {
		if want.ID == e.id {
			continue
		}
		if p := e.peer(want.ID); p != nil && p.Address == want.Address {
			p.Peer = want
			next = append(next, p)
			continue
		}
		next = append(next, &peer{Peer: want})
	}
	slices.SortFunc(next, func(a, b *peer) int { return a.ID.Compare(b.ID) })
	next = slices.CompactFunc(next, func(a, b *peer) bool { return a.ID == b.ID })
	old := e.peers
	e.peers = next
	for _, p := range old {
		if !slices.Contains(next, p) {
			e.drop(p)
		}
	}
	for _, p := range next {
		if slices.Contains(old, p) {
			continue
		}
		for lane := range link.Lanes {
			e.net.after(0, e, func() { e.dial(p, lane) })
		}
	}
}

// drop ends the lanes of a peer that is none any more; what was sent arrives.
func (e *Endpoint) drop(p *peer) {
	p.dropped = true
	for _, end := range p.lanes {
		if end != nil && !end.over {
			end.giveUp(link.ErrNotPeer)
			end.conn.hangUp(end)
			e.leaving = append(e.leaving, end)
		}
	}
}

// settle makes sure that the handler has heard of the end of a lane's former
// connection, which belonged to a peer that was dropped and named again.
func (e *Endpoint) settle(id cluster.MemberID, lane link.Lane) {
	for _, end := range e.leaving {
		if end.peer.ID == id && end.lane == lane {
			end.down(link.ErrNotPeer)
		}
	}
	e.leaving = slices.DeleteFunc(e.leaving, func(end *end) bool { return end.over })
}

func (e *Endpoint) peer(id cluster.MemberID) *peer {
	i, ok := slices.BinarySearchFunc(e.peers, id, func(p *peer, id cluster.MemberID) int { return p.ID.Compare(id) })
	if !ok {
		return nil
	}
	return e.peers[i]
}

// end returns the end that frames for a peer's lane are sent through, nil when it is down.
func (e *Endpoint) end(to cluster.MemberID, lane link.Lane) *end {
	p := e.peer(to)
	if e.gone || p == nil || lane >= link.Lanes || p.lanes[lane] == nil || !p.lanes[lane].up {
		return nil
	}
	return p.lanes[lane]
}

// Send implements link.Hub.
func (e *Endpoint) Send(to cluster.MemberID, lane link.Lane, frame []byte) bool {
	end := e.end(to, lane)
	if end == nil || end.shut || len(frame) > e.net.limits.Frames[lane] {
		return false
	}
	if end.isFull() {
		if lane == link.Control {
			end.giveUp(link.ErrOverflow)
			end.conn.tear(end.other)
		}
		return false
	}
	end.send(slices.Clone(frame))
	return true
}

// Room implements link.Hub.
func (e *Endpoint) Room(to cluster.MemberID, lane link.Lane) int {
	if end := e.end(to, lane); end != nil {
		return end.room()
	}
	return 0
}

// Close implements link.Hub: what was sent arrives, then the peers hear LaneDown.
func (e *Endpoint) Close() {
	if e.gone {
		return
	}
	asked := e.leave((*conn).hangUp)
	for _, end := range e.ups() {
		end.down(link.ErrClosed)
	}
	for _, q := range asked {
		e.net.close(q, link.Reply{Outcome: link.Silent, Err: link.ErrClosed})
	}
}

// ups are the ends whose handler has heard LaneUp and not LaneDown.
func (e *Endpoint) ups() []*end {
	var ups []*end
	for _, p := range e.peers {
		for _, end := range p.lanes {
			if end != nil && end.up {
				ups = append(ups, end)
			}
		}
	}
	for _, end := range e.leaving {
		if end.up {
			ups = append(ups, end)
		}
	}
	return ups
}

// leave takes the endpoint out of the network, ending its connections one way
// or the other. It returns the questions that will not be answered any more.
func (e *Endpoint) leave(end func(c *conn, mine *end)) (asked []*question) {
	e.gone, e.backlog = true, nil
	delete(e.net.endpoints, e.address)
	for _, c := range slices.Clone(e.net.conns) {
		for _, mine := range c.ends {
			if mine.owner == e {
				end(c, mine)
			}
		}
	}
	return e.net.forsake(e)
}

// A dialling is one attempt to connect a lane.
type dialling struct {
	peer  *peer
	hello link.Hello
	// over: answered, refused or given up; heard: the other side is dealing with it.
	over, heard bool
}

// dial tries to connect a lane, if this endpoint is the one to do it.
func (e *Endpoint) dial(p *peer, lane link.Lane) {
	if p.dropped || p.lanes[lane] != nil {
		return
	}
	hello := e.handler.Hello()
	if hello.From.Compare(p.ID) <= 0 {
		return
	}
	hello.To, hello.Lane = p.ID, lane
	n := e.net
	d := &dialling{peer: p, hello: hello}
	n.after(n.limits.Handshake, e, func() { e.fails(d, errReset) })
	e.knock(d)
	for _, wait := range []time.Duration{time.Second, 3 * time.Second} { // as TCP repeats it
		n.after(wait, e, func() { e.knock(d) })
	}
}

// knock sends what opens a connection; through a partition nothing is heard of it.
func (e *Endpoint) knock(d *dialling) {
	p, n := d.peer, e.net
	if d.over || d.heard || p.dropped || n.isBlocked(e.address, p.Address) {
		return
	}
	there := n.endpoints[p.Address]
	if there == nil {
		n.after(n.travel(e.address, p.Address)+n.travel(p.Address, e.address), e, func() { e.fails(d, errRefused) })
		return
	}
	n.after(n.travel(e.address, p.Address), there, func() { there.accept(e, d) })
}

// fails ends an attempt to connect without success.
func (e *Endpoint) fails(d *dialling, err error) {
	if d.over {
		return
	}
	d.over = true
	e.redial(d.peer, d.hello.Lane, err)
}

// redial tries again after a while that grows with every failure.
func (e *Endpoint) redial(p *peer, lane link.Lane, err error) {
	const first, last, lastNotYet = 5 * time.Millisecond, time.Second, 100 * time.Millisecond
	if p.dropped || e.gone {
		return
	}
	wait := last
	if p.failures[lane] < 8 {
		wait = min(first<<p.failures[lane], last)
	}
	if errors.Is(err, link.ErrNotMember) {
		wait = min(wait, lastNotYet)
	}
	p.failures[lane]++
	wait = wait/2 + time.Duration(e.net.rand.Int64N(int64(wait/2)+1))
	e.net.after(wait, e, func() { e.dial(p, lane) })
}

// accept decides about a connection that another endpoint dials.
func (e *Endpoint) accept(from *Endpoint, d *dialling) {
	n := e.net
	if d.over || from.gone || d.peer.dropped {
		return
	}
	if d.heard || n.isBlocked(e.address, from.address) {
		return // the dialling side hears nothing, and tries again or gives up in time
	}
	d.heard = true
	lane := d.hello.Lane
	p, err := e.welcome(&d.hello)
	if err != nil {
		n.after(n.travel(e.address, from.address), from, func() { from.fails(d, err) })
		return
	}
	if old := p.lanes[lane]; old != nil {
		old.down(link.ErrReplaced)
		old.conn.tear(old.other)
	}
	d.over = true
	c := n.connect(from, d.peer, e, p, lane)
	c.ends[0].put(n.travel(e.address, from.address), item{kind: itemUp})
	c.ends[1].goUp()
}

// welcome is the handshake of the side that is dialled.
func (e *Endpoint) welcome(hello *link.Hello) (*peer, error) {
	own := e.handler.Hello()
	if err := own.Fits(hello); err != nil {
		return nil, err
	}
	if !hello.To.IsZero() && hello.To != own.From {
		return nil, link.ErrOtherMember
	}
	if hello.From.Compare(own.From) <= 0 {
		return nil, link.ErrDirection
	}
	if err := e.handler.Accept(*hello); err != nil {
		return nil, err
	}
	p := e.peer(hello.From)
	if p == nil {
		return nil, link.ErrNotMember
	}
	return p, nil
}
