package gateway

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// sentViews is what a session has been told of the cluster. Guarded by the session's lock.
type sentViews struct {
	wanted      bool
	correlation int64
	list, table int32
}

// memberInfos is the member list as clients see it.
func memberInfos(list *cluster.List) []protocol.MemberInfo {
	if list == nil {
		return nil
	}
	infos := make([]protocol.MemberInfo, len(list.Members))
	for i := range list.Members {
		m := &list.Members[i]
		infos[i] = protocol.MemberInfo{
			Address: addressOf(m), UUID: protocol.UUID(m.ID), LiteMember: m.Lite,
			Version: protocol.MemberVersion{Major: m.Build[0], Minor: m.Build[1], Patch: m.Build[2]},
		}
		for _, a := range m.Attributes {
			infos[i].Attributes = append(infos[i].Attributes, protocol.Pair[string, string]{Key: a.Key, Value: a.Value})
		}
	}
	return infos
}

// addressOf is where clients reach a member.
func addressOf(m *cluster.Member) protocol.Address {
	a := m.Client
	if a.IsZero() {
		a = m.Address
	}
	return protocol.Address{Host: a.Host, Port: int32(a.Port)}
}

// ownedPartitions is the partition table as clients see it: only primaries, and only partitions that have one.
func ownedPartitions(v *cluster.View) []protocol.Pair[protocol.UUID, []int32] {
	if v.Table == nil {
		return nil
	}
	var owned []protocol.Pair[protocol.UUID, []int32]
	for id := range v.Table.Partitions {
		owner := protocol.UUID(v.Table.Partitions[id].Primary())
		if owner.IsNull() {
			continue
		}
		i := slices.IndexFunc(owned, func(p protocol.Pair[protocol.UUID, []int32]) bool { return p.Key == owner })
		if i < 0 {
			i = len(owned)
			owned = append(owned, protocol.Pair[protocol.UUID, []int32]{Key: owner})
		}
		owned[i].Value = append(owned[i].Value, int32(id))
	}
	return owned
}

// addViewListener serves Client.addClusterViewListener: members and partitions at once, then every change.
func addViewListener(s *Session, _ wire.Message, r reply) error {
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientAddClusterViewListenerResponse(dst, correlation, &protocol.ClientAddClusterViewListenerResponse{})
	})
	s.mu.Lock()
	s.mu.views = sentViews{wanted: true, correlation: r.correlation, list: -1, table: -1}
	s.mu.Unlock()
	s.pushView(newViewMessages(s.g.Cluster.View()))
	return nil
}

// viewMessages are the events about one view, without a correlation id, made when first needed.
type viewMessages struct {
	v              *cluster.View
	members, parts []byte
}

func newViewMessages(v *cluster.View) *viewMessages { return &viewMessages{v: v} }

func (m *viewMessages) membersView() []byte {
	if m.members == nil {
		e := protocol.ClientAddClusterViewListenerMembersViewEvent{Version: m.v.List.Version, MemberInfos: memberInfos(m.v.List)}
		m.members = protocol.AppendClientAddClusterViewListenerMembersViewEvent(nil, 0, &e)
	}
	return m.members
}

func (m *viewMessages) partitionsView() []byte {
	if m.parts == nil {
		e := protocol.ClientAddClusterViewListenerPartitionsViewEvent{Version: m.v.Table.Version, Partitions: ownedPartitions(m.v)}
		m.parts = protocol.AppendClientAddClusterViewListenerPartitionsViewEvent(nil, 0, &e)
	}
	return m.parts
}

// pushView tells the session what it does not know. Versions only rise: a call that comes late says nothing.
func (s *Session) pushView(m *viewMessages) {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := &s.mu.views
	if !views.wanted {
		return
	}
	if m.v.List != nil && m.v.List.Version > views.list {
		views.list = m.v.List.Version
		s.append(m.membersView(), views.correlation)
	}
	if m.v.Table != nil && m.v.Table.Version > views.table {
		views.table = m.v.Table.Version
		s.append(m.partitionsView(), views.correlation)
	}
}

// ViewChanged tells the gateway that the member's view is a new one. It is called by one goroutine at a
// time, after Cluster.View returns the new one.
func (g *Gateway) ViewChanged(old, now *cluster.View) {
	if old != nil && old.Joined && (!now.Joined || old.ClusterID != now.ClusterID) {
		for _, s := range g.sessions() {
			s.Close(errNewLife)
		}
	}
	g.disown(old, now)
	if now.List != nil {
		left := func(id cluster.MemberID) bool { return now.List.Find(id) < 0 }
		g.peers.retain(now.List)
		g.presence.without(left)
		if old != nil && old.List != nil && slices.ContainsFunc(old.List.Members, func(m cluster.Member) bool { return left(m.ID) }) {
			g.presence.doubt()
		}
		g.forward.lost(left)
	}
	messages := newViewMessages(now)
	for _, s := range g.sessions() {
		s.pushView(messages)
	}
	if old != nil && old.Document != now.Document {
		g.objectsChanged(old.Document, now.Document)
	}
	if now.Joined && (old == nil || !old.Joined) {
		for _, s := range g.sessions() {
			s.joined()
		}
	}
	g.forward.retry()
}
