package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// mounted is a folder as Kubernetes mounts it for a service account.
func mounted(t *testing.T, namespace string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "namespace"), []byte(namespace), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inPod is what Kubernetes sets in every pod.
func inPod(more ...string) []string {
	return append([]string{"KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443", "HOSTNAME=hz-0"}, more...)
}

func TestPod(t *testing.T) {
	data, nowhere := mounted(t, "data\n"), t.TempDir()
	tests := map[string]struct {
		env     []string
		account string
		check   func(c *Config) bool
	}{
		"elsewhere":           {nil, data, func(c *Config) bool { return !c.Pod.Inside && !c.Network.BindAny && c.Pod.Namespace == "default" }},
		"a service account":   {inPod(), data, func(c *Config) bool { return c.Pod.Inside && c.Pod.Namespace == "data" && c.Pod.Name == "hz-0" }},
		"listens everywhere":  {inPod(), data, func(c *Config) bool { return c.Network.BindAny }},
		"unless told not to":  {inPod("HZ_PROPERTIES_HAZELCAST_SOCKET_BIND_ANY=false"), data, func(c *Config) bool { return !c.Network.BindAny }},
		"the downward API":    {inPod("POD_NAMESPACE=other", "POD_NAME=p", "POD_IP=10.244.0.3", "NODE_NAME=n"), nowhere, isDownward},
		"neither":             {inPod(), nowhere, func(c *Config) bool { return !c.Pod.Inside }},
		"a bad namespace":     {inPod(), mounted(t, "Not A Name"), func(c *Config) bool { return c.Pod.Inside && c.Pod.Namespace == "default" }},
		"the API's address":   {inPod(), data, func(c *Config) bool { return c.Pod.Master == "https://10.96.0.1:443" }},
		"of IPv6":             {[]string{"KUBERNETES_SERVICE_HOST=fd00::1"}, data, func(c *Config) bool { return c.Pod.Master == "https://[fd00::1]:443" }},
		"the bootstrapper's":  {inPod("KUBERNETES_MASTER=http://127.0.0.1:8001"), data, func(c *Config) bool { return c.Pod.Master == "http://127.0.0.1:8001" }},
		"its Service":         {inPod("HAZELCAST_SERVICE=hz", "DNS_DOMAIN=k8s.example."), data, func(c *Config) bool { return c.Pod.Service == "hz" && c.Pod.Domain == "k8s.example" }},
		"no Service":          {inPod(), data, func(c *Config) bool { return c.Pod.Service == "hazelcast" && c.Pod.Domain == "" }},
		"links":               {inPod("MY_HZ_SERVICE_HOST=10.96.0.9", "MY_HZ_SERVICE_PORT=5701"), data, hasLink("my-hz", "10.96.0.9", "5701")},
		"links by port":       {inPod("HZ_SERVICE_HOST=1.1.1.1", "HZ_SERVICE_PORT=80", "HZ_SERVICE_PORT_HAZELCAST=5701"), data, hasLink("hz", "1.1.1.1", "5701")},
		"links of several":    {inPod("HZ_SERVICE_HOST=1.1.1.1", "HZ_SERVICE_PORT=80", "HZ_SERVICE_PORT_A=80", "HZ_SERVICE_PORT_B=5701"), data, hasLink("hz", "1.1.1.1", "5701")},
		"links of others":     {inPod("HZ_SERVICE_HOST=1.1.1.1", "HZ_SERVICE_PORT=80", "HZ_SERVICE_PORT_A=80", "HZ_SERVICE_PORT_B=81"), data, hasLink("hz", "1.1.1.1", "80")},
		"links of nobody":     {inPod(), data, hasLink("hz", "", "")},
		"finds by Kubernetes": {inPod(), data, func(c *Config) bool { return c.Join().Method() == JoinAuto }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, warnings := mustLoad(t, Source{Dir: t.TempDir(), Env: test.env, ServiceAccount: test.account})
			if !test.check(c) || len(warnings) > 0 {
				t.Errorf("%+v %v", c.Pod, warnings)
			}
		})
	}
}

func isDownward(c *Config) bool {
	p := c.Pod
	return p.Inside && p.Namespace == "other" && p.Name == "p" && p.IP == "10.244.0.3" && p.Node == "n"
}

func hasLink(service, host, port string) func(c *Config) bool {
	return func(c *Config) bool {
		h, p := c.Pod.Link(service, 5701)
		return h == host && p == port
	}
}

