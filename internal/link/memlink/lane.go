package memlink

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
)

// A conn is one connection of a lane: ends[0] has dialled.
type conn struct {
	net    *Network
	ends   [2]*end
	broken bool
}

// An end is one side of a connection.
type end struct {
	conn  *conn
	other *end
	owner *Endpoint
	peer  *peer
	lane  link.Lane
	// up is true from LaneUp to LaneDown.
	up bool
	// shut: this side ends the connection; what arrives is not delivered.
	shut bool
	// inbox is what is on its way to this end, ordered by time.
	inbox []item
	// unread is how many bytes were sent to this end and have not arrived;
	// vanished ones count, since the sender cannot know.
	unread int
	// lost: something sent to this end has vanished, so all that follows does.
	lost bool
	// over: this end has gone down, or will never be up.
	over bool
}

// An item is what comes out of a lane.
type item struct {
	at    time.Duration
	kind  itemKind
	frame []byte
	err   error
	// local: an itemDown that this side has caused.
	local bool
}

type itemKind uint8

const (
	itemFrame itemKind = iota
	itemUp
	itemDown
)

// connect makes a connection whose ends are not up yet.
func (n *Network) connect(from *Endpoint, there *peer, to *Endpoint, here *peer, lane link.Lane) *conn {
	c := &conn{net: n}
	c.ends[0] = &end{conn: c, owner: from, peer: there, lane: lane}
	c.ends[1] = &end{conn: c, owner: to, peer: here, lane: lane}
	c.ends[0].other, c.ends[1].other = c.ends[1], c.ends[0]
	n.conns = append(n.conns, c)
	return c
}

// room is how many bytes the lane takes before it is full: 0 when this side has
// ended it, at least 1 otherwise.
func (d *end) room() int {
	if d.shut {
		return 0
	}
	return max(1, d.conn.net.limits.Buffers[d.lane]-d.other.unread)
}

// isFull reports whether the lane takes no further frame.
func (d *end) isFull() bool { return d.other.unread >= d.conn.net.limits.Buffers[d.lane] }

// send puts a frame on its way. On a broken connection it is lost, as this side
// will learn.
func (d *end) send(frame []byte) {
	d.other.unread += link.FrameHeader + len(frame)
	if d.conn.broken {
		return
	}
	d.other.put(d.conn.net.travelOn(d.lane, d.owner.address, d.other.owner.address), item{kind: itemFrame, frame: frame})
}

// put lets an item arrive after a while, but not before the one before it.
func (d *end) put(wait time.Duration, i item) {
	n := d.conn.net
	i.at = n.now() + wait
	if last := len(d.inbox) - 1; last >= 0 {
		i.at = max(i.at, d.inbox[last].at)
	}
	d.inbox = append(d.inbox, i)
	n.at(i.at, d.owner, d.take)
}

// take delivers what has arrived, and tells that no more is at hand.
func (d *end) take() {
	now := d.conn.net.now()
	gathered := false
	for len(d.inbox) > 0 && d.inbox[0].at <= now {
		i := d.inbox[0]
		if d.conn.net.holds && !i.local && d.isCutOff() {
			d.wait()
			break // mend goes on from here
		}
		d.inbox = d.inbox[1:]
		switch {
		case i.kind == itemFrame:
			gathered = d.deliver(i.frame) || gathered
		case !i.local && d.isCutOff():
			d.miss(i.kind)
			return
		case i.kind == itemUp:
			d.goUp()
		case i.kind == itemDown:
			d.down(i.err)
			return
		}
	}
	if gathered && d.up && !d.shut {
		d.owner.handler.Idle(d.peer.ID, d.lane)
	}
}

// wait makes sure that mend finds an end that something is held back from: it knows those of connections that are not broken.
func (d *end) wait() {
	n := d.conn.net
	if d.conn.broken && !slices.Contains(n.orphans, d) {
		n.orphans = append(n.orphans, d)
	}
}

