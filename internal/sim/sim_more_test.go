package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// scriptSeeds is how often each script runs, each time with other delays.
const scriptSeeds = 10

func TestSimScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(scriptSeeds) {
				w, err := RunScript(Options{Seed: seed, Keep: testing.Verbose()}, string(text))
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, w.Trace())
				}
			}
		})
	}
}

// TestSimScriptsFail proves that a script can fail, and that nonsense is not passed over.
func TestSimScriptsFail(t *testing.T) {
	for name, text := range map[string]string{
		"wrong answer":  "start 1\nclient smart\nsettle\nput a 1\nget a = 2",
		"lost data":     "start 1\nclient smart\nsettle\nput a 1\ncrash m1\nstart 1\nsettle\nget a = none\ncheck",
		"members":       "start 1\nsettle\nmembers 2",
		"no command":    "begin 3",
		"no process":    "start 1\nsettle\ncrash m7",
		"no client":     "start 1\nsettle\nput a 1",
		"no such lane":  "start 2\nsettle\nbreak m1 m2 sideways",
		"not a number":  "start 1\nclient smart\nsettle\nput a b",
		"nobody serves": "start 1\nclient smart\nsettle\npause m1 10m\nput a 1",
	} {
		t.Run(name, func(t *testing.T) {
			if w, err := RunScript(Options{Seed: 1}, text); err == nil {
				t.Errorf("no error:\n%s", w.Trace())
			}
		})
	}
}

// TestSimReplays holds that a seed is all there is to a run: two runs have the same trace.
func TestSimReplays(t *testing.T) {
	hashes := map[uint64]uint64{}
	for seed := uint64(1); seed <= 6; seed++ {
		first, second := RunSeed(Options{Seed: seed}), RunSeed(Options{Seed: seed})
		if first.Hash() != second.Hash() || first.trace.count != second.trace.count {
			t.Errorf("seed %d: %d and %d lines, hashes %x and %x", seed, first.trace.count, second.trace.count, first.Hash(), second.Hash())
		}
		if other, ok := hashes[first.Hash()]; ok {
			t.Errorf("seeds %d and %d have the same trace", seed, other)
		}
		hashes[first.Hash()] = seed
	}
}

// A key is read once in the end, however its first reads went: seed 31266 counted one twice.
func TestHistoryNotesKeysOnce(t *testing.T) {
	var h history
	for _, unknown := range []bool{true, false, true} {
		h.put(record{operation: operation{kind: opGet, key: "k"}, outcome: outcome{unknown: unknown}})
	}
	if len(h.keys) != 1 || len(h.byKey["k"]) != 1 {
		t.Errorf("keys %v, %d records", h.keys, len(h.byKey["k"]))
	}
}

// TestSimHistoryOfUnknowns holds that a history with an order is found to have one, however many of its operations may have happened or not: the
// one of seed 14973, where eight clients ask for a lock, each answer is late, and each may have asked twice.
func TestSimHistoryOfUnknowns(t *testing.T) {
	w := NewWorld(Options{Seed: 1})
	for i := range 8 {
		began, client := time.Duration(i)*time.Millisecond, fmt.Sprintf("c%d", i)
		ask := operation{kind: opTryLock, key: lockPrefix + "k", began: began}
		w.history.put(record{ask, outcome{yes: i == 0}, client, time.Second})
		w.history.put(record{ask, outcome{unknown: true}, client, time.Second})
		w.history.put(record{operation{kind: opRelease, key: lockPrefix + "k", began: began}, outcome{unknown: true}, client, began})
	}
	w.history.put(record{operation{kind: opUnlock, key: lockPrefix + "k", began: 2 * time.Second}, outcome{}, "c0", 3 * time.Second})
	if err := w.Check(); err != nil {
		t.Error(err)
	}
	for _, c := range []string{"c8", "c9"} {
		w.history.put(record{operation{kind: opTryLock, key: lockPrefix + "other", began: 4 * time.Second}, outcome{yes: true}, c, 5 * time.Second})
	}
	if w.Check() == nil {
		t.Error("two clients have one lock")
	}
}
