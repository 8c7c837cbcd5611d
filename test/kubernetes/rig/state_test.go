package rig

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestStates writes a rig's state, reads it back, and finds rigs whose state is
// missing or cut off by their folder alone.
func TestStates(t *testing.T) {
	dir := t.TempDir()
	want := &state{
		Name: "rig-a", Dir: filepath.Join(dir, "rig-a"), Tools: "/x:/y", Detached: true,
		Owner:     Process{Name: "owner", PID: 7, Started: 8},
		Processes: []Process{{Name: keeperName, PID: 9, Started: 10}, {Name: "etcd", PID: 11, Started: 12}},
	}
	for _, name := range []string{"rig-a", "rig-b", "rig-c"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := want.save(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rig-c", stateFile), []byte(`{"Name": "rig-`), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := states(dir)
	if err != nil || len(found) != 3 {
		t.Fatalf("%d states (%v), want 3", len(found), err)
	}
	if got, _ := found[0].process("etcd"); got != want.Processes[1] || found[0].Owner != want.Owner || !found[0].Detached {
		t.Errorf("read %+v, want %+v", found[0], want)
	}
	for i, name := range []string{"rig-b", "rig-c"} {
		if s := found[i+1]; s.Name != name || s.Dir != filepath.Join(dir, name) || len(s.Processes) > 0 || s.Owner.alive() {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if none, err := states(filepath.Join(dir, "none")); err != nil || len(none) > 0 {
		t.Errorf("states of no folder: %v, %v", none, err)
	}
}

// TestAttachNeedsAChoice refuses to guess.
func TestAttachNeedsAChoice(t *testing.T) {
	dir := t.TempDir()
	if _, err := Attach("", Options{Dir: dir}); !errors.Is(err, ErrNoRig) {
		t.Errorf("attach to none: %v", err)
	}
	for _, s := range []state{{Name: "rig-a", Detached: true}, {Name: "rig-b"}, {Name: "rig-c", Detached: true}} {
		s.Dir = filepath.Join(dir, s.Name)
		if err := os.MkdirAll(s.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := s.save(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Attach("", Options{Dir: dir}); !errors.Is(err, ErrSeveralRigs) {
		t.Errorf("attach to one of two: %v", err)
	}
	if r, err := Attach("rig-b", Options{Dir: dir}); err != nil || r.Name() != "rig-b" {
		t.Errorf("attach by name: %v, %v", r, err)
	}
}

// TestProcess tells a process from another one with its id, and ends one that
// does not want to.
func TestProcess(t *testing.T) {
	stubborn := exec.CommandContext(t.Context(), "sh", "-c", "trap '' TERM; echo ready; while :; do read -r line || :; done")
	input, err := stubborn.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	output, err := stubborn.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stubborn.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := output.Read(make([]byte, 8)); err != nil { // its trap is set
		t.Fatal(err)
	}
	p, err := processOf("stubborn", stubborn.Process.Pid)
	if err != nil || !p.alive() {
		t.Fatalf("a running process: %+v, %v", p, err)
	}
	other := p
	other.Started++
	if other.alive() || other.signal(9) {
		t.Error("a later process with the same id is taken for the one that was recorded")
	}
	began := time.Now()
	p.stop(t.Context(), 200*time.Millisecond)
	if p.alive() {
		t.Error("it survived")
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("killed after %s, before its time was over", took)
	}
	if err := stubborn.Wait(); err == nil {
		t.Error("it ended by itself")
	}
}
