package kubernetes

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// FuzzAnswer feeds lists that somebody else has written, in each of the forms
// that the API has, and wants what Found promises.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"items":[{"ports":[{"name":"hazelcast","port":5701}],"endpoints":[{"addresses":["10.0.0.1","fd00::1"],"conditions":{"ready":false}}]}]}`,
		`{"items":[{"ports":[{"port":-1},{"port":70000},{}],"endpoints":[{"addresses":["10.0.0.1%eth0","::ffff:10.0.0.2",""]},{}]}]}`,
		`{"items":[{"subsets":[{"addresses":[{"ip":"10.0.0.1"}],"notReadyAddresses":[{"ip":"x"}],"ports":[{"port":5701}]}]}]}`,
		`{"items":[{"spec":{"containers":[{"ports":[{"containerPort":5701}]}]},"status":{"podIPs":[{"ip":"10.0.0.1"}]}}]}`,
	} {
		f.Add([]byte(seed))
	}
	own := netip.MustParseAddr("10.0.0.1")
	s := New(Options{Pod: Pod{Addresses: []netip.Addr{own}, Port: 5701, Told: cluster.Address{Host: own.String(), Port: 5701}}})
	f.Fuzz(func(t *testing.T, body []byte) {
		var a answer
		var slicesPage discoveryv1.EndpointSliceList
		var endpointsPage corev1.EndpointsList
		var pods corev1.PodList
		if json.Unmarshal(body, &slicesPage) == nil {
			for i := range slicesPage.Items {
				s.addSlice(&a, &slicesPage.Items[i])
			}
		}
		if json.Unmarshal(body, &endpointsPage) == nil {
			for i := range endpointsPage.Items {
				s.addEndpoints(&a, &endpointsPage.Items[i])
			}
		}
		if json.Unmarshal(body, &pods) == nil {
			for i := range pods.Items {
				s.addPod(&a, &pods.Items[i])
			}
		}
		found := settle(a.endpoints, s.o.Pod, len(body)%2 == 0)
		if len(found.Addresses) > discovery.MaxAddresses || !slices.IsSortedFunc(found.Addresses, cluster.Address.Compare) {
			t.Errorf("%d addresses, or not in order", len(found.Addresses))
		}
		if found.SelfShown != slices.Contains(found.Addresses, s.o.Pod.Told) {
			t.Errorf("shown: %v, in %v", found.SelfShown, found.Addresses)
		}
		for _, address := range found.Addresses {
			if _, err := netip.ParseAddr(address.Host); err != nil || address.Port == 0 {
				t.Errorf("address %v", address)
			}
		}
	})
}

// FuzzRefusal feeds what stands behind the API's address, and wants one line that can be printed.
func FuzzRefusal(f *testing.F) {
	f.Add(403, []byte(`{"kind":"Status","message":"pods is forbidden: User \"system:serviceaccount:a:b\" cannot list"}`))
	f.Add(404, []byte("404 page not found\n"))
	f.Add(500, []byte("{"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status == http.StatusOK {
			return
		}
		s := New(Options{Selection: Selection{Service: "hz", Namespace: "a"}})
		err := failureOfStatus(podsResource(), status, body)
		text := s.adviceText(err).Error()
		if isMissingRight(err) {
			text = s.roleText(err).Error()
		}
		if len(text) > 1500 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("line is %q", text)
		}
	})
}
