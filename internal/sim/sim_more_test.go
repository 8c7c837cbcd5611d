package sim

import (
	"os"
	"path/filepath"
	"testing"
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
