//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

// errUnsafe says that a cluster has not all its backups yet.
var errUnsafe = errors.New("not safe")

// safe waits until each of the pods says that every backup is complete.
func (k *kube) safe(pods []pod) {
	k.t.Helper()
	for _, p := range pods {
		k.eventually(2*settle, p.Name+" is safe", func() error { return k.isSafe(p, len(pods)) })
	}
}

func (k *kube) isSafe(p pod, members int) error {
	client := http.Client{Timeout: 5 * time.Second}
	request, err := http.NewRequestWithContext(k.t.Context(), http.MethodGet,
		"http://"+net.JoinHostPort(p.IP, port)+"/hazelcast/health", http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var health struct {
		ClusterSafe bool `json:"clusterSafe"`
		ClusterSize int  `json:"clusterSize"`
	}
	if err := json.NewDecoder(response.Body).Decode(&health); err != nil {
		return err
	}
	if !health.ClusterSafe || health.ClusterSize != members {
		return fmt.Errorf("%w: %+v", errUnsafe, health)
	}
	return nil
}

// TestForceDelete removes one pod after the other without a goodbye, while a
// client writes: the kubelet kills the process at once, and Kubernetes forgets
// the pod even before.
func TestForceDelete(t *testing.T) {
	k := newKube(t)
	k.create("statefulset/filbert.yaml", "namespace: default", "namespace: "+k.namespace)
	const members = 3
	k.safe(k.joined(statefulSetLabel, members, settle))
	k.do("rollout", "status", "statefulset/filbert", "--timeout=60s")
	client := connect(t, func(config *hazelcast.Config) {
		config.Cluster.RedoOperation = true
	}, "filbert."+k.namespace+".svc.cluster.local")
	fill(t, client, "still")
	l := startLoad(t, client, "forced")
	for round := range rounds(t) {
		victim := k.pods(statefulSetLabel)[round%members]
		l.pause()
		began := time.Now()
		k.do("delete", "pod", victim.Name, "--force", "--grace-period=0")
		k.eventually(2*settle, "another pod is there", func() error {
			for _, p := range k.pods(statefulSetLabel) {
				if p.Name == victim.Name && p.UID != victim.UID && p.IP != "" {
					return nil
				}
			}
			return errUnsafe
		})
		k.safe(k.joined(statefulSetLabel, members, 2*settle))
		t.Logf("%s deleted by force: whole again after %s, longest pause of writes %s",
			victim.Name, time.Since(began).Round(time.Millisecond), l.pause())
	}
	l.verify()
	complete(t, client, "still", "after the deletions")
}

const (
	million      = 1_000_000
	millionBatch = 2000
)

// TestMillionEntries scales four pods with a map of a million entries to one,
// under load. The pods have the memory of the recommended StatefulSet.
func TestMillionEntries(t *testing.T) {
	k := newKube(t)
	k.create("statefulset/filbert.yaml", "namespace: default", "namespace: "+k.namespace, "replicas: 3", "replicas: 4")
	k.safe(k.joined(statefulSetLabel, 4, settle))
	k.do("rollout", "status", "statefulset/filbert", "--timeout=60s")
	client := connect(t, func(config *hazelcast.Config) {
		config.Cluster.RedoOperation = true
	}, "filbert."+k.namespace+".svc.cluster.local")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	m, err := client.GetMap(ctx, "million")
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]types.Entry, millionBatch)
	for from := 0; from < million; from += millionBatch {
		for i := range batch {
			batch[i] = types.Entry{Key: int64(from + i), Value: int64(from+i) * 3}
		}
		if err := m.PutAll(ctx, batch...); err != nil {
			t.Fatalf("putAll at %d: %v", from, err)
		}
	}
	k.logMemory("filled")
	l := startLoad(t, client, "scaling")
	began := time.Now()
	k.do("scale", "statefulset", "filbert", "--replicas=1")
	k.safe(k.joined(statefulSetLabel, 1, 5*settle))
	t.Logf("four pods became one in %s, longest pause of writes %s", time.Since(began).Round(time.Millisecond), l.pause())
	k.logMemory("alone")
	l.verify()
	if size, err := m.Size(ctx); err != nil || size != million {
		t.Errorf("%d entries (%v), want %d", size, err, million)
	}
	missing := 0
	for from := 0; from < million; from += millionBatch {
		keys := make([]any, millionBatch)
		for i := range keys {
			keys[i] = int64(from + i)
		}
		got, err := m.GetAll(ctx, keys...)
		if err != nil {
			t.Fatalf("getAll at %d: %v", from, err)
		}
		missing += millionBatch
		for _, e := range got {
			if key, _ := e.Key.(int64); e.Value == any(key*3) {
				missing--
			}
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d entries are missing", missing, million)
	}
	for _, p := range k.pods(statefulSetLabel) {
		if p.Restarts > 0 {
			t.Errorf("%s was restarted", p.Name)
		}
	}
}

// logMemory notes the most memory that each pod has had: control groups of
// version 1 say it in a file of the controller for memory, those of version 2 in
// one of the group.
func (k *kube) logMemory(when string) {
	k.t.Helper()
	for _, p := range k.pods(statefulSetLabel) {
		for _, mount := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup"} {
			for _, file := range peaks(filepath.Join(mount, world.rig.Name()), p.ContainerID) {
				if text, err := os.ReadFile(file); err == nil {
					n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
					k.t.Logf("%s: %s has had %d MiB at most", when, p.Name, n>>20)
				}
			}
		}
	}
}

// peaks are the files that hold a container's greatest use of memory. Groups
// come and go meanwhile.
func peaks(group, container string) (files []string) {
	_ = filepath.WalkDir(group, func(path string, entry fs.DirEntry, _ error) error {
		peak := entry != nil && (entry.Name() == "memory.max_usage_in_bytes" || entry.Name() == "memory.peak")
		if peak && strings.Contains(path, container) {
			files = append(files, path)
		}
		return nil
	})
	return files
}
