//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kube is kubectl in a namespace that belongs to one test.
type kube struct {
	t         *testing.T
	namespace string
	// hasRole: its pods may ask the Kubernetes API.
	hasRole bool
}

// deployFolder holds the files that people apply.
const deployFolder = "../../../deploy/kubernetes"

// settle bounds what must happen soon, on a busy machine with two cores.
const settle = 60 * time.Second

// newKube makes a namespace, and removes it with all that is in it in the end.
func newKube(t *testing.T) *kube {
	t.Helper()
	k := &kube{t: t, namespace: namespaceFor(t.Name())}
	k.must(k.cluster("create", "namespace", k.namespace))
	t.Cleanup(k.remove)
	// Pods made before the namespace has its account would be tried again
	// with a growing delay.
	k.must(k.run("wait", "--for=create", "serviceaccount/default", "configmap/kube-root-ca.crt", "--timeout=30s"))
	return k
}

// eachRole runs a test in a namespace whose pods may not ask the Kubernetes API, and in one whose pods may.
func eachRole(t *testing.T, test func(k *kube)) {
	t.Helper()
	t.Run("without Role", func(t *testing.T) { test(newKube(t)) })
	t.Run("with Role", func(t *testing.T) {
		k := newKube(t)
		k.hasRole = true
		k.create("role.yaml", "namespace: default", "namespace: "+k.namespace)
		test(k)
	})
}

// namespaceFor makes a legal name out of a test's.
func namespaceFor(test string) string {
	name := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + ('a' - 'A')
		}
		return '-'
	}, strings.TrimPrefix(test, "Test"))
	const most = 40 // of 63, to leave some for what is derived from it
	return strings.Trim(name[:min(len(name), most)], "-") + fmt.Sprintf("-%04x", time.Now().UnixNano()&0xffff)
}

func (k *kube) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	if k.t.Failed() {
		k.keepLogs(ctx)
	}
	k.wipe(ctx)
	if _, err := world.rig.Kubectl(ctx, "delete", "namespace", k.namespace, "--wait=false"); err != nil {
		k.t.Logf("the namespace stays: %v", err)
	}
}

// wipe removes all pods and their makers, without waiting for their goodbyes.
func (k *kube) wipe(ctx context.Context) {
	for _, args := range [][]string{
		{"delete", "rc,statefulset", "--all", "--wait=false", "--cascade=background"},
		{"delete", "pods", "--all", "--grace-period=1"},
	} {
		if _, err := world.rig.Kubectl(ctx, append([]string{"--namespace", k.namespace}, args...)...); err != nil {
			k.t.Logf("wipe: %v", err)
		}
	}
}

// run is kubectl in the test's namespace.
func (k *kube) run(args ...string) (string, error) {
	return k.cluster(append([]string{"--namespace", k.namespace}, args...)...)
}

// cluster is kubectl without a namespace.
func (k *kube) cluster(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(k.t.Context(), 4*settle)
	defer cancel()
	return world.rig.Kubectl(ctx, args...)
}

// do is kubectl in the test's namespace; it must succeed.
func (k *kube) do(args ...string) string {
	k.t.Helper()
	return k.must(k.run(args...))
}

// input is do with a manifest on the standard input.
func (k *kube) input(manifest string, args ...string) string {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), settle)
	defer cancel()
	return k.must(world.rig.KubectlInput(ctx, manifest, append([]string{"--namespace", k.namespace}, args...)...))
}

func (k *kube) must(output string, err error) string {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
	return output
}

// create applies a file of deploy/kubernetes with the image line replaced and,
// where a test says so, something else.
func (k *kube) create(file string, replace ...string) {
	k.t.Helper()
	k.input(manifest(k.t, file, replace...), "create", "-f", "-")
}

// manifest reads a file of deploy/kubernetes, with our image in the image line.
func manifest(t *testing.T, file string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployFolder, file))
	if err != nil {
		t.Fatal(err)
	}
	var result strings.Builder
	for line := range strings.Lines(string(text)) {
		if before, _, ok := strings.Cut(line, "image: "); ok && strings.Trim(before, " -") == "" {
			line = before + "image: " + world.image + "\n"
		}
		result.WriteString(line)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(result.String(), replace[i]) {
			t.Fatalf("%s has no %q to replace", file, replace[i])
		}
		changed := strings.ReplaceAll(result.String(), replace[i], replace[i+1])
		result.Reset()
		result.WriteString(changed)
	}
	return result.String()
}