// deliver gives a frame to the handler, unless it vanishes on the way.
func (d *end) deliver(frame []byte) bool {
	if d.isCutOff() {
		d.lost = true
	}
	if d.lost {
		return false
	}
	d.unread -= link.FrameHeader + len(frame)
	if !d.up || d.shut {
		return false
	}
	if err := d.owner.handler.Frame(d.peer.ID, d.lane, frame); err != nil {
		d.giveUp(err)
		d.conn.tear(d.other)
		return false
	}
	return true
}

// isCutOff reports whether a partition keeps everything from this end.
func (d *end) isCutOff() bool {
	return d.conn.net.isBlocked(d.other.owner.address, d.owner.address)
}

// miss is what happens when the news of the other end's being up or down
// vanishes: the one who waits for the former gives up, the latter is told by Heal.
func (d *end) miss(kind itemKind) {
	if kind == itemUp {
		d.conn.hangUp(d)
		d.down(errReset)
		return
	}
	d.conn.net.orphans = append(d.conn.net.orphans, d)
}

// giveUp lets this side's handler hear soon that the lane is down, and nothing else.
func (d *end) giveUp(err error) {
	d.shut = true
	d.inbox = nil
	d.put(0, item{kind: itemDown, err: err, local: true})
}

// goUp makes the end the one that frames are sent through. A peer that was
// dropped, or that has another end, does not want it any more.
func (d *end) goUp() {
	if d.over || d.peer.dropped || d.peer.lanes[d.lane] != nil {
		d.over = true
		d.conn.hangUp(d)
		return
	}
	d.owner.settle(d.peer.ID, d.lane)
	d.up = true
	d.peer.lanes[d.lane], d.peer.failures[d.lane] = d, 0
	d.owner.handler.LaneUp(d.peer.ID, d.lane)
}

// down tells the handler and, where this side has dialled, dials again.
func (d *end) down(err error) {
	if d.over {
		return
	}
	d.over, d.shut, d.inbox = true, true, nil
	if d.peer.lanes[d.lane] == d {
		d.peer.lanes[d.lane] = nil
	}
	if d.up {
		d.up = false
		d.owner.handler.LaneDown(d.peer.ID, d.lane, err)
	}
	if d == d.conn.ends[0] {
		d.owner.redial(d.peer, d.lane, err)
	}
}

// hangUp ends a connection from one side in good order: what this side has sent
// arrives before the other hears of it.
func (c *conn) hangUp(by *end) {
	c.breaks()
	c.tell(by.other, errClosed)
}

// tear breaks a connection for one end: of what is on its way to it, a suffix
// of random length is lost.
func (c *conn) tear(victim *end) {
	c.breaks()
	victim.cut()
	c.tell(victim, errReset)
}

// tell lets an end hear that the connection is broken, after everything else
// that is on its way to it.
func (c *conn) tell(d *end, err error) {
	if d.over || d.owner.gone {
		return
	}
	if d.isCutOff() {
		c.net.orphans = append(c.net.orphans, d)
		return
	}
	d.put(c.net.travel(d.other.owner.address, d.owner.address), item{kind: itemDown, err: err})
}

var (
	errClosed = fmt.Errorf("memlink: the peer closed the connection: %w", io.EOF)
	errReset  = errors.New("memlink: the connection is broken")
)

// cut loses a suffix of what is on its way, but not an end of it.
func (d *end) cut() {
	if len(d.inbox) == 0 || d.inbox[len(d.inbox)-1].kind == itemDown {
		return
	}
	keep := d.conn.net.rand.IntN(len(d.inbox) + 1)
	d.inbox = d.inbox[:keep]
}

// breaks takes the connection off the network's books.
func (c *conn) breaks() {
	if c.broken {
		return
	}
	c.broken = true
	c.net.conns = slices.DeleteFunc(c.net.conns, func(other *conn) bool { return other == c })
}
