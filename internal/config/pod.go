package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Pod is what the environment says of the pod that a member runs in: the
// variables of the tutorial's bootstrapper and of the downward API, those that
// Kubernetes sets itself, and the mounted service account.
type Pod struct {
	// Inside tells that the member runs in a pod: KUBERNETES_SERVICE_HOST is set,
	// and a service account is mounted or POD_NAMESPACE is set.
	Inside bool
	// Name of the pod: POD_NAME, else HOSTNAME, which Kubernetes sets to it.
	Name string
	// IP of the pod: POD_IP; "" if it is not set.
	IP string
	// Namespace of the pod: POD_NAMESPACE, else the service account's, else default.
	Namespace string
	// Node is NODE_NAME; "" if it is not set.
	Node string
	// Service is the one that members are found by without configuration:
	// HAZELCAST_SERVICE, else hazelcast.
	Service string
	// Domain of the cluster: DNS_DOMAIN; "" if it is not set.
	Domain string
	// Master is the address of the API: KUBERNETES_MASTER, else the one that
	// Kubernetes gives to every pod, else https://kubernetes.default.svc.
	Master string
	// ServiceAccount is the folder of token, ca.crt and namespace.
	ServiceAccount string
	// Links are the addresses that Kubernetes gave for the Services that were
	// there before the pod: NAME_SERVICE_HOST, NAME_SERVICE_PORT and
	// NAME_SERVICE_PORT_PORTNAME.
	Links map[string]string
}

// serviceAccount is where Kubernetes mounts it.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// maxNamespaceBytes is the longest name of a namespace.
const maxNamespaceBytes = 63

func defaultPod() Pod {
	return Pod{
		Namespace: "default", Service: "hazelcast", Master: "https://kubernetes.default.svc", ServiceAccount: serviceAccount,
	}
}

// pod reads what the environment says. Only inside of Kubernetes a file is
// looked at.
func (r *reader) pod(s Source, env map[string]string) {
	p := &r.config.Pod
	if s.ServiceAccount != "" {
		p.ServiceAccount = s.ServiceAccount
	}
	p.Name, p.Node = orElse(env["POD_NAME"], env["HOSTNAME"]), env["NODE_NAME"]
	host := env["KUBERNETES_SERVICE_HOST"]
	if host != "" {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		p.Master = "https://" + host + ":" + orElse(env["KUBERNETES_SERVICE_PORT_HTTPS"], env["KUBERNETES_SERVICE_PORT"], "443")
		mounted, exists := readNamespace(p.ServiceAccount)
		p.Inside = exists || env["POD_NAMESPACE"] != ""
		p.Namespace = orElse(mounted, p.Namespace)
	}
	for _, v := range []struct {
		name  string
		value value
	}{
		{"POD_NAMESPACE", asKubeName(&p.Namespace)},
		{"HAZELCAST_SERVICE", asKubeName(&p.Service)},
		{"DNS_DOMAIN", asDNSName(&p.Domain)},
		{"KUBERNETES_MASTER", asURL(&p.Master)},
		{"POD_IP", asIP(&p.IP)},
	} {
		r.setVariable(v.name, env[v.name], v.value)
	}
	p.Domain = strings.TrimSuffix(p.Domain, ".")
	if !p.Inside {
		return
	}
	p.Links = map[string]string{}
	for name, text := range env {
		if strings.HasSuffix(name, "_SERVICE_HOST") || strings.HasSuffix(name, "_SERVICE_PORT") || strings.Contains(name, "_SERVICE_PORT_") {
			p.Links[name] = text
		}
	}
}

// setVariable sets a value by a variable, if it is set.
func (r *reader) setVariable(name, text string, v value) {
	text = strings.TrimSpace(text)
	if text != "" && !v.set(text) {
		r.problem(Place{Variable: name}, "", ErrValue, "wrong value "+quote(text)+"; allowed: "+v.allowed())
	}
}

// asIP binds an IP address.
func asIP(field *string) value {
	return stringValue{field, func(s string) bool {
		_, err := netip.ParseAddr(s)
		return err == nil
	}, "an IP address"}
}

// readNamespace returns the namespace of a mounted service account, and whether there is one.
func readNamespace(dir string) (name string, exists bool) {
	f, err := os.Open(filepath.Join(dir, "namespace"))
	if err != nil {
		return "", !errors.Is(err, fs.ErrNotExist)
	}
	defer func() { _ = f.Close() }() // only read
	content := make([]byte, maxNamespaceBytes+1)
	n, err := f.Read(content)
	name = strings.TrimSpace(string(content[:n]))
	if err != nil || !asKubeName(new(string)).set(name) {
		return "", true
	}
	return name, true
}

// Link returns the address of a Service that was there before the pod, as its
// environment gives it; the host is "" if there is none. Of several ports it is the
// one named hazelcast, else the members' own, else the first.
func (p *Pod) Link(service string, own uint16) (host, port string) {
	name := strings.ToUpper(strings.ReplaceAll(service, "-", "_"))
	host, port = p.Links[name+"_SERVICE_HOST"], p.Links[name+"_SERVICE_PORT"]
	if named := p.Links[name+"_SERVICE_PORT_HAZELCAST"]; named != "" {
		return host, named
	}
	members := strconv.Itoa(int(own))
	for link, text := range p.Links { //nolint:maprange // whichever it is, the answer is the same
		if text == members && strings.HasPrefix(link, name+"_SERVICE_PORT_") {
			return host, members
		}
	}
	return host, port
}

func orElse(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}
