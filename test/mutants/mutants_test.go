package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit is how long one test may take with a change: a promise that is broken may show itself by something that never ends.
const limit = 3 * time.Minute

// root is the project's folder.
func root(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// mutated is the file with the change.
func mutated(t *testing.T, m *Mutant) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), m.File))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(m.Old)); n != 1 {
		t.Fatalf("%q stands %d times in %s, not once", m.Old, n, m.File)
	}
	if strings.Count(m.Old, "\n") != strings.Count(m.New, "\n") {
		t.Fatalf("%q: more than a line changes", m.Old)
	}
	return bytes.Replace(text, []byte(m.Old), []byte(m.New), 1)
}

// TestList checks that every mutant still fits the code. It takes no time, and is part of every run.
func TestList(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		t.Run(name(&m), func(t *testing.T) {
			if seen[name(&m)] {
				t.Error("there are two of this name")
			}
			seen[name(&m)] = true
			_ = mutated(t, &m)
			found, err := filepath.Glob(filepath.Join(root(t), m.In, "*_test.go"))
			if err != nil || len(found) == 0 {
				t.Errorf("no tests in %s", m.In)
			}
			for test := range strings.SplitSeq(m.Test, "|") {
				function, _, _ := strings.Cut(strings.TrimSuffix(test, "$"), "/")
				if !slices.ContainsFunc(found, func(file string) bool {
					text, err := os.ReadFile(file)
					return err == nil && strings.Contains(string(text), "func "+function+"(t *testing.T)")
				}) {
					t.Errorf("no test %s in %s", test, m.In)
				}
			}
		})
	}
}

func name(m *Mutant) string {
	before, _, _ := strings.Cut(m.Promise, ":")
	return strings.ReplaceAll(before, " ", "_")
}

// TestMutants runs them, one after the other: each may keep all processors busy.
func TestMutants(t *testing.T) {
	if os.Getenv("MUTANTS") == "" {
		t.Log("only the list was checked: make mutants runs them")
		return
	}
	passes := map[string]bool{}
	caught := 0
	for _, m := range All() {
		t.Run(name(&m), func(t *testing.T) {
			if key := fmt.Sprint(m.In, m.Test, m.Args); !passes[key] {
				if output, err := run(t, &m, ""); err != nil {
					t.Fatalf("%s fails without any change:\n%s", m.Test, tail(output))
				}
				passes[key] = true
			}
			output, err := run(t, &m, overlay(t, &m))
			switch {
			case err == nil:
				t.Errorf("nobody noticed. %s\n%s: %s → %s\nwas not found by %s in %s", m.Promise, m.File, m.Old, m.New, m.Test, m.In)
			case !strings.Contains(output, "--- FAIL") && !strings.Contains(output, "panic:"):
				t.Errorf("the test did not run:\n%s", tail(output))
			default:
				caught++
				t.Logf("caught by %s %s: %s", m.In, m.Test, m.Promise)
			}
		})
	}
	fmt.Printf("figure: mutants_caught %d of %d\n", caught, len(All()))
}

// overlay writes the changed file and what tells the Go tool of it.
func overlay(t *testing.T, m *Mutant) string {
	t.Helper()
	folder := t.TempDir()
	changed := filepath.Join(folder, filepath.Base(m.File))
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root(t), m.File): changed}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "overlay.json")
	if err := errors.Join(os.WriteFile(changed, mutated(t, m), 0o600), os.WriteFile(file, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs a mutant's test; overlay is "" for the code as it is.
func run(t *testing.T, m *Mutant, overlay string) (output string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if !strings.HasPrefix(m.In, "test/") {
		args := []string{"test", "-count=1", "-run", m.Test, "-overlay", overlay, "./" + m.In}
		if len(m.Args) > 0 {
			args = append(append(args, "-args"), m.Args...)
		}
		return command(ctx, root(t), nil, args...)
	}
	binary := filepath.Join(t.TempDir(), "filbert")
	if output, err = command(ctx, root(t), nil, "build", "-overlay", overlay, "-o", binary, "./cmd/filbert"); err != nil {
		return output, err
	}
	return command(ctx, filepath.Join(root(t), m.In), []string{"FILBERT_BIN=" + binary}, "test", "-count=1", "-run", m.Test, ".")
}

func command(ctx context.Context, folder string, environment []string, args ...string) (output string, err error) {
	args = slices.DeleteFunc(args, func(a string) bool { return a == "" })
	if i := slices.Index(args, "-overlay"); i >= 0 && !strings.HasSuffix(args[i+1], ".json") {
		args = slices.Delete(args, i, i+1)
	}
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Env = folder, append(os.Environ(), environment...)
	both, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return string(both) + "--- FAIL: it does not end", err
	}
	return string(both), err
}

// tail is the end of an output.
func tail(output string) string {
	const most = 4000
	return output[max(0, len(output)-most):]
}
