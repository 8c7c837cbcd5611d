package gateway

import (
	"slices"
	"strings"

	"github.com/filbertgrid/filbert/internal/metric"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Limits of what a client may have stored as its statistics.
const (
	maxAttributes = 64 << 10
	maxMetrics    = 256 << 10
)

// ping serves Client.ping.
func ping(_ *Session, _ wire.Message, r reply) error {
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientPingResponse(dst, correlation, &protocol.ClientPingResponse{})
	})
	return nil
}

// statistics serves Client.statistics: the last ones are kept for whoever looks.
func statistics(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientStatisticsRequest
	if err := protocol.DecodeClientStatisticsRequest(m, &q); err != nil {
		return err
	}
	s.mu.Lock()
	if len(q.ClientAttributes) <= maxAttributes && len(q.MetricsBlob) <= maxMetrics {
		s.mu.attributes = string(q.ClientAttributes)
		s.mu.metrics = slices.Clone(q.MetricsBlob)
	}
	s.mu.Unlock()
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientStatisticsResponse(dst, correlation, &protocol.ClientStatisticsResponse{})
	})
	return nil
}

// triggerAssignment serves Client.triggerPartitionAssignment: partitions are assigned before a member serves.
func triggerAssignment(_ *Session, _ wire.Message, r reply) error {
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientTriggerPartitionAssignmentResponse(dst, correlation,
			&protocol.ClientTriggerPartitionAssignmentResponse{})
	})
	return nil
}

// ClientInfo is one connected client as it described itself at authentication and in its last statistics.
type ClientInfo struct {
	UUID, Name, Type string
	Labels           []string
	Attributes       string
	Metrics          []byte
}

// Clients returns the clients that are connected to this member, each once.
func (g *Gateway) Clients() []ClientInfo {
	var clients []ClientInfo
	for _, s := range g.sessions() {
		if !s.authenticated.Load() {
			continue
		}
		c := ClientInfo{UUID: s.client.id.String(), Name: s.client.name, Type: s.client.kind}
		if s.client.labels != "" {
			c.Labels = strings.Split(s.client.labels, "\x00")
		}
		s.mu.Lock()
		c.Attributes, c.Metrics = s.mu.attributes, slices.Clone(s.mu.metrics)
		s.mu.Unlock()
		if !slices.ContainsFunc(clients, func(o ClientInfo) bool { return o.UUID == c.UUID }) {
			clients = append(clients, c)
		}
	}
	return clients
}

// Stats are the figures of the door since the member's start.
type Stats struct {
	// Connections are those of authenticated clients now; Accepted and Refused count connections.
	Connections       int
	Accepted, Refused uint64
	// Received and Sent are bytes from and to clients.
	Received, Sent uint64
	// DroppedEvents were not sent to other members that did not take them.
	DroppedEvents uint64
	// Operations has one entry for each message that was served at least once.
	Operations []OperationStats
}

// OperationStats are those of one message of the client protocol.
type OperationStats struct {
	// Name is as in "Map.put".
	Name    string
	Errors  uint64
	Latency metric.HistogramSnapshot
}

// Stats reads the figures.
func (g *Gateway) Stats() Stats {
	s := Stats{
		Connections: int(g.counters.authenticated.Load()), Accepted: g.counters.accepted.Load(),
		Refused: g.counters.refused.Load(), Received: g.counters.received.Load(), Sent: g.counters.sent.Load(),
		DroppedEvents: g.counters.droppedEvents.Load(),
	}
	for _, methods := range g.handlers {
		for _, h := range methods {
			if h == nil {
				continue
			}
			if o := (OperationStats{Name: h.info.Name, Errors: h.errors.Load(), Latency: h.latency.Snapshot()}); o.Latency.Count() > 0 {
				s.Operations = append(s.Operations, o)
			}
		}
	}
	return s
}
