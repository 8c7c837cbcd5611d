package member

import (
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/gateway"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/membership"
	"github.com/filbertgrid/filbert/internal/migration"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/replica"
)

// membersOutside is what membership may do to its node.
type membersOutside Node

var _ membership.Outside = (*membersOutside)(nil)

func (m *membersOutside) Send(to cluster.MemberID, frame []byte) bool {
	return m.hub.Send(to, link.Control, frame)
}

func (m *membersOutside) Ask(address cluster.Address, request []byte, timeout time.Duration, token uint64) {
	n := (*Node)(m)
	n.hub.Ask(address, request, timeout, func(r link.Reply) {
		n.post(func() {
			n.noteStranger(address, r)
			n.members.Replied(token, r)
		})
	})
}

func (m *membersOutside) Look() {
	n := (*Node)(m)
	n.o.Look(func(found discovery.Found, err error) {
		n.post(func() { n.members.Looked(found, err) })
	})
}

func (m *membersOutside) Connect(peers []link.Peer) { m.hub.SetPeers(peers) }

func (m *membersOutside) SetClusterTime(ms int64) { m.time.set(m.o.Wall(), ms) }

// Installed brings a new view into effect: first for those who ask where
// things are, then in the partitions, then for clients.
func (m *membersOutside) Installed(view *cluster.View, cause string) {
	n := (*Node)(m)
	old := n.view.Load()
	if n.noteEra(old.List, view.List) {
		n.grid.BeginEra()
	}
	n.view.Store(view)
	if old.Joined && old.ClusterID == view.ClusterID && old.Version() != view.Version() {
		n.raises.Add(1)
	}
	n.guard(old, view)
	n.moves.Update(view.List, view.Table, n.members.Coordinating())
	if old.Table != view.Table && view.Table != nil {
		n.grid.Install(view.Table)
	}
	if !sameMembers(old.List, view.List) {
		n.logMembers(view, cause)
	}
	if old.Document != view.Document && view.Document != nil {
		n.compareConfigs(old.Document, view.Document)
	}
	n.gateway.ViewChanged(old, view)
}

func (m *membersOutside) Changed(token uint64, err error) {
	if done := m.changes[token]; done != nil {
		delete(m.changes, token)
		done(err)
	}
}

func (m *membersOutside) Left() { m.o.Ended(Left) }

// Removed keeps what this member held: should the cluster have lost a partition with it, it gets it back.
func (m *membersOutside) Removed(mine, other *cluster.List) {
	if other != nil {
		(*Node)(m).carry(mine, other, lossGrace)
	}
	m.o.Ended(Removed)
}

func (m *membersOutside) Merging(mine, other *cluster.List) {
	(*Node)(m).carry(mine, other, 0)
	m.o.Ended(Merging)
}

// Change asks for a change of the cluster document; done is called once.
func (n *Node) Change(c gateway.Change, done func(error)) {
	change := membership.Change{
		Kind:   membership.ChangeKind(c.Kind),
		Object: cluster.ObjectEntry{Object: c.Object},
		Schema: c.Schema,
	}
	n.post(func() {
		if change.Kind == membership.AddObject {
			change.Object.Config = n.structureConfig(c.Object)
		}
		n.change(change, done)
	})
}

// change asks for a change in Step.
func (n *Node) change(change membership.Change, done func(error)) {
	n.lastToken++
	n.changes[n.lastToken] = done
	n.members.Change(n.lastToken, change)
}

// movesOutside is what migration may do to its node.
type movesOutside Node

var _ migration.Outside = (*movesOutside)(nil)

func (m *movesOutside) Send(to cluster.MemberID, frame []byte) bool {
	return m.hub.Send(to, link.Control, frame)
}

func (m *movesOutside) Publish(table *cluster.Table, cause string) {
	m.members.PublishTable(table, cause)
}

func (m *movesOutside) TellLevel(id partition.ID, epoch uint64) { m.grid.TellLevel(id, epoch) }

func (m *movesOutside) HandOver(id partition.ID, epoch uint64, to cluster.MemberID) {
	m.grid.HandOver(id, epoch, to)
}

func (m *movesOutside) Fence(id partition.ID, epoch uint64) (replica.Position, bool) {
	return m.grid.Fence(id, epoch)
}

func (m *movesOutside) Lost(ids []partition.ID) {
	for _, id := range ids {
		m.gateway.PartitionLost(int32(id), backups(m.o.Config))
	}
}

func (m *movesOutside) Migrated(id partition.ID, index int, from, to cluster.MemberID) {
	(*Node)(m).migrated(id, index, from, to)
}
