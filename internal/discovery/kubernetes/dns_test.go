package kubernetes_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
)

// TestDNS takes what is known without the right to ask the API, or in the DNS mode.
func TestDNS(t *testing.T) {
	const name = "hz.data.svc.cluster.local."
	env := cluster.Address{Host: "10.96.0.9", Port: 5711}
	tests := map[string]struct {
		answers []string
		reverse map[string][]string
		err     error
		link    cluster.Address
		pod     string
		ip      string
		want    string // without the line of the Role
	}{
		"headless":                   {answers: []string{"10.0.0.2", "10.0.0.1"}, want: "10.0.0.1:5701 10.0.0.2:5701 *"},
		"headless, alone":            {answers: []string{"10.0.0.1"}, want: "10.0.0.1:5701 *"},
		"headless, others only":      {answers: []string{"10.0.0.2", "10.0.0.3"}, want: "10.0.0.2:5701 10.0.0.3:5701"},
		"the Service's address":      {answers: []string{"10.96.0.9"}, link: env, want: "door 10.96.0.9:5711"},
		"one address, a Service's":   {answers: []string{"10.96.0.9"}, reverse: map[string][]string{"10.96.0.9": {"hz.data.svc.cluster.local."}}, want: "door 10.96.0.9:5701"},
		"one address, a pod's":       {answers: []string{"10.0.0.2"}, reverse: map[string][]string{"10.0.0.2": {"10-0-0-2.hz.data.svc.cluster.local."}}, want: "10.0.0.2:5701"},
		"one address, nobody's":      {answers: []string{"10.0.0.2"}, want: "door 10.0.0.2:5701"},
		"a Service of both families": {answers: []string{"fd00:96::9", "10.96.0.9"}, want: "door 10.96.0.9:5701"},
		"the same, told by IPv6":     {answers: []string{"10.96.0.9", "fd00:96::9"}, ip: "fd00::1", want: "door [fd00:96::9]:5701"},
		"IPv6, headless":             {answers: []string{"fd00::2", "fd00::1"}, ip: "fd00::1", want: "[fd00::1]:5701 [fd00::2]:5701 *"},
		"no such Service":            {want: ""},
		"the first of a StatefulSet": {pod: "hz-0", want: "first"},
		"the second":                 {pod: "hz-1", want: ""},
		"DNS is silent": {
			err:  &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true, IsTemporary: true},
			want: "! DNS does not answer for hz.data.svc.cluster.local (no answer in time): see to the cluster's DNS and network policies",
		},
		"DNS is silent, the environment is not": {
			err: errors.New("server misbehaving"), link: env,
			want: "door 10.96.0.9:5711 | DNS does not answer for hz.data.svc.cluster.local (server misbehaving): see to the cluster's DNS and network policies",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.say(slicesPath, forbids("list", "endpointslices", "discovery.k8s.io")).say(endpointsPath+"/hz", forbids("get", "endpoints", ""))
			f.names, f.reverse, f.dnsErr = map[string][]string{"hz.data.svc.cluster.local.": test.answers}, test.reverse, test.err
			s := f.source(func(o *kubernetes.Options) {
				o.Pod.Link = func(string) cluster.Address { return test.link }
				if test.pod != "" {
					o.Pod.Name = test.pod
				}
				if test.ip != "" {
					o.Pod.Told = at(test.ip)
				}
			})
			for range 3 {
				got := show(s.Look(t.Context()))
				got = strings.TrimSpace(strings.Replace(strings.Replace(got, "| "+roleText, "", 1), "  ", " ", 1))
				if got != test.want {
					t.Errorf("look shows\n%s\nwant\n%s", got, test.want)
				}
			}
			if len(f.asked()) != 2 {
				t.Errorf("%d requests to an API that forbids them, in three looks", len(f.asked()))
			}
			f.now = f.now.Add(time.Minute)
			f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"})))
			f.say(endpointsPath+"/hz", said{})
			if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" && test.ip == "" {
				t.Errorf("with a Role at last: %s", got)
			}
		})
	}
}

func TestDNSMode(t *testing.T) {
	f := newFake(t)
	f.names = map[string][]string{"hz.other": {"10.0.0.2", "10.0.0.1"}}
	s := f.source(func(o *kubernetes.Options) {
		o.Selection = kubernetes.Selection{DNS: "hz.other", Port: 5701, DNSTimeout: time.Second}
	})
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 10.0.0.2:5701 *" || len(f.asked()) > 0 {
		t.Errorf("%s after %d requests", got, len(f.asked()))
	}
	f.names["hz.other"] = []string{"10.0.0.2", "10.0.0.3"}
	if got := show(s.Look(t.Context())); got != "10.0.0.2:5701 10.0.0.3:5701" {
		t.Error(got)
	}
	f.now = f.now.Add(4 * time.Second)
	want := "10.0.0.2:5701 10.0.0.3:5701 | DNS shows 2 pods as hz.other and not this one: the headless Service needs publishNotReadyAddresses: true, " +
		"and a selector that matches this pod; this member waits until it is shown"
	if got := show(s.Look(t.Context())); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	f.dnsErr = &net.DNSError{Err: "server misbehaving", Name: "hz.other", IsTemporary: true}
	if _, err := s.Look(t.Context()); err == nil {
		t.Error("no error of a DNS that fails")
	}
}

