package member

import (
	"log/slog"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// Node is the handler of its hub. Frames about partitions and operations are
// handled on the caller's goroutine; those about the cluster go to Step.
var _ link.Handler = (*Node)(nil)

// Hello implements link.Handler.
func (n *Node) Hello() link.Hello {
	spoken := n.version().Spoken()
	return link.Hello{
		MinVersion: spoken.Oldest.Protocol(), MaxVersion: spoken.Newest.Protocol(), ClusterName: n.o.Config.ClusterName,
		From: n.o.Self.ID, Address: n.o.Self.Address, PartitionCount: int32(n.o.Config.PartitionCount),
		Build: n.o.Config.ServerVersion,
	}
}

// Accept implements link.Handler: only members of the list are connected to.
func (n *Node) Accept(peer link.Hello) error {
	if v := n.View(); v.List == nil || v.List.Find(peer.From) < 0 {
		return link.ErrNotMember
	}
	return nil
}

// Frame implements link.Handler.
func (n *Node) Frame(from cluster.MemberID, lane link.Lane, frame []byte) error {
	switch lane {
	case link.Control:
		letter := slices.Clone(frame)
		n.post(func() { n.control(from, letter) })
		return nil
	case link.Effects, link.Bulk:
		return n.grid.Frame(from, frame)
	case link.Forward:
		return n.gateway.Frame(from, frame)
	case link.Lanes, link.AskLane:
	}
	return nil
}

func (n *Node) control(from cluster.MemberID, frame []byte) {
	handled, err := n.members.Frame(from, frame)
	if err == nil && !handled {
		err = n.moves.Frame(from, frame)
	}
	if err != nil {
		n.log("member").Error("a member sent a control frame that cannot be read",
			slog.String("from", from.String()), slog.String("error", err.Error()))
	}
}

// Idle implements link.Handler.
func (n *Node) Idle(from cluster.MemberID, lane link.Lane) {
	switch lane {
	case link.Effects, link.Bulk:
		n.grid.Idle(from)
	case link.Forward:
		n.gateway.Idle(from)
	case link.Control, link.Lanes, link.AskLane:
	}
}

// LaneUp implements link.Handler.
func (n *Node) LaneUp(peer cluster.MemberID, lane link.Lane) {
	switch lane {
	case link.Control:
		n.post(func() { n.members.LaneUp(peer) })
	case link.Effects, link.Bulk:
		n.grid.LaneUp(peer, lane)
	case link.Forward:
		n.gateway.LaneUp(peer, lane)
	case link.Lanes, link.AskLane:
	}
}

// LaneDown implements link.Handler.
func (n *Node) LaneDown(peer cluster.MemberID, lane link.Lane, _ error) {
	switch lane {
	case link.Control:
		n.post(func() { n.members.LaneDown(peer) })
	case link.Effects, link.Bulk:
		n.grid.LaneDown(peer, lane)
	case link.Forward:
		n.gateway.LaneDown(peer, lane)
	case link.Lanes, link.AskLane:
	}
}

// Asked implements link.Handler.
func (n *Node) Asked(_ link.Hello, request []byte, reply func(body []byte)) {
	question := slices.Clone(request)
	n.post(func() { n.members.Asked(question, reply) })
}
