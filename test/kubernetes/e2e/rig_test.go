//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/filbertgrid/filbert/test/kubernetes/rig"
)

// envVictim makes this binary a process that starts a rig in that folder and is
// killed afterwards; rigVictim is it.
const envVictim = "E2E_RIG_VICTIM"

// TestSweep kills a process that has started a rig with a pod in it, and
// wants the next start to remove all of it.
func TestSweep(t *testing.T) {
	// A folder beside the usual one. Not the test's own: sockets are below it,
	// and their paths must be short.
	dir := rig.DefaultDir + "-sweep"
	options := rig.Options{Dir: dir, Tools: world.rig.Tools()}
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), envVictim+"="+dir)
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	victim.Stderr = os.Stderr
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	name := make([]byte, 64)
	n, err := output.Read(name) // it prints the name when the rig is up
	if err != nil {
		t.Fatal(err)
	}
	r, err := rig.Attach(strings.TrimSpace(string(name[:n])), options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Kubectl(t.Context(), "run", "sleeper", "--image=rig.local/pause:1", "--restart=Never"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Kubectl(t.Context(), "wait", "--for=condition=ready", "pod/sleeper", "--timeout=60s"); err != nil {
		t.Fatal(err)
	}
	if len(r.Processes()) < 10 { // nine parts, and the pod's
		t.Errorf("only %d processes in a rig with a pod", len(r.Processes()))
	}
	if err := victim.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()

	// Its owner is dead, and a part of it too.
	if err := rig.Sweep(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	if left := r.Processes(); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	if _, err := os.Stat(r.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is there: %v", err)
	}
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/" + r.Name())
	if len(groups) > 0 {
		t.Errorf("control groups are left: %v", groups)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || slices.ContainsFunc(strings.Split(string(mounts), "\n"), func(m string) bool {
		return strings.Contains(m, r.Name())
	}) {
		t.Errorf("mounts are left (%v):\n%s", err, mounts)
	}
}

// rigVictim starts a rig, says so, and waits to be killed.
func rigVictim(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	r, err := rig.Start(ctx, rig.Options{Dir: dir})
	if err != nil {
		return err
	}
	if _, err := os.Stdout.WriteString(r.Name() + "\n"); err != nil {
		return err
	}
	<-ctx.Done()
	return r.Close(context.WithoutCancel(ctx))
}