// TestUnseen wants a line about a Service that does not show this pod, when it
// has had the time to.
func TestUnseen(t *testing.T) {
	waits := "; this member waits until it is shown"
	tests := map[string]struct {
		prepare func(f *fake)
		change  func(o *kubernetes.Options)
		want    string
	}{
		"no Service": {
			prepare: func(f *fake) { f.say(slicesPath, sliceList()) },
			want:    "there is no Service hz in the namespace data, or it has no selector: create it, or name the right one (service-name, or HAZELCAST_SERVICE)",
		},
		"no Endpoints": {
			prepare: func(f *fake) {
				f.say(slicesPath, forbids("list", "endpointslices", "discovery.k8s.io")).say(endpointsPath+"/hz", status(404, `endpoints \"hz\" not found`))
			},
			want: "there is no Service hz in the namespace data, or it has no selector: create it, or name the right one (service-name, or HAZELCAST_SERVICE)",
		},
		"selects nothing": {
			prepare: func(f *fake) { f.say(slicesPath, sliceList(endpointSlice(onePort))) },
			want:    "Service hz in the namespace data shows no pod: its selector must match the labels of the members' pods",
		},
		"selects others": {
			prepare: func(f *fake) { f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.9"}))) },
			want:    "Service hz in the namespace data shows other pods and not this one: the selector must match this pod's labels too",
		},
		"pods": {
			prepare: func(f *fake) { f.say(podsPath, podList()) },
			change:  func(o *kubernetes.Options) { o.Selection.Service, o.Selection.PodLabels = "", "a=b" },
			want:    "Pod with the labels a=b in the namespace data shows no pod: its selector must match the labels of the members' pods",
		},
		"another namespace": {
			prepare: func(f *fake) { f.say(podsPath, podList(pod("10.0.0.9", "", oneContainer))) },
			change:  func(o *kubernetes.Options) { o.Selection.Service, o.Selection.WholeNamespace = "", true },
			want:    "the pods of the namespace data do not include this one: set namespace or POD_NAMESPACE to the pod's own",
		},
		"no name in DNS": {
			prepare: func(f *fake) {
				f.say(slicesPath, forbids("list", "endpointslices", "discovery.k8s.io")).say(endpointsPath+"/hz", forbids("get", "endpoints", ""))
			},
			want: roleText + " | DNS knows no hz.data.svc.cluster.local: create the Service, or name the right one (service-name, HAZELCAST_SERVICE, service-dns, DNS_DOMAIN); " +
				"a headless Service needs publishNotReadyAddresses: true",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			test.prepare(f)
			if test.change == nil {
				test.change = func(*kubernetes.Options) {}
			}
			s := f.source(test.change)
			if found, err := s.Look(t.Context()); err != nil || len(found.Problems) > 1 || found.SelfShown {
				t.Errorf("at first: %s", show(found, err))
			}
			f.now = f.now.Add(3 * time.Second)
			found, err := s.Look(t.Context())
			got := show(found, err)
			if _, problems, _ := strings.Cut(got, "| "); problems != test.want+waits {
				t.Errorf("look says\n%s\nwant\n%s", problems, test.want+waits)
			}
		})
	}
}

func TestNoRightAndNoName(t *testing.T) {
	f := newFake(t).say(podsPath, forbids("list", "pods", ""))
	s := f.source(func(o *kubernetes.Options) { o.Selection.Service, o.Selection.PodLabels = "", "a=b" })
	want := "! the Kubernetes API does not let system:serviceaccount:data:default list pods (403): a Role with the verb list on pods in the namespace data, " +
		"bound to it, would show all pods one by one"
	if got := show(s.Look(t.Context())); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	// The whole namespace falls back to the name of the default Service.
	f.names = map[string][]string{"hazelcast.data.svc.cluster.local.": {"10.0.0.1"}}
	s = f.source(func(o *kubernetes.Options) {
		o.Selection.Service, o.Selection.WholeNamespace, o.Selection.Fallback = "", true, "hazelcast"
	})
	if got := show(s.Look(t.Context())); !strings.HasPrefix(got, "10.0.0.1:5701 * |") {
		t.Error(got)
	}
}

func TestNoTokenMounted(t *testing.T) {
	f := newFake(t)
	f.names = map[string][]string{"hz.data.svc.cluster.local.": {"10.0.0.1"}}
	s := f.source(func(o *kubernetes.Options) { o.API.TokenFile = "/nowhere/token" })
	want := "10.0.0.1:5701 * | no token for the Kubernetes API in /nowhere/token: going on by DNS (hz.data.svc.cluster.local); automountServiceAccountToken: true in the pod, " +
		"and a Role with the verb list on endpointslices (apiGroup discovery.k8s.io) in the namespace data for its service account, would show all pods one by one"
	if got := show(s.Look(t.Context())); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
