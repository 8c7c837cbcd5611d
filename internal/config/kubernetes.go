package config

import (
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Kubernetes is the kubernetes element: the properties of Hazelcast's Kubernetes
// plugin by their names there. With auto-detection inside a pod all but Enabled
// count as well.
type Kubernetes struct {
	Enabled bool
	// Namespace that is looked in; "" for the pod's own.
	Namespace string
	// At most one of ServiceName, ServiceLabelName, PodLabelName and ServiceDNS
	// is set. With none of them an enabled element means every pod of the
	// namespace, as in Hazelcast, and auto-detection the Service of Pod.Service.
	ServiceName string
	// Names and values of labels are lists of the same length, separated by commas.
	ServiceLabelName, ServiceLabelValue string
	PodLabelName, PodLabelValue         string
	// ServiceDNS is a name that resolves to the members, within ServiceDNSTimeout.
	ServiceDNS        string
	ServiceDNSTimeout time.Duration
	// ServicePort is the members' port; 0 for what the Service says.
	ServicePort int
	// ResolveNotReady asks addresses of pods that are not ready, too.
	ResolveNotReady bool
	// Master is the address of the API; "" for the pod's own cluster's.
	Master string
	// APIToken and CACertificate (PEM) instead of those mounted into the pod; "" for those.
	APIToken, CACertificate string
	// APIRetries is how often a request is repeated within a look.
	APIRetries int
}

func defaultKubernetes() Kubernetes {
	return Kubernetes{
		ServiceLabelValue: "true", ServiceDNSTimeout: 5 * time.Second, ResolveNotReady: true, APIRetries: 3,
	}
}

// ServiceSelector is the label selector of service-label-name; "" when not set.
func (k *Kubernetes) ServiceSelector() string {
	return selector(k.ServiceLabelName, k.ServiceLabelValue)
}

// PodSelector is the label selector of pod-label-name; "" when not set.
func (k *Kubernetes) PodSelector() string { return selector(k.PodLabelName, k.PodLabelValue) }

func selector(names, values string) string {
	if names == "" {
		return ""
	}
	byPlace := strings.Split(values, ",")
	var terms []string
	for i, name := range strings.Split(names, ",") {
		term := strings.TrimSpace(name)
		if i < len(byPlace) && values != "" { // without a value: whatever it is
			term += "=" + strings.TrimSpace(byPlace[i])
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, ",")
}

// kubernetesTable binds the kubernetes element, whose children are the
// properties of Hazelcast's Kubernetes plugin.
func kubernetesTable(k *Kubernetes) element {
	external := func(name string) element {
		e := missing(name, "clients are told public-address, or else the pod's own address.")
		e.quiet = func(n *node) bool { return n.value == "" || strings.EqualFold(n.value, "false") }
		return e
	}
	return group("kubernetes", "The pods of a Service, of labels, or of a namespace; one of service-dns, service-name, service-label-name and pod-label-name may be set.",
		leaf("enabled", "Whether Kubernetes is asked. With none of the four above it means every pod of the namespace.", asBool(&k.Enabled)),
		leaf("namespace", "Where to look; the pod's own namespace when empty.", asKubeName(&k.Namespace)),
		leaf("service-name", "The Service whose pods are members.", asKubeName(&k.ServiceName)),
		leaf("service-label-name", "Labels of the Services whose pods are members.", asLabels(&k.ServiceLabelName)),
		leaf("service-label-value", "Their values, as many.", asLabels(&k.ServiceLabelValue)),
		leaf("pod-label-name", "Labels of the pods that are members.", asLabels(&k.PodLabelName)),
		leaf("pod-label-value", "Their values, as many; any value when empty.", asLabels(&k.PodLabelValue)),
		leaf("resolve-not-ready-addresses", "Whether pods that are not ready are asked, too. When false, they are asked only while none is ready.",
			asBool(&k.ResolveNotReady)),
		leaf("service-dns", "A name that DNS resolves to the members, usually of a headless Service; the API is not asked then.", asDNSName(&k.ServiceDNS)),
		leaf("service-dns-timeout", "Limits a look-up of that name.", asSeconds(&k.ServiceDNSTimeout, 1, 3600)),
		leaf("service-port", "The port of the members; 0 for what the Service says.", asInt(&k.ServicePort, 0, 65535, "")),
		leaf("kubernetes-master", "The address of the API; that of the pod's cluster when empty. No token is sent to an http address.", asURL(&k.Master)),
		leaf("api-token", "The token for the API; the one mounted into the pod when empty.", asSecret(&k.APIToken)),
		leaf("ca-certificate", "The certificate that the API's is verified against; the one mounted into the pod when empty.", asCertificate(&k.CACertificate)),
		leaf("kubernetes-api-retries", "How often a failed request is repeated at once; after that it is repeated with pauses, for ever.",
			asInt(&k.APIRetries, 0, 100, "")),
		external("expose-externally"),
		external("use-node-name-as-external-address"),
		external("service-per-pod-label-name"),
		external("service-per-pod-label-value"),
		idle("use-public-ip", "Members tell their public-address."),
	)
}

// Lengths of names in Kubernetes and DNS, in bytes.
const (
	maxLabelBytes    = 63
	maxLabelKeyBytes = 253 + 1 + 63 // a prefix, which is a name of DNS, a slash, a name
)

// isName tells whether s has 1 to longest bytes, all letters, digits or of more.
// It is no regular expression, since all of the table is made at every start.
func isName(s string, longest int, more string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= longest
}

// asKubeName binds the name of an object or namespace of Kubernetes, or nothing.
func asKubeName(field *string) value {
	return stringValue{field, func(s string) bool {
		return s == "" || isName(s, maxLabelBytes, "-") && strings.ToLower(s) == s && s[0] != '-' && s[len(s)-1] != '-'
	}, "a name of Kubernetes (1 to 63 of a-z, 0-9 and -), or nothing"}
}

// asLabels binds names or values of labels, separated by commas, or nothing.
func asLabels(field *string) value {
	return stringValue{field, func(s string) bool {
		parts := strings.Split(s, ",")
		return len(parts) <= maxListItems && !slices.ContainsFunc(parts, func(p string) bool {
			p = strings.TrimSpace(p)
			return p != "" && !isName(p, maxLabelKeyBytes, "._/-")
		})
	}, "labels of Kubernetes, separated by commas, or nothing"}
}

// asDNSName binds a name of DNS, or nothing.
func asDNSName(field *string) value {
	return stringValue{field, func(s string) bool {
		parts := strings.Split(strings.TrimSuffix(s, "."), ".")
		return s == "" || len(s) <= maxHostBytes+1 &&
			!slices.ContainsFunc(parts, func(p string) bool { return !isName(p, maxLabelBytes, "-_") || p[0] == '-' })
	}, "a name of DNS, or nothing"}
}

// asURL binds the address of a server, or nothing.
func asURL(field *string) value {
	return stringValue{field, func(s string) bool {
		u, err := url.Parse(s)
		return s == "" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.User == nil
	}, "https://host:port, or nothing"}
}

// certificateValue takes PEM that a file has indented.
type certificateValue struct{ stringValue }

// asCertificate binds certificates in PEM, or nothing.
func asCertificate(field *string) value {
	return certificateValue{stringValue{field, func(s string) bool {
		block, _ := pem.Decode([]byte(s))
		return s == "" || block != nil && block.Type == "CERTIFICATE"
	}, "certificates in PEM (-----BEGIN CERTIFICATE-----), or nothing"}}
}

func (v certificateValue) set(text string) bool {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return v.stringValue.set(strings.Join(lines, "\n"))
}

// Kubernetes' plugin takes its properties from system properties and variables,
// too, and those win: -Dhazelcast.kubernetes.service-dns=…, or
// HAZELCAST_KUBERNETES_SERVICE_DNS=….
const (
	pluginProperty = "hazelcast.kubernetes."
	pluginVariable = "HAZELCAST_KUBERNETES_"
)

// pluginTree makes a tree of them, for the join that counts.
func (r *reader) pluginTree(env, system map[string]string) *node {
	root := &node{}
	join := "network.join.kubernetes."
	if r.config.AdvancedNetwork.Enabled {
		join = "advanced-network.join.kubernetes."
	}
	_, service := env[pluginVariable+"SERVICE_HOST"] // a Service called hazelcast-kubernetes, not the port of the members
	for _, e := range kubernetesTable(&Kubernetes{}).open("").elements {
		variable := pluginVariable + strings.ToUpper(strings.ReplaceAll(e.name, "-", "_"))
		property := pluginProperty + e.name
		if v := strings.TrimSpace(env[variable]); v != "" && (!service || variable != pluginVariable+"SERVICE_PORT") {
			addVariable(root, join+e.name, v, Place{Variable: variable})
		}
		if v := strings.TrimSpace(system[property]); v != "" {
			addVariable(root, join+e.name, v, Place{Variable: "-D" + property})
		}
	}
	return root
}

// checkKubernetes refuses what Hazelcast's plugin refuses: two ways to say which
// pods are meant, and labels without values.
func (r *reader) checkKubernetes(where Place) {
	join := r.config.Join()
	k := &join.Kubernetes
	if m := join.Method(); m != JoinKubernetes && (m != JoinAuto || !r.config.Pod.Inside) {
		return
	}
	const at = "network/join/kubernetes"
	var said []string
	for _, s := range []struct{ name, value string }{
		{"service-dns", k.ServiceDNS},
		{"service-name", k.ServiceName},
		{"service-label-name", k.ServiceLabelName},
		{"pod-label-name", k.PodLabelName},
	} {
		if s.value != "" {
			said = append(said, s.name)
		}
	}
	if len(said) > 1 {
		r.problem(where, at, ErrConflict, strings.Join(said, " and ")+" are set; allowed: one of them")
	}
	for _, l := range []struct{ prefix, names, values string }{
		{"service-label", k.ServiceLabelName, k.ServiceLabelValue},
		{"pod-label", k.PodLabelName, k.PodLabelValue},
	} {
		if l.names != "" && l.values != "" && strings.Count(l.names, ",") != strings.Count(l.values, ",") {
			r.problem(where, at, ErrConflict, l.prefix+"-name and "+l.prefix+"-value have different numbers of labels; allowed: as many values as names")
		}
	}
}
