package kubernetes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
)

const (
	slicesPath    = "/apis/discovery.k8s.io/v1/namespaces/data/endpointslices"
	endpointsPath = "/api/v1/namespaces/data/endpoints"
	podsPath      = "/api/v1/namespaces/data/pods"
)

// said is one answer of the fake API.
type said struct {
	status int
	body   string
	// hang answers nothing at all.
	hang bool
}

// forbids is what a real API server says to a service account without a Role.
func forbids(verb, name, group string) said {
	return status(403, `endpoints is forbidden: User \"system:serviceaccount:data:default\" cannot `+verb+` resource \"`+name+
		`\" in API group \"`+group+`\" in the namespace \"data\"`)
}

func status(code int, message string) said {
	return said{status: code, body: `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"` + message + `"}`}
}

// fake is an API server and a resolver.
type fake struct {
	t      *testing.T
	server *httptest.Server
	dir    string

	mu       sync.Mutex
	answers  map[string][]said // by path; the last one stays
	requests []string
	tokens   []string
	token    string // the one that counts; "" for any
	names    map[string][]string
	reverse  map[string][]string
	dnsErr   error
	now      time.Time
	log      bytes.Buffer
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, dir: t.TempDir(), answers: map[string][]said{}, now: time.Unix(1000, 0)}
	f.server = httptest.NewUnstartedServer(f)
	f.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	f.server.StartTLS()
	t.Cleanup(f.server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.server.Certificate().Raw})
	f.file("ca.crt", string(ca))
	f.file("token", "first")
	return f
}

func (f *fake) file(name, content string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// say queues answers to requests for a path.
func (f *fake) say(path string, answers ...said) *fake {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answers
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.URL.Path+"?"+r.URL.Query().Encode())
	f.tokens = append(f.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	answer := said{status: http.StatusNotFound, body: "404 page not found\n"}
	if queue := f.answers[r.URL.Path]; len(queue) > 0 {
		answer = queue[0]
		if len(queue) > 1 {
			f.answers[r.URL.Path] = queue[1:]
		}
	}
	if f.token != "" && f.tokens[len(f.tokens)-1] != f.token {
		answer = status(http.StatusUnauthorized, "Unauthorized")
	}
	f.mu.Unlock()
	if answer.hang {
		<-r.Context().Done()
		return
	}
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write([]byte(answer.body))
}

// asked returns the requests so far.
func (f *fake) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

func (f *fake) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = nil
}

func (f *fake) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if f.dnsErr != nil {
		return nil, f.dnsErr
	}
	var found []netip.Addr
	for _, ip := range f.names[host] {
		found = append(found, netip.MustParseAddr(ip))
	}
	if found == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

func (f *fake) LookupAddr(_ context.Context, address string) ([]string, error) {
	if names := f.reverse[address]; names != nil {
		return names, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
}

// source is that of the pod 10.0.0.1, which listens on 5701 and looks for the Service hz.
func (f *fake) source(change ...func(*kubernetes.Options)) *kubernetes.Source {
	o := kubernetes.Options{
		Selection: kubernetes.Selection{Namespace: "data", Service: "hz", Domain: "cluster.local"},
		Pod: kubernetes.Pod{
			Name: "hz-abcde", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")},
			Port: 5701, Told: at("10.0.0.1"),
		},
		API:      kubernetes.API{URL: f.server.URL, TokenFile: filepath.Join(f.dir, "token"), CAFile: filepath.Join(f.dir, "ca.crt"), Retries: 1},
		Resolver: f, Now: func() time.Time { return f.now }, Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	s := kubernetes.New(o)
	f.t.Cleanup(s.Close)
	return s
}

func at(host string) cluster.Address { return cluster.Address{Host: host, Port: 5701} }

// show writes a look down: addresses, * when one's own is among them, the door, problems, the error.
func show(found discovery.Found, err error) string {
	var b strings.Builder
	for _, a := range found.Addresses {
		b.WriteString(a.Dial() + " ")
	}
	if found.SelfShown {
		b.WriteString("* ")
	}
	if !found.Door.IsZero() {
		b.WriteString("door " + found.Door.Dial() + " ")
	}
	if found.MayFoundUnseen {
		b.WriteString("first ")
	}
	for _, p := range found.Problems {
		b.WriteString("| " + p.Error() + " ")
	}
	if err != nil {
		b.WriteString("! " + err.Error())
	}
	return strings.TrimSpace(b.String())
}

// An entry of a slice or subset; flags are not-ready and terminating.
type entry struct {
	ip                   string
	notReady, terminates bool
}

func endpointSlice(ports string, entries ...entry) string {
	type condition map[string]bool
	var endpoints []map[string]any
	for _, e := range entries {
		endpoints = append(endpoints, map[string]any{
			"addresses": []string{e.ip}, "nodeName": "node-" + e.ip, "zone": "zone-" + e.ip,
			"conditions": condition{"ready": !e.notReady && !e.terminates, "terminating": e.terminates},
		})
	}
	text, err := json.Marshal(endpoints)
	if err != nil {
		panic(err)
	}
	return `{"metadata":{"name":"hz-x"},"addressType":"IPv4","ports":` + ports + `,"endpoints":` + string(text) + `}`
}

func sliceList(items ...string) said {
	return said{body: `{"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`}
}

const onePort = `[{"name":"","port":5701,"protocol":"TCP"}]`
