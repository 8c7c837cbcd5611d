// Package link joins members: four connections to each other member, one for
// each lane, so that a bulk transfer never stands before a heartbeat.
//
// This file is the contract between the core of a member, which is the same in
// production and in the simulator, and what carries its frames: Hub is called
// by the core, Handler by the carrier. The TCP carrier is in this package,
// package memlink has one for a single thread.
//
// A lane is an ordered stream of frames while its connection lives. A frame
// that was sent may be lost only together with everything after it on that
// lane: the handler then hears LaneDown, and LaneUp when a new connection has
// taken its place. Nothing is sent again by the carrier; whoever needs
// certainty asks for it in its own protocol (replica asks by position).
package link

import (
	"errors"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// Lane is one of the four connections of a pair.
type Lane uint8

// The lanes. Numbers are part of the member protocol.
const (
	// Control: heartbeats, lists, tables, documents.
	Control Lane = iota
	// Effects: effects one way, acknowledgements and positions the other.
	Effects
	// Forward: forwarded operations, their answers, events.
	Forward
	// Bulk: snapshots of partitions.
	Bulk
	// Lanes is the number of lanes.
	Lanes
)

// Outcome of Hub.Ask.
type Outcome uint8

// The outcomes of asking an address.
const (
	// Answered: a Filbert member answered; the answer is in Reply.Body.
	Answered Outcome = iota
	// Refused: nothing listens at that address: proof that no member lives there.
	Refused
	// Silent: connected or not, no answer came in time.
	Silent
	// Stranger: something answered that is not a member of this protocol or cluster name.
	Stranger
)

// Reply is what came of Hub.Ask.
type Reply struct {
	Outcome Outcome
	// Answerer is the answering member's id, when Answered.
	Answerer cluster.MemberID
	Body     []byte
	// Err says more about every outcome but Answered.
	Err error
}

// Errors of the links.
var (
	// ErrVersion is why a connection between members of incompatible protocol versions ends.
	ErrVersion = errors.New("link: incompatible member protocol version")
	// ErrClusterName is why a connection between members of different clusters ends.
	ErrClusterName = errors.New("link: different cluster name")
	// ErrPartitionCount is why members with different partition counts do not connect.
	ErrPartitionCount = errors.New("link: different partition count")
	// ErrNotMember is returned by Handler.Accept for a peer that is not in the member list (yet):
	// the dialling side tries again soon.
	ErrNotMember = errors.New("link: peer is not in the member list")
)

// Hello opens every connection between members.
type Hello struct {
	// MinVersion and MaxVersion are the member protocol versions the sender speaks.
	MinVersion, MaxVersion uint16
	ClusterName            string
	From                   cluster.MemberID
	// To is who the sender believes to reach; zero when it asks an address.
	To             cluster.MemberID
	Address        cluster.Address
	PartitionCount int32
	Build          string
	Lane           Lane
}

// Hub carries frames for one member. Its methods may be called from any
// goroutine and under a partition's lock; none waits for a peer.
type Hub interface {
	// SetPeers names the members to be connected to: connections to others are
	// closed, missing ones made. Of a pair the member with the greater id dials.
	// Idempotent; the slice is not kept.
	SetPeers(peers []Peer)
	// Send copies a frame into the lane's output buffer and returns true, or
	// false when the lane is down (the frame is dropped) or its buffer is full.
	// A full buffer of the control lane closes the connection. A buffer that is
	// not full takes a frame whole, however large, up to Limits.Frames.
	Send(to cluster.MemberID, lane Lane, frame []byte) bool
	// Room is how many bytes the lane's buffer still takes before it is full: 0
	// when it is down, at least 1 when it is up.
	Room(to cluster.MemberID, lane Lane) int
	// Ask opens a connection of its own to an address, sends one request and
	// calls done once, from any goroutine, at the latest after timeout.
	Ask(address cluster.Address, request []byte, timeout time.Duration, done func(Reply))
	// Close ends all connections, after writing what was sent; no method of
	// Handler is called after it returns. No method of Handler may call it.
	Close()
}

// Peer is a member to be connected to.
type Peer struct {
	ID      cluster.MemberID
	Address cluster.Address
	// Leaving: it ends soon, or has ended. That its connections do is no news, and when its address refuses one, it is not
	// dialled any more.
	Leaving bool
}

// Handler is called by a Hub. Calls for one lane of one peer come one at a
// time and in order; those for different lanes or peers at the same time.
type Handler interface {
	// Hello returns how this member introduces itself (Lane and To are filled in by the hub).
	Hello() Hello
	// Accept decides about an incoming lane whose Hello fits version, cluster name
	// and partition count. ErrNotMember means: not yet.
	Accept(peer Hello) error
	// Frame delivers a frame; it is valid during the call. An error closes the
	// lane's connection: the peer broke the protocol.
	Frame(from cluster.MemberID, lane Lane, frame []byte) error
	// Idle is called after Frame when no further frame of that lane is at hand:
	// the time to send what was gathered, such as acknowledgements.
	Idle(from cluster.MemberID, lane Lane)
	// LaneUp and LaneDown tell of connections. LaneDown comes before the LaneUp
	// of the connection's successor. Send may succeed from just before LaneUp is
	// called, and fails from just before LaneDown.
	LaneUp(peer cluster.MemberID, lane Lane)
	LaneDown(peer cluster.MemberID, lane Lane, err error)
	// Asked answers a request of Hub.Ask, valid during the call: reply is called
	// once, now or later, from any goroutine. The peer's Lane is AskLane.
	Asked(peer Hello, request []byte, reply func(body []byte))
}
