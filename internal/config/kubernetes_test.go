package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// chart is the configuration of Hazelcast's official Helm chart, and chartOpts
// the options that it starts members with.
const (
	chart = `
hazelcast:
  network:
    join:
      kubernetes:
        enabled: true
        service-name: ${serviceName}
        namespace: ${namespace}
    rest-api:
      enabled: true
  jet:
    enabled: ${hz.jet.enabled}
`
	chartOpts = "JAVA_OPTS=-Dhazelcast.config=/data/hazelcast/hazelcast.yaml -DserviceName=my-hazelcast -Dnamespace=data " +
		"-Dhz.jet.enabled=false -Dhazelcast.shutdownhook.policy=GRACEFUL -Dhazelcast.shutdownhook.enabled=true -Dhazelcast.graceful.shutdown.max.wait=600 "
)

func TestChart(t *testing.T) {
	s := yamlSource(chart)
	s.Env = inPod(chartOpts, "POD_NAME=my-hazelcast-0")
	s.ServiceAccount = mounted(t, "data")
	c, warnings := mustLoad(t, s)
	k := c.Join().Kubernetes
	if c.Join().Method() != JoinKubernetes || k.ServiceName != "my-hazelcast" || k.Namespace != "data" || !k.ResolveNotReady || c.Pod.Name != "my-hazelcast-0" ||
		c.GracefulShutdownMaxWait != 10*time.Minute || !c.Network.BindAny {
		t.Errorf("%+v", c)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].String(), "rest-api") {
		t.Errorf("warnings %v", warnings)
	}
}

func TestKubernetesSources(t *testing.T) {
	tests := map[string]struct {
		env    []string
		system map[string]string
		check  func(k Kubernetes) bool
	}{
		"file":            {nil, nil, func(k Kubernetes) bool { return k.ServiceName == "file" && k.ServicePort == 5702 }},
		"HZ_":             {[]string{"HZ_NETWORK_JOIN_KUBERNETES_SERVICENAME=env"}, nil, func(k Kubernetes) bool { return k.ServiceName == "env" }},
		"the plugin's":    {[]string{"HAZELCAST_KUBERNETES_SERVICE_NAME=plugin", "HZ_NETWORK_JOIN_KUBERNETES_SERVICENAME=env"}, nil, func(k Kubernetes) bool { return k.ServiceName == "plugin" }},
		"system property": {nil, map[string]string{"hazelcast.kubernetes.service-name": "system"}, func(k Kubernetes) bool { return k.ServiceName == "system" }},
		"a link": {
			[]string{"HAZELCAST_KUBERNETES_SERVICE_HOST=10.0.0.1", "HAZELCAST_KUBERNETES_SERVICE_PORT=80"},
			nil,
			func(k Kubernetes) bool { return k.ServicePort == 5702 },
		},
		"no link": {[]string{"HAZELCAST_KUBERNETES_SERVICE_PORT=80"}, nil, func(k Kubernetes) bool { return k.ServicePort == 80 }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := yamlSource("hazelcast: {network: {join: {kubernetes: {enabled: true, service-name: file, service-port: 5702}}}}")
			s.Env, s.SystemProperties = test.env, test.system
			c, warnings := mustLoad(t, s)
			if !test.check(c.Join().Kubernetes) || len(warnings) > 0 {
				t.Errorf("%+v %v", c.Join().Kubernetes, warnings)
			}
		})
	}
}

func TestSelectors(t *testing.T) {
	tests := map[string]struct{ names, values, want string }{
		"none": {"", "true", ""}, "one": {"app", "hz", "app=hz"}, "two": {"app, role", "hz, member", "app=hz,role=member"},
		"any value": {"app,role", "", "app,role"},
	}
	for name, test := range tests {
		k := Kubernetes{PodLabelName: test.names, PodLabelValue: test.values}
		if got := k.PodSelector(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	k := defaultKubernetes()
	k.ServiceLabelName = "cluster"
	if got := k.ServiceSelector(); got != "cluster=true" {
		t.Errorf("without a value: %q", got)
	}
}

func TestKubernetesMessages(t *testing.T) {
	const at = "f.yaml:1: network/join/kubernetes/"
	tests := map[string]struct {
		children, want string
		kind           error
	}{
		"two ways": {"service-dns: a.b, service-name: a", "f.yaml: network/join/kubernetes: service-dns and service-name are set; allowed: one of them", ErrConflict},
		"two others": {
			"service-label-name: a, pod-label-name: b, pod-label-value: c",
			"f.yaml: network/join/kubernetes: service-label-name and pod-label-name are set; allowed: one of them", ErrConflict,
		},
		"labels": {
			"pod-label-name: 'a,b', pod-label-value: c",
			"f.yaml: network/join/kubernetes: pod-label-name and pod-label-value have different numbers of labels; allowed: as many values as names", ErrConflict,
		},
		"port":        {"service-port: 70000", at + `service-port: wrong value "70000"; allowed: a whole number from 0 to 65535`, ErrValue},
		"timeout":     {"service-dns-timeout: -1", at + `service-dns-timeout: wrong value "-1"; allowed: a whole number from 1 to 3600 (seconds)`, ErrValue},
		"retries":     {"kubernetes-api-retries: x", at + `kubernetes-api-retries: wrong value "x"; allowed: a whole number from 0 to 100`, ErrValue},
		"ready":       {"resolve-not-ready-addresses: 1", at + `resolve-not-ready-addresses: wrong value "1"; allowed: true or false`, ErrValue},
		"namespace":   {"namespace: '${namespace}'", at + `namespace: wrong value "${namespace}"; allowed: a name of Kubernetes (1 to 63 of a-z, 0-9 and -), or nothing`, ErrValue},
		"dns":         {"service-dns: 'a b'", at + `service-dns: wrong value "a b"; allowed: a name of DNS, or nothing`, ErrValue},
		"master":      {"kubernetes-master: 10.0.0.1", at + `kubernetes-master: wrong value "10.0.0.1"; allowed: https://host:port, or nothing`, ErrValue},
		"certificate": {"ca-certificate: /ca.crt", at + `ca-certificate: wrong value "/ca.crt"; allowed: certificates in PEM (-----BEGIN CERTIFICATE-----), or nothing`, ErrValue},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := Load(yamlSource("hazelcast: {network: {join: {kubernetes: {enabled: true, " + test.children + "}}}}"))
			if err == nil || err.Error() != test.want || !errors.Is(err, test.kind) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	c, _ := mustLoad(t, yamlSource("hazelcast: {network: {join: {kubernetes: {enabled: false, service-dns: a.b, service-name: a}}}}"))
	if c.Join().Method() != JoinAuto {
		t.Errorf("an element that is off: %s", c.Join().Method())
	}
	for child, want := range map[string]string{
		"servicename: a":          "f.yaml:1: network/join/kubernetes/servicename: unknown element, ignored (did you mean service-name?)",
		"expose-externally: true": "f.yaml:1: network/join/kubernetes/expose-externally: known, but not supported yet: clients are told public-address, or else the pod's own address.",
	} {
		_, warnings := mustLoad(t, yamlSource("hazelcast: {network: {join: {kubernetes: {enabled: true, "+child+"}}}}"))
		if len(warnings) != 1 || warnings[0].String() != want {
			t.Errorf("%s: %v, want %s", child, warnings, want)
		}
	}
}