// pod is what a test wants to know of a pod.
type pod struct {
	Name, UID, IP string
	Phase         string
	Ready         bool
	Leaving       bool
	ContainerID   string
	Restarts      int
}

// pods lists the pods with a label, those that are going included.
func (k *kube) pods(selector string) []pod {
	k.t.Helper()
	var list struct {
		Items []struct {
			Metadata struct{ Name, UID, DeletionTimestamp string }
			Status   struct {
				Phase, PodIP      string
				ContainerStatuses []struct {
					ContainerID  string
					Ready        bool
					RestartCount int
				}
			}
		}
	}
	k.decode(&list, "get", "pods", "--selector", selector, "--output", "json")
	pods := make([]pod, 0, len(list.Items))
	for _, item := range list.Items {
		p := pod{
			Name: item.Metadata.Name, UID: item.Metadata.UID, IP: item.Status.PodIP,
			Phase: item.Status.Phase, Leaving: item.Metadata.DeletionTimestamp != "",
		}
		for _, c := range item.Status.ContainerStatuses {
			p.ContainerID, p.Ready, p.Restarts = strings.TrimPrefix(c.ContainerID, "containerd://"), c.Ready, c.RestartCount
		}
		pods = append(pods, p)
	}
	return pods
}

// decode reads the JSON that a kubectl command prints.
func (k *kube) decode(into any, args ...string) {
	k.t.Helper()
	if err := json.Unmarshal([]byte(k.do(args...)), into); err != nil {
		k.t.Fatalf("kubectl %v: %v", args, err)
	}
}

// eventually polls until the condition holds, and fails with its last error.
func (k *kube) eventually(limit time.Duration, what string, holds func() error) {
	k.t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			k.t.Fatalf("not within %s: %s: %v", limit, what, err)
		case <-k.t.Context().Done():
			k.t.Fatalf("%s: %v: %v", what, k.t.Context().Err(), err)
		case <-ticker.C:
		}
	}
}

// stays polls for the whole time and fails when the condition ever does not hold.
func (k *kube) stays(window time.Duration, what string, holds func() error) {
	k.t.Helper()
	end := time.NewTimer(window)
	defer end.Stop()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		if err := holds(); err != nil {
			k.t.Fatalf("%s: %v", what, err)
		}
		select {
		case <-end.C:
			return
		case <-k.t.Context().Done():
			k.t.Fatalf("%s: %v", what, k.t.Context().Err())
		case <-ticker.C:
		}
	}
}

// keepLogs keeps the pods' logs of a failed test and what Kubernetes says of
// them, in a folder if there is one, else in the test's output.
func (k *kube) keepLogs(ctx context.Context) {
	k.keepLog("kubernetes.log", func() ([]byte, error) {
		text, err := world.rig.Kubectl(ctx, "--namespace", k.namespace, "get", "events,pods,endpoints,endpointslices", "--output", "wide")
		return []byte(text), err
	})
	for _, file := range k.podFolders() {
		name := filepath.Base(filepath.Dir(filepath.Dir(file))) + "_" + filepath.Base(file)
		k.keepLog(name, func() ([]byte, error) { return os.ReadFile(file) })
	}
}

func (k *kube) keepLog(name string, read func() ([]byte, error)) {
	text, err := read()
	if err != nil {
		k.t.Logf("%s: %v", name, err)
		return
	}
	folder := os.Getenv("E2E_LOGS")
	if folder == "" {
		const most = 6000
		k.t.Logf("%s:\n%s", name, text[max(0, len(text)-most):])
		return
	}
	folder = filepath.Join(folder, k.namespace)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		k.t.Logf("%s: %v", name, err)
		return
	}
	file := filepath.Join(folder, name)
	k.t.Logf("kept %s (%v)", file, os.WriteFile(file, text, 0o600))
}

// podFolders are the log files of the namespace's containers, gone ones included
// as long as the kubelet keeps them.
func (k *kube) podFolders() []string {
	files, _ := filepath.Glob(filepath.Join(world.rig.Dir(), "pods", k.namespace+"_*", "*", "*.log"))
	return files
}
