package kubernetes_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/internal/discovery/kubernetes"
)

// TestFailures wants one clear line, the same each time, of everything that keeps
// the API from showing pods, and neither DNS nor the door be asked.
func TestFailures(t *testing.T) {
	t.Parallel()
	waits := "; this member asks again, and founds no cluster while it cannot know of the others"
	tests := map[string]struct {
		answer said
		change func(f *fake, o *kubernetes.Options)
		want   string
	}{
		"401": {answer: status(401, "Unauthorized"), want: "the Kubernetes API at URL does not accept the token in DIR/token (401), which may have expired: it is read again each time"},
		"401 of api-token": {
			answer: status(401, "Unauthorized"),
			change: func(_ *fake, o *kubernetes.Options) { o.API.Token = "x" },
			want:   "the Kubernetes API at URL does not accept api-token (401), which may have expired: set another one",
		},
		"500": {answer: status(500, "etcdserver: leader changed"), want: "the Kubernetes API at URL fails (status 500: etcdserver: leader changed): see to the API server"},
		"503": {answer: said{status: 503, body: "<html>"}, want: "the Kubernetes API at URL fails (status 503): see to the API server"},
		"429": {answer: status(429, "too many"), want: "the Kubernetes API at URL fails (status 429: too many): see to the API server"},
		"not JSON": {
			answer: said{body: "<html>hello</html>"},
			want:   "what answers at URL is no Kubernetes API (invalid character '<' looking for beginning of value): check kubernetes-master, and what stands between",
		},
		"half": {
			answer: said{body: `{"kind":"EndpointSliceList","items":[{`},
			want:   "what answers at URL is no Kubernetes API (unexpected end of JSON input): check kubernetes-master, and what stands between",
		},
		"another object": {
			answer: said{body: `{"kind":"APIVersions"}`},
			want:   `what answers at URL is no Kubernetes API (an object of kind "APIVersions", not a list): check kubernetes-master, and what stands between`,
		},
		"403 of something else": {
			answer: said{status: 403, body: "<html>blocked</html>"},
			want:   "what answers at URL is no Kubernetes API (status 403): check kubernetes-master, and what stands between",
		},
		"redirect": {answer: said{status: 302}, want: "what answers at URL is no Kubernetes API (status 302): check kubernetes-master, and what stands between"},
		"silent": {
			answer: said{hang: true},
			want:   "the Kubernetes API at URL does not answer within 2s: see to the API server and network policies",
		},
		"refused": {
			change: func(f *fake, _ *kubernetes.Options) { f.server.Close() },
			want:   "the Kubernetes API at URL cannot be reached (dial: connect: connection refused): check kubernetes-master and network policies",
		},
		"no address": {
			change: func(_ *fake, o *kubernetes.Options) { o.API.URL = "nowhere" },
			want:   `the Kubernetes API at nowhere cannot be reached ("nowhere" is not the address of an API server, such as https://10.96.0.1): check kubernetes-master and network policies`,
		},
		"wrong CA": {
			change: func(f *fake, _ *kubernetes.Options) { f.file("ca.crt", otherCA(t)) },
			want: "the certificate of the Kubernetes API at URL cannot be verified by the CA in DIR/ca.crt (tls: failed to verify certificate: x509: certificate signed by unknown authority): " +
				"check kubernetes-master and ca-certificate",
		},
		"a CA that is none": {
			change: func(_ *fake, o *kubernetes.Options) { o.API.CA = "none" },
			want: "the certificate of the Kubernetes API at URL cannot be verified by the CA in ca-certificate (unable to load root certificates: unable to parse bytes as PEM block): " +
				"check kubernetes-master and ca-certificate",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t).say(slicesPath, test.answer)
			f.names = map[string][]string{"hz.data.svc.cluster.local.": {"10.0.0.1"}}
			s := f.source(func(o *kubernetes.Options) {
				o.API.Retries = 0
				if test.change != nil {
					test.change(f, o)
				}
			})
			want := "! " + strings.NewReplacer("URL", f.server.URL, "DIR", f.dir).Replace(test.want) + waits
			for range 3 {
				if got := show(s.Look(t.Context())); got != want {
					t.Errorf("look says\n%s\nwant\n%s", got, want)
				}
				f.now = f.now.Add(time.Minute)
			}
		})
	}
}

// otherCA is a certificate that has signed nothing here.
func otherCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestFailuresPass wants the API asked again: at once, and after a pause that grows.
func TestFailuresPass(t *testing.T) {
	good := sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"}))
	f := newFake(t).say(slicesPath, status(500, "x"), status(500, "x"), good)
	s := f.source(func(o *kubernetes.Options) { o.API.Retries = 3 })
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" || len(f.asked()) != 3 {
		t.Errorf("within one look: %s after %d requests", got, len(f.asked()))
	}

	f.say(slicesPath, status(500, "x"))
	s = f.source(func(o *kubernetes.Options) { o.API.Retries = 0 })
	f.forget()
	var asked []time.Duration
	for range 200 { // 20 s, one look each 100 ms
		before := len(f.asked())
		_, err := s.Look(t.Context())
		if err == nil {
			t.Fatal("no error")
		}
		if len(f.asked()) > before {
			asked = append(asked, f.now.Sub(time.Unix(1000, 0)))
		}
		f.now = f.now.Add(100 * time.Millisecond)
	}
	want := []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond, 7500 * time.Millisecond, 12500 * time.Millisecond, 17500 * time.Millisecond}
	if !slices.Equal(asked, want) {
		t.Errorf("asked at %v, want %v", asked, want)
	}
	f.say(slicesPath, good)
	f.now = f.now.Add(5 * time.Second)
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" {
		t.Errorf("after the failure: %s", got)
	}
}

// TestRotatedToken wants a token that was replaced on disk to count at once.
func TestRotatedToken(t *testing.T) {
	f := newFake(t).say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"})))
	s := f.source()
	f.token = "first"
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" {
		t.Fatal(got)
	}
	f.token = "second"
	f.file("token", "second")
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" {
		t.Errorf("after rotation: %s", got)
	}
	if f.tokens[len(f.tokens)-1] != "second" {
		t.Errorf("tokens sent: %v", f.tokens)
	}
}

// TestRotatedCA wants a CA that was replaced on disk to count after a failure.
func TestRotatedCA(t *testing.T) {
	f := newFake(t).say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"})))
	right := filepath.Join(f.dir, "ca.crt")
	content := read(t, right)
	f.file("ca.crt", otherCA(t))
	s := f.source()
	if _, err := s.Look(t.Context()); err == nil {
		t.Fatal("a wrong CA was accepted")
	}
	f.file("ca.crt", content)
	f.now = f.now.Add(time.Minute)
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" {
		t.Errorf("after rotation: %s", got)
	}
}

// TestNoTokenInTheOpen sends none in the open, whatever is mounted.
func TestNoTokenInTheOpen(t *testing.T) {
	f := newFake(t).say(slicesPath, sliceList(endpointSlice(onePort, entry{ip: "10.0.0.1"})))
	open := httptest.NewServer(http.HandlerFunc(f.ServeHTTP))
	defer open.Close()
	s := f.source(func(o *kubernetes.Options) { o.API.URL, o.API.Token = open.URL, "secret" })
	if got := show(s.Look(t.Context())); got != "10.0.0.1:5701 *" || f.tokens[0] != "" {
		t.Errorf("%s with the token %q", got, f.tokens)
	}
	s.Close()
}
