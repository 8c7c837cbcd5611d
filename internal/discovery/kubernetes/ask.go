package kubernetes

import (
	"context"
	"fmt"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ask asks the API for the pods that are meant. The error is a *failure.
func (s *Source) ask(ctx context.Context) (a answer, err error) {
	err = s.client.again(ctx, func() error {
		a, err = s.askOnce(ctx)
		return err
	})
	return a, err
}

func (s *Source) askOnce(ctx context.Context) (answer, error) {
	sel := &s.o.Selection
	if sel.Service == "" && sel.ServiceLabels == "" {
		return s.askPods(ctx)
	}
	if s.o.Now().Before(s.noSlicesUntil) {
		return s.askEndpoints(ctx)
	}
	a, err := s.askSlices(ctx)
	if k := kindOf(err); k != forbidden && k != absent {
		return a, err
	}
	s.noSlicesUntil = s.o.Now().Add(rightsAgain)
	a, errEndpoints := s.askEndpoints(ctx)
	return a, errEndpoints
}

func (s *Source) askSlices(ctx context.Context) (answer, error) {
	selector := s.o.Selection.ServiceLabels
	if s.o.Selection.Service != "" {
		selector = discoveryv1.LabelServiceName + "=" + s.o.Selection.Service
	}
	a := answer{by: slicesResource().name}
	err := list(ctx, s.client, slicesResource(), "/apis/discovery.k8s.io/v1/namespaces/"+s.namespace()+"/endpointslices", selector,
		func(page *discoveryv1.EndpointSliceList) (metav1.TypeMeta, metav1.ListMeta) {
			for i := range page.Items {
				s.addSlice(&a, &page.Items[i])
			}
			return page.TypeMeta, page.ListMeta
		})
	return a, err
}

// addSlice takes what is not terminating. No word about readiness means ready
// (documentation of EndpointSlice, "conditions").
func (s *Source) addSlice(a *answer, slice *discoveryv1.EndpointSlice) {
	a.items++
	ports := make([]namedPort, 0, len(slice.Ports))
	for _, p := range slice.Ports {
		if p.Port != nil {
			ports = append(ports, namedPort{name: deref(p.Name), number: *p.Port, tcp: p.Protocol == nil || *p.Protocol == corev1.ProtocolTCP})
		}
	}
	port := s.port(a, ports)
	for i := range slice.Endpoints {
		e := &slice.Endpoints[i]
		if e.Conditions.Terminating != nil && *e.Conditions.Terminating {
			continue
		}
		for _, address := range e.Addresses {
			a.add(address, endpoint{
				port: port, ready: e.Conditions.Ready == nil || *e.Conditions.Ready,
				node: deref(e.NodeName), zone: deref(e.Zone),
			})
		}
	}
}

// askEndpoints asks for the older form of a Service's addresses. It does not
// tell which are terminating.
func (s *Source) askEndpoints(ctx context.Context) (answer, error) {
	a := answer{by: endpointsResource().name}
	path := "/api/v1/namespaces/" + s.namespace() + "/endpoints"
	if s.o.Selection.Service == "" {
		err := list(ctx, s.client, endpointsListResource(), path, s.o.Selection.ServiceLabels,
			func(page *corev1.EndpointsList) (metav1.TypeMeta, metav1.ListMeta) {
				for i := range page.Items {
					s.addEndpoints(&a, &page.Items[i])
				}
				return page.TypeMeta, page.ListMeta
			})
		return a, err
	}
	var one corev1.Endpoints //nolint:staticcheck // deprecated, and often all that a Role allows
	err := s.client.get(ctx, endpointsResource(), path+"/"+url.PathEscape(s.o.Selection.Service), nil, &one)
	switch {
	case kindOf(err) == absent:
		return a, nil // an answer: there is no such Service
	case err != nil:
		return a, err
	case one.Kind != "Endpoints":
		return a, &failure{kind: garbage, resource: endpointsResource(), detail: fmt.Errorf("an object of kind %q, not Endpoints", one.Kind)}
	}
	s.addEndpoints(&a, &one)
	return a, nil
}

func (s *Source) addEndpoints(a *answer, e *corev1.Endpoints) { //nolint:staticcheck // deprecated, and often all that a Role allows
	a.items++
	for i := range e.Subsets {
		subset := &e.Subsets[i]
		ports := make([]namedPort, 0, len(subset.Ports))
		for _, p := range subset.Ports {
			ports = append(ports, namedPort{name: p.Name, number: p.Port, tcp: p.Protocol == "" || p.Protocol == corev1.ProtocolTCP})
		}
		port := s.port(a, ports)
		for _, address := range subset.Addresses {
			a.add(address.IP, endpoint{port: port, ready: true, node: deref(address.NodeName)})
		}
		for _, address := range subset.NotReadyAddresses {
			a.add(address.IP, endpoint{port: port, node: deref(address.NodeName)})
		}
	}
}

func (s *Source) askPods(ctx context.Context) (answer, error) {
	a := answer{by: podsResource().name}
	err := list(ctx, s.client, podsResource(), "/api/v1/namespaces/"+s.namespace()+"/pods", s.o.Selection.PodLabels,
		func(page *corev1.PodList) (metav1.TypeMeta, metav1.ListMeta) {
			for i := range page.Items {
				s.addPod(&a, &page.Items[i])
			}
			return page.TypeMeta, page.ListMeta
		})
	return a, err
}

// addPod takes a pod that has an address and is neither terminating nor over.
// Of a pod with one container with one port that port is taken, as in Hazelcast.
func (s *Source) addPod(a *answer, pod *corev1.Pod) {
	a.items++
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	var ports []namedPort
	for i := range pod.Spec.Containers {
		for _, p := range pod.Spec.Containers[i].Ports {
			if len(pod.Spec.Containers) == 1 || p.Name == portName {
				ports = append(ports, namedPort{name: p.Name, number: p.ContainerPort, tcp: p.Protocol == "" || p.Protocol == corev1.ProtocolTCP})
			}
		}
	}
	// Sidecars and metrics have ports as well: several are no mistake here.
	port, _ := choosePort(ports, s.o.Selection.Port, s.o.Pod.Port)
	ready := false
	for _, c := range pod.Status.Conditions {
		ready = ready || c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}
	ips := pod.Status.PodIPs
	if len(ips) == 0 && pod.Status.PodIP != "" {
		ips = []corev1.PodIP{{IP: pod.Status.PodIP}}
	}
	for _, ip := range ips {
		a.add(ip.IP, endpoint{port: port, ready: ready, node: pod.Spec.NodeName})
	}
}

// port chooses among the ports that a Service offers.
func (s *Source) port(a *answer, ports []namedPort) uint16 {
	port, err := choosePort(ports, s.o.Selection.Port, s.o.Pod.Port)
	if err != nil {
		err = fmt.Errorf("%s in the namespace %s has %w", s.o.Selection.String(), s.o.Selection.Namespace, err)
	}
	a.trouble(err)
	return port
}

func (s *Source) namespace() string { return url.PathEscape(s.o.Selection.Namespace) }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
