package config

import (
	"math"
	"strings"
)

// networkTable binds the network element.
func networkTable(c *Config) element {
	n := &c.Network
	elements := endpointElements(&n.Endpoint)
	elements = append(
		elements,
		joinTable(&n.Join),
		failureDetector(),
		missing("rest-api", "only the health endpoints (/hazelcast/health) and the cluster version are served, always."),
		missing("memcache-protocol", "memcache clients are refused."),
		java("member-address-provider", "use public-address."),
	)
	return group("network", "One port for clients, members and health.", elements...)
}

// endpointElements binds what network and every endpoint of advanced-network
// have in common.
func endpointElements(e *Endpoint) []element {
	return []element{
		leaf("public-address", "What others are told instead of the address listened on; without a port, the port listened on.",
			asAddress(&e.PublicAddress)),
		groupScope("port", "The first port tried.", scope{
			text: "port",
			elements: []element{
				leaf("port", "The first port tried; 0 lets the system choose. In XML the text of the element port.",
					asInt(&e.Port, 0, 65535, "")),
				leaf("auto-increment", "Whether the next port is tried while one is in use.", asBool(&e.PortAutoIncrement)),
				leaf("port-count", "How many ports are tried.", asInt(&e.PortCount, 1, 65535, "ports")),
			},
		}),
		groupScope("interfaces", "The address to listen on: the first of this machine that fits a pattern.", scope{
			elements: []element{
				leaf("enabled", "Whether the patterns count.", asBool(&e.Interfaces.Enabled)),
				list("interfaces", "interface", "The patterns, in YAML.", asPatterns(&e.Interfaces.Patterns)),
				repeated("interface", "A pattern, in XML.", asPatterns(&e.Interfaces.Patterns)),
			},
		}),
		idle("reuse-address", "The port of a member that ended can always be taken again."),
		outboundPorts(),
		missing("ssl", "connections are NOT encrypted."),
		missing("symmetric-encryption", "connections are NOT encrypted."),
		java("socket-interceptor", "connections are not intercepted."),
		idle("tpc-socket", "Threads are not assigned by hand here."),
	}
}

func failureDetector() element {
	return group("failure-detector", "How silent members are found out.",
		missing("icmp", "members are watched by heartbeats only."))
}

// advancedNetworkTable binds the advanced-network element.
func advancedNetworkTable(c *Config) element {
	a := &c.AdvancedNetwork
	return group("advanced-network", "Ports of their own for members and for clients; then network must not be in the file.",
		leaf("enabled", "Whether it counts instead of network.", asBool(&a.Enabled)),
		joinTable(&a.Join),
		failureDetector(),
		java("member-address-provider", "use public-address."),
		idle("interfaces", "Each endpoint has its own."),
		endpointTable("member-server-socket-endpoint-config", "Where members listen for one another.", &a.Member, nil),
		endpointTable("client-server-socket-endpoint-config", "Where clients are served; without it they are not.", &a.Client, &a.HasClient),
		missing("rest-server-socket-endpoint-config", "health is served where members listen."),
		missing("memcache-server-socket-endpoint-config", "memcache clients are refused."),
		missing("wan-server-socket-endpoint-config", "nothing is replicated to other clusters."),
		missing("wan-endpoint-config", "nothing is replicated to other clusters."),
	)
}

func endpointTable(name, doc string, e *Endpoint, has *bool) element {
	elements := append([]element{
		leaf("name", "Names the endpoint in the log.", asString(&e.Name)),
		missing("socket-options", "the system's options are used."),
	}, endpointElements(e)...)
	return groupScope(name, doc, scope{elements: elements, done: func(*reader, *node) {
		if has != nil {
			*has = true
		}
	}})
}

// joinTable binds the join element.
func joinTable(j *Join) element {
	multicast := group("multicast", "nobody is found by multicast; members of this machine are found by their ports.",
		leaf("enabled", "Counts as auto-detection.", asBool(&j.Multicast.Enabled)),
		idle("multicast-group", "None is used."),
		idle("multicast-port", "None is used."),
		idle("multicast-timeout-seconds", "None is used."),
		idle("multicast-time-to-live", "None is used."),
		idle("multicast-time-to-live-seconds", "None is used."),
		idle("trusted-interfaces", "None is used."),
		idle("loopbackModeEnabled", "None is used."),
		idle("loopback-mode-enabled", "None is used."),
	)
	multicast.support = pending
	multicast.quiet = notSwitchedOn
	return group("join", "How members find one another; at most one way may be enabled.",
		autoDetectionTable(&j.AutoDetection),
		multicast,
		tcpIPTable(&j.TCPIP),
		kubernetesTable(&j.Kubernetes),
		switchedOn("aws"), switchedOn("gcp"), switchedOn("azure"), switchedOn("eureka"),
		discoveryStrategies(),
	)
}

// notSwitchedOn reports whether n is not written with enabled=true.
func notSwitchedOn(n *node) bool { return !strings.EqualFold(n.text("enabled"), "true") }

func switchedOn(name string) element {
	e := missing(name, "members are not found this way.")
	e.quiet = notSwitchedOn
	return e
}

func autoDetectionTable(a *AutoDetection) element {
	var rest map[string]string
	return element{
		name: "auto-detection", kind: kindChildren, properties: &rest,
		doc: "Used when no other way is enabled: inside a pod the pods of the Service hazelcast, elsewhere the ports of this machine.",
		open: func(string) scope {
			rest = map[string]string{}
			return scope{elements: []element{leaf("enabled", "Whether it is used.", asBool(&a.Enabled))}}
		},
	}
}

func tcpIPTable(t *TCPIP) element {
	return group("tcp-ip", "A static list of members.",
		leaf("enabled", "Whether the list is used.", asBool(&t.Enabled)),
		leaf("connection-timeout-seconds", "Limits one attempt to connect.", asSeconds(&t.ConnectionTimeout, 1, math.MaxInt32)),
		leaf("required-member", "Must be reached before this member serves.", asAddress(&t.RequiredMember)),
		list("member-list", "member", "The members.", asMembers(&t.Members)),
		repeated("member", "A member; may be repeated in XML.", asMembers(&t.Members)),
		repeated("members", "Members, separated by commas.", asMembers(&t.Members)),
		repeated("interface", "The same as member.", asMembers(&t.Members)),
	)
}

// discoveryStrategies is known; a strategy that is enabled cannot be loaded.
func discoveryStrategies() element {
	e := java("discovery-strategies", "members are not found this way; use kubernetes or tcp-ip.")
	e.quiet = func(n *node) bool { return !anyEnabled(n) }
	return e
}

// anyEnabled reports whether something below n is written with enabled=true.
func anyEnabled(n *node) bool {
	for _, c := range n.children {
		if sameName(c.name, "enabled") && strings.EqualFold(c.value, "true") || anyEnabled(c) {
			return true
		}
	}
	return false
}

// outboundPorts is known; 0 and * mean any port, which is what happens.
func outboundPorts() element {
	e := missing("outbound-ports", "connections to other members leave from any port.")
	e.quiet = func(n *node) bool {
		for _, c := range n.children {
			if c.value != "0" && c.value != "*" {
				return false
			}
		}
		return true
	}
	return e
}
