//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

// TestRollingUpdates restarts the three members of the recommended StatefulSet
// one by one, again and again, while a client writes.
func TestRollingUpdates(t *testing.T) {
	k := newKube(t)
	k.create("statefulset/filbert.yaml", "namespace: default", "namespace: "+k.namespace)
	const members = 3
	k.joined(statefulSetLabel, members, settle)
	k.do("rollout", "status", "statefulset/filbert", "--timeout=60s")
	client := connect(t, func(config *hazelcast.Config) {
		// Set is idempotent: a write whose connection broke is sent again.
		config.Cluster.RedoOperation = true
	}, "filbert."+k.namespace+".svc.cluster.local")
	fill(t, client, "still")
	l := startLoad(t, client, "rolling")

	longest := time.Duration(0)
	for round := range rounds(t) {
		began := time.Now()
		k.do("rollout", "restart", "statefulset/filbert")
		k.do("rollout", "status", "statefulset/filbert", "--timeout=180s")
		pods := k.joined(statefulSetLabel, members, settle)
		pause := l.pause()
		longest = max(longest, pause)
		acked, failed := l.count()
		t.Logf("rolling update %d: %s, longest pause of writes %s, %d acknowledged, %d failed",
			round+1, time.Since(began).Round(time.Second), pause, acked, failed)
		for _, p := range pods {
			if p.Restarts > 0 {
				t.Errorf("%s was restarted", p.Name)
			}
		}
	}
	l.verify()
	complete(t, client, "still", "after the updates")
	t.Logf("%d rolling updates: longest pause of a client's writes %s", rounds(t), longest)
}

// TestScaleStatefulSet scales the recommended StatefulSet up and down under load.
func TestScaleStatefulSet(t *testing.T) {
	k := newKube(t)
	k.create("statefulset/filbert.yaml", "namespace: default", "namespace: "+k.namespace)
	k.joined(statefulSetLabel, 3, settle)
	k.do("rollout", "status", "statefulset/filbert", "--timeout=60s")
	client := connect(t, func(config *hazelcast.Config) {
		config.Cluster.RedoOperation = true
	}, "filbert."+k.namespace+".svc.cluster.local")
	fill(t, client, "still")
	l := startLoad(t, client, "scaling")
	for _, size := range []int{5, 2, 4, 1, 3} {
		k.do("scale", "statefulset", "filbert", fmt.Sprintf("--replicas=%d", size))
		k.joined(statefulSetLabel, size, 2*settle)
		t.Logf("scaled to %d: longest pause of writes %s", size, l.pause())
	}
	l.verify()
	complete(t, client, "still", "after scaling")
}
