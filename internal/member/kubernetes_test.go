package member

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/config"
	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
	"github.com/filbertgrid/filbert/internal/migration"
)

// podEnvironment loads a configuration as in a pod of the namespace data.
func podEnvironment(t *testing.T, environment ...string) config.Config {
	t.Helper()
	account := t.TempDir()
	if err := os.WriteFile(filepath.Join(account, "namespace"), []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := config.Load(config.Source{
		Dir: t.TempDir(), ServiceAccount: account,
		Env: append([]string{"KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443", "HOSTNAME=hz-0", "DNS_DOMAIN=k8s.example"}, environment...),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

// TestSelection wants the configuration and the environment to come down to one question.
func TestSelection(t *testing.T) {
	const join = "HZ_NETWORK_JOIN_KUBERNETES_"
	base := kubernetes.Selection{Namespace: "data", Domain: "k8s.example", DNSTimeout: 5 * time.Second}
	with := func(change func(s *kubernetes.Selection)) kubernetes.Selection {
		s := base
		change(&s)
		return s
	}
	tests := map[string]struct {
		env  []string
		want kubernetes.Selection
	}{
		"nothing said":    {nil, with(func(s *kubernetes.Selection) { s.Service = "hazelcast" })},
		"the environment": {[]string{"HAZELCAST_SERVICE=hz", "POD_NAMESPACE=other"}, with(func(s *kubernetes.Selection) { s.Service, s.Namespace = "hz", "other" })},
		"enabled": {[]string{join + "ENABLED=true"}, with(func(s *kubernetes.Selection) {
			s.WholeNamespace, s.Fallback = true, "hazelcast"
		})},
		"a Service": {[]string{join + "ENABLED=true", join + "SERVICENAME=a", join + "NAMESPACE=b", join + "SERVICEPORT=7"}, with(func(s *kubernetes.Selection) {
			s.Service, s.Namespace, s.Port = "a", "b", 7
		})},
		"without enabling": {[]string{join + "SERVICENAME=a"}, with(func(s *kubernetes.Selection) { s.Service = "a" })},
		"labels": {[]string{join + "ENABLED=true", join + "SERVICELABELNAME=app", join + "RESOLVENOTREADYADDRESSES=false"}, with(func(s *kubernetes.Selection) {
			s.ServiceLabels, s.ReadyOnly = "app=true", true
		})},
		"pods": {[]string{join + "ENABLED=true", join + "PODLABELNAME=app,tier", join + "PODLABELVALUE=hz,x"}, with(func(s *kubernetes.Selection) {
			s.PodLabels = "app=hz,tier=x"
		})},
		"DNS": {[]string{join + "ENABLED=true", join + "SERVICEDNS=hz.data", join + "SERVICEDNSTIMEOUT=9"}, with(func(s *kubernetes.Selection) {
			s.DNS, s.DNSTimeout = "hz.data", 9*time.Second
		})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := podEnvironment(t, test.env...)
			if got := selectionOf(&c, c.Join().Kubernetes); got != test.want || !looksInKubernetes(&c) {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
	for name, env := range map[string]string{"a list": "HZ_NETWORK_JOIN_TCPIP_ENABLED=true", "nobody": "HZ_NETWORK_JOIN_AUTODETECTION_ENABLED=false"} {
		if c := podEnvironment(t, env); looksInKubernetes(&c) {
			t.Errorf("%s: Kubernetes is asked", name)
		}
	}
}

// TestInAPod starts a member on the loopback as if in a pod.
func TestInAPod(t *testing.T) {
	o := options(t, "127.0.0.1")
	o.Config = podEnvironment(t, "HZ_NETWORK_PORT_PORT=0", "POD_IP=127.0.0.1", "NODE_NAME=n", "HAZELCAST_SERVICE_HOST=10.96.0.9", "HAZELCAST_SERVICE_PORT=80",
		"HZ_PROPERTIES_HAZELCAST_LOCAL_LOCALADDRESS=127.0.0.1", "KUBERNETES_MASTER=http://127.0.0.1:1", "HZ_MEMBERATTRIBUTES_RACK_VALUE=r")
	m := begin(t.Context(), t, o)
	defer func() {
		m.cancel()
		<-m.Done()
	}()
	pod := m.pod()
	if pod.Name != "hz-0" || pod.Addresses[0] != netip.MustParseAddr("127.0.0.1") || pod.Told != m.ports.self || pod.Port != m.ports.self.Port {
		t.Errorf("pod is %+v", pod)
	}
	if got := pod.Link("hazelcast"); got != (cluster.Address{Host: "10.96.0.9", Port: 80}) {
		t.Errorf("link is %v", got)
	}
	if got := pod.Link("other"); !got.IsZero() {
		t.Errorf("link of another Service is %v", got)
	}
	want := []cluster.Attribute{{Key: migration.NodeAttribute, Value: "n"}, {Key: "rack", Value: "r"}}
	if got := m.attributes(); !reflect.DeepEqual(got, want) {
		t.Errorf("attributes are %v, want %v", got, want)
	}
}

// TestAdvertised wants a member that listens everywhere to tell the pod's address.
func TestAdvertised(t *testing.T) {
	c := podEnvironment(t, "POD_IP=10.244.0.7")
	if got := advertised(&c, c.MemberEndpoint()); got != "10.244.0.7" {
		t.Errorf("in a pod: %s", got)
	}
	c = podEnvironment(t)
	if got := advertised(&c, c.MemberEndpoint()); got != firstAddress() {
		t.Errorf("in a pod without POD_IP: %s, want %s", got, firstAddress())
	}
	e := c.MemberEndpoint()
	e.Interfaces = config.Interfaces{Enabled: true, Patterns: []string{"127.0.0.*"}}
	if got := advertised(&c, e); got != "127.0.0.1" {
		t.Errorf("with interfaces: %s", got)
	}
}
