package member

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/gateway"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/wire"
)

// newNode begins a life of this member, with an id of its own.
func (m *Member) newNode(ctx context.Context) {
	source := m.discovery()
	id := randomUUID()
	self := cluster.Member{
		ID: id, Address: m.ports.self, Client: m.ports.clients, Lite: m.o.Config.LiteMember,
		Build: buildOf(m.o.Config.ServerVersion), Attributes: m.attributes(),
	}
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails
	n := NewNode(NodeOptions{
		Config: &m.o.Config, Self: self,
		NewHub: func(h link.Handler) link.Hub {
			buffer := m.o.Config.Limits.MaxLinkBufferBytes
			return link.NewHub(ctx, link.Options{
				Handler: h, Logger: m.o.Logger.With(slog.String("component", "link")),
				Limits: link.Limits{Buffers: [link.Lanes]int{link.Effects: buffer, link.Forward: buffer}},
			})
		},
		Clock: m.clock, Wall: m.wall,
		UUID: randomUUID, Seed: binary.LittleEndian.Uint64(seed[:]),
		Look: func(done func(discovery.Found, error)) {
			go func() {
				found, err := m.look(ctx, source)
				if m.pods != nil { // a look tells where this pod runs, and it must be known before it joins
					m.node.Load().describeSelf(m.attributes())
				}
				done(found, err)
			}()
		},
		Run: m.run,
		Wake: func() {
			select {
			case m.wake <- struct{}{}:
			default:
			}
		},
		Stash: &m.stash, Arena: m.arena,
		Ended: func(e End) {
			select {
			case m.ended <- e:
			default:
			}
		},
		Logger: m.o.Logger,
	})
	m.node.Store(n)
}

func randomUUID() cluster.UUID {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return cluster.NewUUID(b)
}

// buildOf reads a version such as 5.5.0; what is not a number counts as 0.
func buildOf(version string) (build [3]byte) {
	for i, part := range strings.SplitN(version, ".", 3) {
		if n, err := strconv.ParseUint(part, 10, 8); err == nil {
			build[i] = byte(n)
		}
	}
	return build
}

func attributes(m map[string]string) []cluster.Attribute {
	out := make([]cluster.Attribute, 0, len(m))
	for k, v := range m { //nolint:maprange // sorted below
		out = append(out, cluster.Attribute{Key: k, Value: v})
	}
	slices.SortFunc(out, byKey)
	return out
}

func byKey(a, b cluster.Attribute) int { return strings.Compare(a.Key, b.Key) }

func (n *Node) newGateway() *gateway.Gateway {
	c := n.o.Config
	return gateway.New(gateway.Options{
		Self: n.o.Self.ID, ClusterName: c.ClusterName,
		Credentials: c.Security.ClientAuthentication(), Config: func() string { return describe(c) },
		ServerVersion: c.ServerVersion, Cluster: n, Grid: n.grid, Maps: n.maps, Events: n.events, Hub: n.hub, Protections: n.guards,
		Clock: n.o.Clock, UUID: n.o.UUID, Run: n.o.Run, Logger: n.log("gateway"),
		Limits: gateway.Limits{
			MaxSessions: c.Limits.MaxClientConnections, MaxOutputBytes: c.Limits.MaxSessionBufferBytes,
			MaxOutputTotal: c.Limits.MaxSessionsBufferBytes, ListingBytes: c.Limits.ListingBytes,
			MaxNameBytes: c.Limits.MaxNameBytes,
			Before:       wire.Limits{MaxMessage: c.Limits.MaxUnauthenticatedMessageBytes},
			After:        wire.Limits{MaxMessage: c.Limits.MaxMessageBytes},
			CallTimeout:  c.OperationCallTimeout, HeartbeatTimeout: c.ClientHeartbeatTimeout,
		},
	})
}

// sameMembers tells whether two lists have the same members, whatever else is different.
func sameMembers(a, b *cluster.List) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.Members, b.Members, func(x, y cluster.Member) bool { return x.ID == y.ID })
}

// logMembers writes the member list as Hazelcast does; scripts and people
// look for it.
func (n *Node) logMembers(v *cluster.View, cause string) {
	var b strings.Builder
	fmt.Fprintf(&b, "Members {size:%d, ver:%d} [\n", len(v.List.Members), v.List.Version)
	for i := range v.List.Members {
		m := &v.List.Members[i]
		fmt.Fprintf(&b, "\tMember %s - %s", m.Address, m.ID)
		if m.ID == v.Self {
			b.WriteString(" this")
		}
		if m.Lite {
			b.WriteString(" lite")
		}
		b.WriteByte('\n')
	}
	b.WriteString("]")
	n.log("membership").Info("members changed", slog.String("cause", cause), slog.String("block", b.String()))
}
