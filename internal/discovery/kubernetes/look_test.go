package kubernetes_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	roleText = "the Kubernetes API does not let system:serviceaccount:data:default list endpointslices (403): going on by DNS " +
		"(hz.data.svc.cluster.local); a Role with the verb list on endpointslices (apiGroup discovery.k8s.io) in the namespace data, " +
		"bound to it, would show all pods one by one"
	several = "Service hz in the namespace data has several ports and none is named hazelcast: taking 5701, this member's own; " +
		"name the members' port hazelcast, or set service-port"
)

func endpoints(subset string) said {
	return said{body: `{"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"hz"},"subsets":[` + subset + `]}`}
}

func pod(ip, more, spec string) string {
	return `{"metadata":{"name":"p-` + ip + `"` + more + `},"spec":{"nodeName":"n","containers":` + spec + `},"status":{"phase":"Running","podIP":"` + ip +
		`","conditions":[{"type":"Ready","status":"True"}]}}`
}

func podList(items ...string) said {
	return said{body: `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`}
}

const oneContainer = `[{"name":"c","ports":[{"containerPort":5701}]}]`

// TestAnswers takes every answer that shows pods.
func TestAnswers(t *testing.T) {
	byPods := func(o *kubernetes.Options) { o.Selection.Service, o.Selection.PodLabels = "", "app=hz" }
	tests := map[string]struct {
		prepare func(f *fake)
		change  func(o *kubernetes.Options)
		want    string
		asked   string // the paths and queries, before those of the topology
	}{
		"slices": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.2"}, entry{ip: "10.0.0.1", notReady: true}, entry{ip: "10.0.0.3", terminates: true})))
			},
			want:  "10.0.0.1:5701 10.0.0.2:5701 *",
			asked: slicesPath + "?labelSelector=kubernetes.io%2Fservice-name%3Dhz&limit=500",
		},
		"only ready ones": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.2"}, entry{ip: "10.0.0.1", notReady: true}, entry{ip: "10.0.0.4", notReady: true})))
			},
			change: func(o *kubernetes.Options) { o.Selection.ReadyOnly = true },
			want:   "10.0.0.1:5701 10.0.0.2:5701 *",
		},
		"only ready ones, and none is": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.2", notReady: true}, entry{ip: "10.0.0.1", notReady: true})))
			},
			change: func(o *kubernetes.Options) { o.Selection.ReadyOnly = true },
			want:   "10.0.0.1:5701 10.0.0.2:5701 *",
		},
		"by service labels": {
			prepare: func(f *fake) { f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"}))) },
			change:  func(o *kubernetes.Options) { o.Selection.Service, o.Selection.ServiceLabels = "", "app=hz,tier=x" },
			want:    "10.0.0.1:5701 *",
			asked:   slicesPath + "?labelSelector=app%3Dhz%2Ctier%3Dx&limit=500",
		},
		"pages": {
			prepare: func(f *fake) {
				first := sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"}))
				first.body = strings.Replace(first.body, `"metadata":{}`, `"metadata":{"continue":"next"}`, 1)
				f.say(slicesPath, first, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.2"})))
			},
			want:  "10.0.0.1:5701 10.0.0.2:5701 *",
			asked: slicesPath + "?labelSelector=kubernetes.io%2Fservice-name%3Dhz&limit=500 " + slicesPath + "?continue=next&labelSelector=kubernetes.io%2Fservice-name%3Dhz&limit=500",
		},
		"the named port": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(`[{"name":"metrics","port":8080},{"name":"hazelcast","port":5801}]`, entry{ip: "10.0.0.2"})))
			},
			want: "10.0.0.2:5801",
		},
		"the only TCP port": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(`[{"name":"dns","port":53,"protocol":"UDP"},{"name":"x","port":5802,"protocol":"TCP"}]`, entry{ip: "10.0.0.2"})))
			},
			want: "10.0.0.2:5802",
		},
		"no port": {
			prepare: func(f *fake) { f.say(slicesPath, sliceList(endpointSlice(`[]`, entry{ip: "10.0.0.2"}))) },
			want:    "10.0.0.2:5701",
		},
		"several ports": {
			prepare: func(f *fake) {
				two := `[{"name":"a","port":1},{"name":"b","port":2}]`
				f.say(slicesPath, sliceList(endpointSlice(two, entry{ip: "10.0.0.1"}), endpointSlice(two, entry{ip: "10.0.0.2"})))
			},
			want: "10.0.0.1:5701 10.0.0.2:5701 * | " + several,
		},
		"service-port": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(`[{"name":"a","port":1},{"name":"b","port":2}]`, entry{ip: "10.0.0.2"})))
			},
			change: func(o *kubernetes.Options) { o.Selection.Port = 5805 },
			want:   "10.0.0.2:5805",
		},
		"another port of this pod": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(`[{"name":"","port":5801}]`, entry{ip: "10.0.0.1"})))
			},
			want: "10.0.0.1:5801 | this pod is shown with port 5801 and listens on 5701: the Service's targetPort, service-port and the member's port must agree",
		},
		"IPv6": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "fd00::2"}, entry{ip: "fd00::1"})))
			},
			change: func(o *kubernetes.Options) { o.Pod.Told = at("fd00::1") },
			want:   "[fd00::1]:5701 [fd00::2]:5701 *",
		},
		"both families": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "fd00::2"}, entry{ip: "fd00::1"}), endpointSlice(onePort, entry{ip: "10.0.0.1"}, entry{ip: "10.0.0.2"})))
			},
			want: "10.0.0.1:5701 [fd00::2]:5701 *",
		},
		"a public address": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"}, entry{ip: "10.0.0.2"})))
			},
			change: func(o *kubernetes.Options) { o.Pod.Told = cluster.Address{Host: "203.0.113.7", Port: 31000} },
			want:   "10.0.0.2:5701 203.0.113.7:31000 *",
		},
		"names instead of addresses": {
			prepare: func(f *fake) {
				f.say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "db.example"}, entry{ip: "10.0.0.1"})))
			},
			want: "10.0.0.1:5701 *",
		},
		"no right to slices": {
			prepare: func(f *fake) {
				f.say(slicesPath, forbids("list", "endpointslices", "discovery.k8s.io"))
				f.say(endpointsPath+"/hz", endpoints(`{"addresses":[{"ip":"10.0.0.2"}],"notReadyAddresses":[{"ip":"10.0.0.1"}],"ports":[{"port":5701}]}`))
			},
			want:  "10.0.0.1:5701 10.0.0.2:5701 *",
			asked: slicesPath + "?labelSelector=kubernetes.io%2Fservice-name%3Dhz&limit=500 " + endpointsPath + "/hz?",
		},
		"no such group": {
			prepare: func(f *fake) {
				f.say(endpointsPath+"/hz", endpoints(`{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"name":"a","port":1},{"name":"hazelcast","port":5701}]}`))
			},
			want: "10.0.0.1:5701 *",
		},
		"Endpoints by labels": {
			prepare: func(f *fake) {
				f.say(slicesPath, forbids("list", "endpointslices", "discovery.k8s.io"))
				f.say(endpointsPath, said{body: `{"kind":"EndpointsList","items":[{"subsets":[{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":5701}]}]}]}`})
			},
			change: func(o *kubernetes.Options) { o.Selection.Service, o.Selection.ServiceLabels = "", "app=hz" },
			want:   "10.0.0.1:5701 *",
			asked:  slicesPath + "?labelSelector=app%3Dhz&limit=500 " + endpointsPath + "?labelSelector=app%3Dhz&limit=500",
		},
		"pods": {
			prepare: func(f *fake) {
				f.say(podsPath, podList(
					pod("10.0.0.1", "", oneContainer),
					pod("10.0.0.2", "", `[{"name":"c","ports":[{"name":"hazelcast","containerPort":5801}]},{"name":"sidecar","ports":[{"containerPort":1}]}]`),
					pod("10.0.0.3", `,"deletionTimestamp":"2026-01-01T00:00:00Z"`, oneContainer),
					strings.Replace(pod("10.0.0.4", "", oneContainer), "Running", "Failed", 1),
					strings.Replace(pod("", "", oneContainer), "Running", "Pending", 1)))
			},
			change: byPods,
			want:   "10.0.0.1:5701 10.0.0.2:5801 *",
			asked:  podsPath + "?labelSelector=app%3Dhz&limit=500",
		},
		"the whole namespace": {
			prepare: func(f *fake) { f.say(podsPath, podList(pod("10.0.0.1", "", oneContainer))) },
			change:  func(o *kubernetes.Options) { o.Selection.Service, o.Selection.WholeNamespace = "", true },
			want:    "10.0.0.1:5701 *",
			asked:   podsPath + "?limit=500",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			test.prepare(f)
			if test.change == nil {
				test.change = func(*kubernetes.Options) {}
			}
			if got := show(f.source(test.change).Look(t.Context())); got != test.want {
				t.Errorf("look shows\n%s\nwant\n%s", got, test.want)
			}
			if asked := strings.ReplaceAll(strings.Join(f.asked(), " "), "GET ", ""); test.asked != "" && !strings.HasPrefix(asked, test.asked) {
				t.Errorf("asked for\n%s\nwant\n%s", asked, test.asked)
			}
			if slices.ContainsFunc(f.asked(), func(r string) bool { return strings.Contains(r, "resourceVersion") }) {
				t.Error("a list that its cache may answer")
			}
		})
	}
}

