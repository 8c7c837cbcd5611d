package gateway

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Statuses of an authentication (AuthenticationStatus). All but authenticated end the client's attempt;
// notAllowed ends all its attempts, so it is never the answer to something that passes.
const (
	authenticated         = 0
	credentialsFailed     = 1 // a wrong cluster name, too
	serializationMismatch = 2
)

// serializationVersion is the version of the serialized form that all 5.x clients write.
const serializationVersion = 1

// Limits of what a client says about itself.
const (
	maxClientName = 1 << 10
	maxLabels     = 100
)

// credentials is what both forms of authentication have in common.
type credentials struct {
	correlation   int64
	status        byte
	serialization byte
	client        clientInfo
	custom        bool
}

// authenticate serves Client.authentication.
func authenticate(s *Session, m wire.Message, r reply) error {
	if s.postpone(m) {
		return nil
	}
	var q protocol.ClientAuthenticationRequest
	if err := protocol.DecodeClientAuthenticationRequest(m, &q); err != nil {
		return err
	}
	c := credentials{correlation: r.correlation, serialization: q.SerializationVersion, client: clientInfo{
		id: cluster.UUID(q.UUID), name: text(q.ClientName), kind: text(q.ClientType),
		version: text(q.ClientHazelcastVersion), labels: labels(q.Labels),
	}}
	if !equal(q.ClusterName, s.g.ClusterName) || !s.g.Credentials.AcceptsPassword(string(q.Username), string(q.Password), q.Username != nil) {
		c.status = credentialsFailed
	}
	s.admit(c, r)
	return nil
}

// authenticateCustom serves Client.authenticationCustom: tokens.
func authenticateCustom(s *Session, m wire.Message, r reply) error {
	if s.postpone(m) {
		return nil
	}
	var q protocol.ClientAuthenticationCustomRequest
	if err := protocol.DecodeClientAuthenticationCustomRequest(m, &q); err != nil {
		return err
	}
	c := credentials{correlation: r.correlation, serialization: q.SerializationVersion, custom: true, client: clientInfo{
		id: cluster.UUID(q.UUID), name: text(q.ClientName), kind: text(q.ClientType),
		version: text(q.ClientHazelcastVersion), labels: labels(q.Labels),
	}}
	if !equal(q.ClusterName, s.g.ClusterName) || !s.g.Credentials.AcceptsToken(q.Credentials) {
		c.status = credentialsFailed
	}
	s.admit(c, r)
	return nil
}

// equal compares in constant time.
func equal(given []byte, want string) bool {
	return subtle.ConstantTimeCompare(given, []byte(want)) == 1
}

func text(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxClientName)]), "\ufffd")
}

func labels(list [][]byte) string {
	var all []string
	for _, l := range list[:min(len(list), maxLabels)] {
		all = append(all, text(l))
	}
	return strings.Join(all, "\x00")
}

// postpone keeps an authentication that comes before this member has joined, or while it must not answer: until then it has nothing true
// to say about the cluster, and no status tells clients to wait.
func (s *Session) postpone(m wire.Message) bool {
	if s.g.Cluster.View().Joined && s.g.Cluster.LeaseValid() {
		return false
	}
	s.mu.Lock()
	s.mu.authentication = slices.Clone(m)
	s.mu.Unlock()
	if s.g.Cluster.View().Joined && s.g.Cluster.LeaseValid() {
		s.joined() // it has joined meanwhile, and may not have seen this session's message
	}
	return true
}

// joined takes up an authentication that was postponed.
func (s *Session) joined() {
	s.mu.Lock()
	m := s.mu.authentication
	s.mu.authentication = nil
	s.mu.Unlock()
	if m == nil {
		return
	}
	h := s.g.find(m.Type())
	r := reply{s: s, h: h, correlation: m.CorrelationID(), start: s.g.Clock()}
	if err := h.session(s, m, r); err != nil {
		r.fail(err)
	}
}

// errLeaving answers an authentication that came too late. Clients do not repeat a call on this connection after
// it, and try the next member at once; without an answer, one that is starting waits until its timeout.
var errLeaving = fmt.Errorf("%w: the member leaves the cluster", fault.ErrTargetDisconnected)

// errUnheard is the same for a member that cannot reach enough others to answer anything: those who can are there for its clients.
var errUnheard = fmt.Errorf("%w: the member has lost contact with its cluster", fault.ErrTargetDisconnected)

// leasePatience is how long an authentication waits for that: longer than it takes others to replace a coordinator that was killed.
const leasePatience = 2 * time.Second

// dismiss ends the session because the member ends.
func (s *Session) dismiss() { s.turnAway(errLeaving, true) }

// turnAway answers an authentication that was postponed with an error, and ends the session then, or in any case.
func (s *Session) turnAway(reason error, anyway bool) {
	s.mu.Lock()
	m := s.mu.authentication
	s.mu.authentication = nil
	s.mu.Unlock()
	if m != nil {
		s.fail(m.CorrelationID(), reason)
	}
	if m != nil || anyway {
		s.Close(errClosed)
	}
}

// admit answers an authentication.
func (s *Session) admit(c credentials, r reply) {
	v := s.g.Cluster.View()
	if v.Leaving {
		r.fail(errLeaving)
		s.Close(errClosed)
		return
	}
	if c.status == authenticated && c.serialization != serializationVersion {
		c.status = serializationMismatch
	}
	if c.status == authenticated {
		s.begin(c.client)
	} else {
		s.refuse(c)
	}
	a := s.authenticationAnswer(v, c.status)
	r.send(func(dst []byte, correlation int64) []byte {
		if c.custom {
			custom := protocol.ClientAuthenticationCustomResponse(*a)
			return protocol.AppendClientAuthenticationCustomResponse(dst, correlation, &custom)
		}
		return protocol.AppendClientAuthenticationResponse(dst, correlation, a)
	})
}

func (s *Session) refuse(c credentials) {
	if left, ok := s.g.rate.Allow("authentication"); ok {
		s.g.Logger.Warn("client authentication refused", slog.String("remote", s.Remote), slog.String("client", c.client.name),
			slog.Int("status", int(c.status)), slog.Int64("left_out", left))
	}
}

// begin makes the session a client's.
func (s *Session) begin(c clientInfo) {
	if s.authenticated.Load() {
		return // a second authentication changes nothing
	}
	if c.id.IsZero() {
		c.id = s.g.UUID()
	}
	s.mu.Lock()
	closed := s.mu.closed
	if !closed {
		s.client = c
		s.authenticated.Store(true)
	}
	s.mu.Unlock()
	if !closed {
		s.g.counters.authenticated.Add(1)
		s.g.presence.on(c.id)
	}
}

func (s *Session) authenticationAnswer(v *cluster.View, status byte) *protocol.ClientAuthenticationResponse {
	a := &protocol.ClientAuthenticationResponse{
		Status: status, SerializationVersion: serializationVersion, ServerHazelcastVersion: s.g.ServerVersion, PartitionCount: -1,
	}
	if status != authenticated {
		return a
	}
	if me := v.Me(); me != nil {
		address := addressOf(me)
		a.Address = &address
	}
	a.MemberUUID, a.ClusterID = protocol.UUID(s.g.Self), protocol.UUID(v.ClusterID)
	a.PartitionCount = s.g.Grid.Count()
	if v.List != nil {
		a.MemberListVersion, a.MemberInfos = v.List.Version, memberInfos(v.List)
	}
	if v.Table != nil {
		a.PartitionListVersion, a.Partitions = v.Table.Version, ownedPartitions(v)
	}
	return a
}