// TestBootstrapper takes the variables of the tutorial's image.
func TestBootstrapper(t *testing.T) {
	file := "hazelcast:\n  cluster-name: file\n  network: {port: {port: 1}}"
	tests := map[string]struct {
		file  string
		env   []string
		check func(c *Config) bool
		warns int
	}{
		"none":             {"hazelcast: {}", nil, func(c *Config) bool { return c.ClusterName == "dev" && c.Network.PortAutoIncrement }, 0},
		"group":            {"hazelcast: {}", []string{"HC_GROUP_NAME=g"}, func(c *Config) bool { return c.ClusterName == "g" }, 0},
		"the file wins":    {file, []string{"HC_GROUP_NAME=g", "HC_PORT=2"}, func(c *Config) bool { return c.ClusterName == "file" && c.Network.Port == 1 }, 0},
		"HZ_ wins":         {"hazelcast: {}", []string{"HC_GROUP_NAME=g", "HZ_CLUSTERNAME=h"}, func(c *Config) bool { return c.ClusterName == "h" }, 0},
		"port":             {"hazelcast: {}", []string{"HC_PORT=5801"}, func(c *Config) bool { return c.Network.Port == 5801 && !c.Network.PortAutoIncrement }, 0},
		"a Service hc":     {"hazelcast: {}", []string{"HC_PORT=tcp://10.0.0.1:80"}, func(c *Config) bool { return c.Network.Port == 5701 }, 0},
		"no REST":          {"hazelcast: {}", []string{"HC_REST_ENABLED=false"}, func(*Config) bool { return true }, 0},
		"REST":             {"hazelcast: {}", []string{"HC_REST_ENABLED=true"}, func(*Config) bool { return true }, 1},
		"metrics":          {"hazelcast: {}", []string{"PROMETHEUS_PORT=8080"}, func(c *Config) bool { return c.ManagementListen == ":8080" }, 0},
		"metrics, said so": {"hazelcast: {properties: {filbert.management.address: \":1\"}}", []string{"PROMETHEUS_PORT=8080"}, func(c *Config) bool { return c.ManagementListen == ":1" }, 0},
		"a Service prometheus": {
			"hazelcast: {}",
			[]string{"PROMETHEUS_PORT=tcp://10.0.0.1:80"},
			func(c *Config) bool { return c.ManagementListen == "" }, 0,
		},
		"password": {"hazelcast: {}", []string{"HC_GROUP_NAME=g", "HC_GROUP_PASSWORD=pw"}, func(c *Config) bool {
			a := c.Security.ClientAuthentication()
			return a.AcceptsPassword("g", "pw", true) && !a.AcceptsPassword("g", "x", true) && !a.AcceptsPassword("", "", false)
		}, 1},
		"security wins": {
			"hazelcast: {security: {enabled: true, client-authentication: {realm: r}, realms: [{name: r, authentication: {simple: {users: [{username: u, password: p}]}}}]}}",
			[]string{"HC_GROUP_PASSWORD=pw"},
			func(c *Config) bool { return c.Security.ClientAuthentication().AcceptsPassword("u", "p", true) }, 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := yamlSource(test.file)
			s.Env = test.env
			c, warnings := mustLoad(t, s)
			if !test.check(c) || len(warnings) != test.warns {
				t.Errorf("configuration is %s, warnings %v", show(t, c), warnings)
			}
		})
	}
}

func TestPodMessages(t *testing.T) {
	tests := map[string]string{
		"HC_PORT=many":             `HC_PORT: wrong value "many"; allowed: a whole number from 1 to 65535`,
		"HC_REST_ENABLED=perhaps":  `HC_REST_ENABLED: wrong value "perhaps"; allowed: true or false`,
		"PROMETHEUS_PORT=no":       `PROMETHEUS_PORT: wrong value "no"; allowed: a whole number from 1 to 65535`,
		"POD_NAMESPACE=A B":        `POD_NAMESPACE: wrong value "A B"; allowed: a name of Kubernetes (1 to 63 of a-z, 0-9 and -), or nothing`,
		"POD_IP=here":              `POD_IP: wrong value "here"; allowed: an IP address`,
		"DNS_DOMAIN=a b":           `DNS_DOMAIN: wrong value "a b"; allowed: a name of DNS, or nothing`,
		"KUBERNETES_MASTER=master": `KUBERNETES_MASTER: wrong value "master"; allowed: https://host:port, or nothing`,
		"HAZELCAST_SERVICE=a.b":    `HAZELCAST_SERVICE: wrong value "a.b"; allowed: a name of Kubernetes (1 to 63 of a-z, 0-9 and -), or nothing`,
	}
	for env, want := range tests {
		_, _, err := Load(Source{Dir: t.TempDir(), Env: []string{env}})
		if err == nil || err.Error() != want || !errors.Is(err, ErrValue) {
			t.Errorf("%s: %v, want %s", env, err, want)
		}
	}
}
