package kubernetes

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// An endpoint is one address of a pod.
type endpoint struct {
	ip    netip.Addr
	port  uint16
	ready bool
	// node and zone where the answer says them.
	node, zone string
}

// An answer is what the API or DNS has shown of the pods that are meant.
type answer struct {
	// by is what was asked, in the words of a Role.
	by        string
	endpoints []endpoint
	// items counts the objects that the endpoints come from: none means that
	// there is no such Service.
	items    int
	problems []error
}

// add puts an address that the API wrote into the answer; what is none, such as
// the names of a Service outside of the cluster, is left out.
func (a *answer) add(address string, e endpoint) {
	ip, err := netip.ParseAddr(address)
	if err != nil || len(a.endpoints) >= discovery.MaxAddresses {
		return
	}
	e.ip = ip.Unmap()
	a.endpoints = append(a.endpoints, e)
}

// trouble notes a problem, each text once.
func (a *answer) trouble(err error) {
	if err == nil || slices.ContainsFunc(a.problems, func(p error) bool { return p.Error() == err.Error() }) {
		return
	}
	a.problems = append(a.problems, err)
}

// own returns the endpoint of a pod itself; if its port is not shown, one of its address.
func (a *answer) own(p Pod) (endpoint, bool) {
	i := slices.IndexFunc(a.endpoints, p.is)
	if i < 0 {
		i = slices.IndexFunc(a.endpoints, p.isAt)
	}
	if i < 0 {
		return endpoint{}, false
	}
	return a.endpoints[i], true
}

// isAt tells whether e is an address of the pod, at whatever port.
func (p *Pod) isAt(e endpoint) bool { return slices.Contains(p.Addresses, e.ip) }

// is tells whether e is where the pod listens.
func (p *Pod) is(e endpoint) bool { return e.port == p.Port && p.isAt(e) }

// settle makes addresses of endpoints. One's own is written as it is told to
// others. A pod with addresses of both families shows up with both: once one's own is
// shown, only its family counts, so that nobody is asked twice.
func settle(all []endpoint, pod Pod, readyOnly bool) discovery.Found {
	var found discovery.Found
	own := slices.IndexFunc(all, pod.is)
	othersReady := slices.ContainsFunc(all, func(e endpoint) bool { return e.ready && !pod.is(e) })
	for _, e := range all {
		switch {
		case pod.is(e):
			found.Addresses = append(found.Addresses, pod.Told)
			continue
		case own >= 0 && e.ip.Is4() != all[own].ip.Is4():
			continue
		case readyOnly && othersReady && !e.ready:
			continue
		}
		found.Addresses = append(found.Addresses, cluster.Address{Host: e.ip.String(), Port: e.port})
	}
	found.Addresses, found.SelfShown = discovery.Settle(found.Addresses, pod.Told)
	if own >= 0 {
		return found
	}
	if i := slices.IndexFunc(all, pod.isAt); i >= 0 {
		found.Problems = append(found.Problems, fmt.Errorf("this pod is shown with port %d and listens on %d: "+
			"the Service's targetPort, service-port and the member's port must agree", all[i].port, pod.Port))
	}
	return found
}

// unseenText says why a pod may be missing from an answer.
func unseenText(a answer, sel Selection) error {
	meant := sel.String()
	switch {
	case sel.PodLabels == "" && !sel.WholeNamespace && a.items == 0:
		return fmt.Errorf("there is no %s in the namespace %s, or it has no selector: create it, or name the right one "+
			"(service-name, or HAZELCAST_SERVICE); this member waits until it is shown", meant, sel.Namespace)
	case len(a.endpoints) == 0:
		return fmt.Errorf("%s in the namespace %s shows no pod: its selector must match the labels of the members' pods; "+
			"this member waits until it is shown", meant, sel.Namespace)
	case sel.WholeNamespace:
		return fmt.Errorf("the pods of the namespace %s do not include this one: set namespace or POD_NAMESPACE to the pod's own; "+
			"this member waits until it is shown", sel.Namespace)
	}
	return fmt.Errorf("%s in the namespace %s shows other pods and not this one: the selector must match this pod's labels too; "+
		"this member waits until it is shown", meant, sel.Namespace)
}

// String says which pods are meant, for logs.
func (s *Selection) String() string {
	switch {
	case s.DNS != "":
		return "DNS name " + s.DNS
	case s.Service != "":
		return "Service " + s.Service
	case s.ServiceLabels != "":
		return "Service with the labels " + s.ServiceLabels
	case s.PodLabels != "":
		return "Pod with the labels " + s.PodLabels
	}
	return "every pod"
}

// portName is what a port is called that members listen on.
const portName = "hazelcast"

// A namedPort is a port that an answer offers.
type namedPort struct {
	name   string
	number int32
	tcp    bool
}

// errPorts is said when nothing tells which of several ports is the members'.
var errPorts = errors.New("several ports and none is named " + portName)

// choosePort picks the members' port: fixed if it is set, the one named
// hazelcast, the only one, else own, with errPorts if there was a choice.
func choosePort(ports []namedPort, fixed, own uint16) (uint16, error) {
	if fixed != 0 {
		return fixed, nil
	}
	ports = slices.DeleteFunc(slices.Clone(ports), func(p namedPort) bool { return !p.tcp || p.number < 1 || p.number > 65535 })
	if i := slices.IndexFunc(ports, func(p namedPort) bool { return p.name == portName }); i >= 0 {
		return uint16(ports[i].number), nil
	}
	switch len(ports) {
	case 0:
		return own, nil
	case 1:
		return uint16(ports[0].number), nil
	}
	return own, fmt.Errorf("%w: taking %d, this member's own; name the members' port %s, or set service-port", errPorts, own, portName)
}

func itoa(n int) string { return strconv.Itoa(n) }