// TestLog wants a line when it begins to ask and when what it finds has changed.
func TestLog(t *testing.T) {
	two := sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"}, entry{ip: "10.0.0.2"}))
	f := newFake(t).say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"})), two)
	s := f.source()
	for range 4 {
		if _, err := s.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for line := range strings.Lines(f.log.String()) {
		_, text, _ := strings.Cut(line, "msg=")
		lines = append(lines, strings.TrimSpace(text))
	}
	want := []string{
		`"asking the Kubernetes API" url=` + f.server.URL + ` namespace=data selection="Service hz"`,
		`"found pods" pods=1 by=endpointslices`, `"found pods" pods=2 by=endpointslices`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("log is\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestTopology(t *testing.T) {
	own := sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"}))
	others := sliceList(endpointSlice(onePort, entry{ip: "10.0.0.2"}))
	node := said{body: `{"kind":"Node","metadata":{"name":"n1","labels":{"topology.kubernetes.io/zone":"z1"}}}`}
	tests := map[string]struct {
		prepare func(f *fake)
		node    string
		want    kubernetes.Topology
		asked   int
	}{
		"a slice says it":      {func(f *fake) { f.say(slicesPath, own) }, "", kubernetes.Topology{Node: "node-10.0.0.1", Zone: "zone-10.0.0.1"}, 1},
		"not shown, forbidden": {func(f *fake) { f.say(slicesPath, others).say(podsPath+"/hz-abcde", forbids("get", "pods", "")) }, "", kubernetes.Topology{}, 2},
		"not shown, asked": {
			func(f *fake) {
				f.say(slicesPath, others).say(podsPath+"/hz-abcde", said{body: `{"kind":"Pod","spec":{"nodeName":"n1"}}`}).say("/api/v1/nodes/n1", node)
			},
			"",
			kubernetes.Topology{Node: "n1", Zone: "z1"},
			3,
		},
		"the environment says the node": {func(f *fake) { f.say(slicesPath, others).say("/api/v1/nodes/n1", node) }, "n1", kubernetes.Topology{Node: "n1", Zone: "z1"}, 2},
		"nodes forbidden":               {func(f *fake) { f.say(slicesPath, others).say("/api/v1/nodes/n1", forbids("get", "nodes", "")) }, "n1", kubernetes.Topology{Node: "n1"}, 2},
		"nodes silent":                  {func(f *fake) { f.say(slicesPath, others).say("/api/v1/nodes/n1", said{hang: true}) }, "n1", kubernetes.Topology{Node: "n1"}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			test.prepare(f)
			s := f.source(func(o *kubernetes.Options) { o.Pod.Node = test.node })
			if _, err := s.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.Topology(); got != test.want || len(f.asked()) != test.asked {
				t.Errorf("%+v after %d requests, want %+v after %d", got, len(f.asked()), test.want, test.asked)
			}
			if _, err := s.Look(t.Context()); err != nil || len(f.asked()) != test.asked+1 {
				t.Errorf("asked again: %v, %v", f.asked(), err)
			}
		})
	}
}

// TestLookEndsWithItsContext wants a look to end although the API is silent.
func TestLookEndsWithItsContext(t *testing.T) {
	f := newFake(t).say(slicesPath, said{hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.source().Look(ctx); err == nil {
		t.Error("no error")
	}
}

func TestDomainIn(t *testing.T) {
	for text, want := range map[string]string{
		"": "cluster.local",
		"nameserver 10.96.0.10\nsearch data.svc.k8s.example svc.k8s.example k8s.example\noptions ndots:5\n": "k8s.example",
		"search example.com": "cluster.local",
	} {
		if got := kubernetes.DomainIn(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
