//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// rounds is how often a repeated test repeats.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("E2E_ROUNDS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("E2E_ROUNDS=%q is no number of rounds", text)
	}
	return n
}

const (
	manyPods = 8
	// togetherLimit is for eight members that start at the same time, under a
	// tenth of a core each, on two cores.
	togetherLimit = 60 * time.Second

	statefulSetLabel = "app.kubernetes.io/name=filbert"
)

// TestTogether creates eight pods at once and wants one cluster, always, however
// they find one another.
func TestTogether(t *testing.T) {
	for _, way := range []struct {
		name, label string
		create      func(k *kube)
	}{
		{"with Role", tutorialLabel, func(k *kube) {
			k.create("role.yaml", "namespace: default", "namespace: "+k.namespace)
			k.create("hazelcast-service.yaml")
			k.create("hazelcast-controller.yaml", "replicas: 1", fmt.Sprintf("replicas: %d", manyPods))
		}},
		{"without Role", tutorialLabel, func(k *kube) {
			k.create("hazelcast-service.yaml")
			k.create("hazelcast-controller.yaml", "replicas: 1", fmt.Sprintf("replicas: %d", manyPods))
		}},
		// The RoleBinding stays with an account of another namespace: it gives
		// no rights here, and DNS is what is left.
		{"by DNS", statefulSetLabel, func(k *kube) {
			k.create("statefulset/filbert.yaml", "replicas: 3", fmt.Sprintf("replicas: %d", manyPods))
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			for round := range rounds(t) {
				t.Run(strconv.Itoa(round+1), func(t *testing.T) {
					k := newKube(t)
					began := time.Now()
					way.create(k)
					pods := k.joined(way.label, manyPods, togetherLimit)
					if who := founders(k.namespace, pods); len(who) != 1 {
						t.Errorf("%d members founded a cluster: %v", len(who), who)
					}
					took := served(t, k, pods, began)
					t.Logf("%d pods at once: one cluster, all serve %s after kubectl create", manyPods, took)
				})
			}
		})
	}
}
