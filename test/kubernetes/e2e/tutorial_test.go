//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	tutorialLabel = "name=hazelcast"
	// entries are as many as a client writes in a second or two to a member
	// with a tenth of a core.
	entries = 500
)

// The limits that the project sets itself.
const (
	readyLimit = 3 * time.Second // from a pod's start until it serves
	scaleLimit = 8 * time.Second // from `kubectl scale` 1→4 until all four serve
)

// TestTutorial does what the tutorial does, with and without the right to ask
// the Kubernetes API, and looks whether the data stays.
func TestTutorial(t *testing.T) {
	eachRole(t, (*kube).tutorial)
}

func (k *kube) tutorial() {
	t := k.t
	k.create("hazelcast-service.yaml")
	k.create("hazelcast-controller.yaml")
	first := k.joined(tutorialLabel, 1, settle)
	start := startedAt(t, first[0])
	took := served(t, k, first, start)
	list, err := lastList(k.namespace, first[0])
	t.Logf("one pod: its list of one %s after its start, known to serve after %s (limit %s, %v)",
		list.at.Sub(start).Round(time.Millisecond), took, readyLimit, err)
	if took > readyLimit {
		t.Errorf("one pod: ready after %s, want %s", took, readyLimit)
	}
	k.endpointsShow(first)
	if limit := k.do("get", "pod", first[0].Name, "-o", "jsonpath={.spec.containers[0].resources.limits.cpu}"); limit != "100m" {
		t.Errorf("the pod may use %s of a core, want 100m", limit)
	}

	client := connect(t, nil, "hazelcast."+k.namespace+".svc.cluster.local")
	fill(t, client, "tutorial")
	complete(t, client, "tutorial", "one member")

	for _, size := range []int{2, 4, 1} {
		began := time.Now()
		k.do("scale", "rc", "hazelcast", fmt.Sprintf("--replicas=%d", size))
		pods := k.joined(tutorialLabel, size, settle)
		took := served(t, k, pods, began)
		t.Logf("scaled to %d: all serve after %s", size, took)
		k.endpointsShow(pods)
		for _, p := range pods {
			k.listedIn(p, size)
		}
		complete(t, client, "tutorial", fmt.Sprintf("%d members", size))
	}
}

// TestTimes measures what the tutorial waited for: from one to four in one go.
func TestTimes(t *testing.T) {
	eachRole(t, func(k *kube) {
		t := k.t
		k.create("hazelcast-service.yaml")
		k.create("hazelcast-controller.yaml")
		k.joined(tutorialLabel, 1, settle)
		began := time.Now()
		k.do("scale", "rc", "hazelcast", "--replicas=4")
		pods := k.joined(tutorialLabel, 4, settle)
		took := served(t, k, pods, began)
		for _, p := range pods {
			list, err := lastList(k.namespace, p)
			t.Logf("%s: its list of four %s after its start (%v)", p.Name, list.at.Sub(startedAt(t, p)).Round(time.Millisecond), err)
		}
		t.Logf("scale 1→4: all serve after %s (limit %s)", took, scaleLimit)
		if took > scaleLimit {
			t.Errorf("scale 1→4: all ready after %s, want %s", took, scaleLimit)
		}
	})
}

// served waits until every pod has its list of all of them in its log and answers
// a client, and returns how long after began the last one did both.
func served(t *testing.T, k *kube, pods []pod, began time.Time) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	var (
		mu   sync.Mutex
		last = began
		wg   sync.WaitGroup
	)
	for _, p := range pods {
		wg.Go(func() {
			at, err := answers(ctx, p.IP, "ready", "key", nil)
			if err != nil {
				t.Errorf("%s does not serve: %v", p.Name, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if at.After(last) {
				last = at
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, p := range pods {
		list, err := lastList(k.namespace, p)
		if err != nil {
			t.Fatal(err)
		}
		if list.at.After(last) {
			last = list.at
		}
	}
	return last.Sub(began).Round(time.Millisecond)
}

// endpointsShow runs the tutorial's `kubectl get endpoints hazelcast -o json`
// until it shows exactly the pods' addresses.
func (k *kube) endpointsShow(pods []pod) {
	k.t.Helper()
	want := make([]string, 0, len(pods))
	for _, p := range pods {
		want = append(want, p.IP)
	}
	slices.Sort(want)
	k.eventually(settle, "the endpoints are the pods", func() error {
		var endpoints struct {
			Subsets []struct {
				Addresses []struct{ IP string }
				Ports     []struct{ Port int }
			}
		}
		k.decode(&endpoints, "get", "endpoints", "hazelcast", "-o", "json")
		var got []string
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				got = append(got, address.IP)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("%w: endpoints %v, pods %v", errAnswer, got, want)
		}
		return nil
	})
}
