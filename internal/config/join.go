package config

import "time"

// Join says how members find one another.
type Join struct {
	// AutoDetection is used when nothing else is enabled: inside Kubernetes its
	// API, elsewhere the ports 5701 upwards on the loopback.
	AutoDetection AutoDetection
	Multicast     Multicast
	TCPIP         TCPIP
	Kubernetes    Kubernetes
}

// AutoDetection is the auto-detection element.
type AutoDetection struct{ Enabled bool }

// Multicast is the multicast element. It is read so that a file which enables
// it is answered with a warning; nobody is found by it.
type Multicast struct{ Enabled bool }

// TCPIP is the tcp-ip element: a static list.
type TCPIP struct {
	Enabled bool
	// Members are host, host:port, or an address with a range or wildcard in
	// its parts; Config.ListedAddresses writes them out.
	Members []string
	// RequiredMember must be reached before this member joins or founds; "" for
	// none.
	RequiredMember string
	// ConnectionTimeout limits one attempt to connect to a listed address.
	ConnectionTimeout time.Duration
}

// JoinMethod is the way that Join comes down to.
type JoinMethod string

// The ways members are found.
const (
	// JoinTCPIP asks the addresses of a static list.
	JoinTCPIP JoinMethod = "tcp-ip"
	// JoinKubernetes asks the Kubernetes API, DNS or a Service.
	JoinKubernetes JoinMethod = "kubernetes"
	// JoinAuto asks Kubernetes when inside it and the local ports elsewhere.
	JoinAuto JoinMethod = "auto-detection"
	// JoinNone founds a cluster of one and looks for nobody.
	JoinNone JoinMethod = "none"
)

func defaultJoin() Join {
	return Join{
		AutoDetection: AutoDetection{Enabled: true},
		TCPIP:         TCPIP{ConnectionTimeout: 5 * time.Second},
		Kubernetes:    defaultKubernetes(),
	}
}

// Method returns the one way that is enabled. An explicit one beats
// auto-detection; multicast, which nobody is found by, counts as
// auto-detection so that members of one machine still meet.
func (j Join) Method() JoinMethod {
	switch {
	case j.TCPIP.Enabled:
		return JoinTCPIP
	case j.Kubernetes.Enabled:
		return JoinKubernetes
	case j.AutoDetection.Enabled, j.Multicast.Enabled:
		return JoinAuto
	}
	return JoinNone
}

// explicit returns the enabled ways other than auto-detection.
func (j Join) explicit() []string {
	var names []string
	if j.Multicast.Enabled {
		names = append(names, "multicast")
	}
	if j.TCPIP.Enabled {
		names = append(names, "tcp-ip")
	}
	if j.Kubernetes.Enabled {
		names = append(names, "kubernetes")
	}
	return names
}
