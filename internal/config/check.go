package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// checkNetworks refuses a file with both network and an enabled
// advanced-network, as Hazelcast does: it would not say which port counts.
func (r *reader) checkNetworks(root *node) {
	network := root.child("network")
	if network != nil && r.config.AdvancedNetwork.Enabled {
		r.problem(network.place, "network", ErrConflict, "and an enabled advanced-network exclude one another; allowed: one of them")
	}
}

// check checks what spans several settings, after all sources were read.
func (r *reader) check() {
	c := r.config
	where := Place{File: c.File}
	if enabled := c.Join().explicit(); len(enabled) > 1 {
		r.problem(where, "network/join", ErrConflict,
			strings.Join(enabled, " and ")+" are enabled; allowed: one of multicast, tcp-ip, kubernetes")
	}
	r.checkKubernetes(where)
	r.checkTimes()
	r.checkSecurity(where)
	r.checkPatterns(where)
	r.checkPartitionGroup(where)
	r.checkProtections(where)
	if a := c.AdvancedNetwork; a.Enabled && !a.HasClient {
		r.warn(where, "advanced-network", "has no client-server-socket-endpoint-config: no client is served")
	}
	for _, e := range []Endpoint{c.Network.Endpoint, c.AdvancedNetwork.Member, c.AdvancedNetwork.Client} {
		if last := e.Port + e.PortCount - 1; e.Port > 0 && e.PortAutoIncrement && last > 65535 {
			r.warn(where, "", fmt.Sprintf("port %d with port-count %d ends at 65535", e.Port, e.PortCount))
		}
	}
	if c.Limits.MaxUnauthenticatedMessageBytes > c.Limits.MaxMessageBytes {
		r.problem(r.set["filbert.limit.message.bytes"], "properties/filbert.limit.message.bytes", ErrConflict,
			"less than filbert.limit.unauthenticated.message.bytes; allowed: at least that")
	}
}

// checkTimes keeps heartbeats, the time without one and the time a write waits
// in their order. A time that was not set gives way to one that was.
func (r *reader) checkTimes() {
	c := r.config
	const (
		interval    = "hazelcast.heartbeat.interval.seconds"
		silence     = "hazelcast.max.no.heartbeat.seconds"
		acknowledge = "filbert.acknowledge.timeout.seconds"
	)
	if c.MaxNoHeartbeat < 2*c.HeartbeatInterval {
		switch {
		case !r.isSet(silence):
			c.MaxNoHeartbeat = 2 * c.HeartbeatInterval
			r.warn(r.set[interval], "properties/"+interval, "raises "+silence+" to "+seconds(c.MaxNoHeartbeat))
		case !r.isSet(interval):
			c.HeartbeatInterval = c.MaxNoHeartbeat / 2
		default:
			r.problem(r.set[silence], "properties/"+silence, ErrConflict,
				"less than twice "+interval+"; allowed: at least "+seconds(2*c.HeartbeatInterval))
		}
	}
	if c.AcknowledgeTimeout <= c.MaxNoHeartbeat {
		if !r.isSet(acknowledge) {
			c.AcknowledgeTimeout = c.MaxNoHeartbeat + 20*time.Second
			return
		}
		r.problem(r.set[acknowledge], "properties/"+acknowledge, ErrConflict,
			"not more than "+silence+"; allowed: more than "+seconds(c.MaxNoHeartbeat))
	}
}

func (r *reader) isSet(property string) bool {
	_, ok := r.config.Properties[property]
	return ok
}

func seconds(d time.Duration) string { return fmt.Sprintf("%d s", int64(d/time.Second)) }

// checkSecurity refuses names of realms that do not exist and says when nobody
// can enter.
func (r *reader) checkSecurity(where Place) {
	s := r.config.Security
	known := slices.Sorted(maps.Keys(s.Realms))
	for _, ref := range []struct{ element, realm string }{
		{"security/client-authentication", s.ClientRealm},
		{"security/member-authentication", s.MemberRealm},
	} {
		if _, ok := s.Realms[ref.realm]; ref.realm != "" && !ok {
			r.problem(where, ref.element, ErrConflict,
				"no realm "+quote(ref.realm)+"; allowed: "+orNothing(known))
		}
	}
	if s.ClientAuthentication().Method == AuthenticateNobody {
		r.warn(where, "security", "every client is refused: the authentication asked for cannot be performed")
	}
}

func orNothing(known []string) string {
	if len(known) == 0 {
		return "a realm that is configured"
	}
	return strings.Join(known, ", ")
}

// checkPatterns warns of two map patterns that fit some name equally well:
// such a map cannot be used.
func (r *reader) checkPatterns(where Place) {
	keys := slices.Sorted(maps.Keys(r.config.Maps))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.Contains(k, "*") })
	const enough = 500 // Pairs grow with the square; a hand-written file has a few.
	for i, a := range keys[:min(len(keys), enough)] {
		for _, b := range keys[i+1 : min(len(keys), enough)] {
			if overlap(a, b) {
				r.warn(where, "map", "patterns "+quote(a)+" and "+quote(b)+
					" fit some names equally well; a map of such a name cannot be used")
			}
		}
	}
}

// overlap reports whether some name matches a and b with equally many
// characters.
func overlap(a, b string) bool {
	a1, a2, _ := strings.Cut(a, "*")
	b1, b2, _ := strings.Cut(b, "*")
	if len(a1)+len(a2) != len(b1)+len(b2) {
		return false
	}
	first := strings.HasPrefix(a1, b1) || strings.HasPrefix(b1, a1)
	second := strings.HasSuffix(a2, b2) || strings.HasSuffix(b2, a2)
	return first && second
}
