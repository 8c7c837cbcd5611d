package kubernetes

import (
	"context"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// topologyTimeout limits what a start may spend on knowing its zone: placement is
// better with it, and a start must not wait for it.
const topologyTimeout = 500 * time.Millisecond

// Topology is where a pod runs.
type Topology struct {
	// Node and Zone by name; "" where they are not known.
	Node, Zone string
}

// topology is what is known, and whether it was asked for.
type topology struct {
	Topology
	asked bool
}

// Topology returns what the looks so far have learned; nothing is asked.
func (s *Source) Topology() Topology {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.topology.Topology
}

// learnTopology takes node and zone from an answer that shows this pod: a
// slice says both. What is missing then is asked for, once and within
// topologyTimeout: the pod for its node, the node for its zone. A Role that
// does not allow it costs nothing but the zone.
func (s *Source) learnTopology(ctx context.Context, a answer) {
	known := &s.topology
	if own, ok := a.own(s.o.Pod); ok {
		known.Node, known.Zone = first(own.node, known.Node), first(own.zone, known.Zone)
	}
	if known.asked || known.Node != "" && known.Zone != "" {
		return
	}
	known.asked = true
	ctx, cancel := context.WithTimeout(ctx, topologyTimeout)
	defer cancel()
	if known.Node == "" && s.o.Pod.Name != "" {
		var pod corev1.Pod
		if s.client.get(ctx, podResource(), "/api/v1/namespaces/"+s.namespace()+"/pods/"+url.PathEscape(s.o.Pod.Name), nil, &pod) == nil {
			known.Node = pod.Spec.NodeName
		}
	}
	if known.Node == "" {
		return
	}
	var node corev1.Node
	if s.client.get(ctx, nodeResource(), "/api/v1/nodes/"+url.PathEscape(known.Node), nil, &node) == nil {
		known.Zone = first(node.Labels[corev1.LabelTopologyZone], node.Labels[corev1.LabelFailureDomainBetaZone], known.Zone)
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
