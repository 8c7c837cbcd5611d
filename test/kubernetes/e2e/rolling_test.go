//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"

	"github.com/filbertgrid/filbert/test/kubernetes/rig"
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
	longest = max(longest, l.pause())
	complete(t, client, "still", "after the updates")
	t.Logf("%d rolling updates: longest pause of a client's writes %s", rounds(t), longest)
}

// TestScaleUnderLoad scales the recommended StatefulSet and the tutorial's
// controller up and down while a client writes.
func TestScaleUnderLoad(t *testing.T) {
	t.Run("StatefulSet", func(t *testing.T) {
		k := newKube(t)
		k.create("statefulset/filbert.yaml", "namespace: default", "namespace: "+k.namespace)
		k.joined(statefulSetLabel, 3, settle)
		k.do("rollout", "status", "statefulset/filbert", "--timeout=60s")
		k.scaleUnderLoad("statefulset", "filbert", statefulSetLabel, 5, 2, 4, 1, 3)
	})
	t.Run("tutorial", func(t *testing.T) {
		k := newKube(t)
		k.create("hazelcast-service.yaml")
		k.create("hazelcast-controller.yaml")
		k.joined(tutorialLabel, 1, settle)
		k.scaleUnderLoad("rc", "hazelcast", tutorialLabel, 2, 4, 1, 3, 1)
	})
}

// writesPerSize are waited for before the next scaling.
const writesPerSize = 200

func (k *kube) scaleUnderLoad(kind, name, label string, sizes ...int) {
	k.t.Helper()
	client := connect(k.t, func(config *hazelcast.Config) {
		config.Cluster.RedoOperation = true
	}, name+"."+k.namespace+".svc.cluster.local")
	fill(k.t, client, "still")
	l := startLoad(k.t, client, "scaling")
	for _, size := range sizes {
		k.do("scale", kind, name, fmt.Sprintf("--replicas=%d", size))
		k.joined(label, size, 2*settle)
		before, _ := l.count()
		k.eventually(settle, "writes go on", func() error {
			if acked, _ := l.count(); acked < before+writesPerSize {
				return fmt.Errorf("%w: %d writes since", rig.ErrNotReady, acked-before)
			}
			return nil
		})
		k.t.Logf("scaled to %d: longest pause of writes %s", size, l.pause())
	}
	l.verify()
	complete(k.t, client, "still", "after scaling")
}
