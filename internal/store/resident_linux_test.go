package store_test

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
)

// resident is the memory of the process, in bytes, by the second number of statm.
func resident(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(b)[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestReportedIsResident compares what tables and arena say that they hold with what the process has grown by, in a grid of
// partitions that fills, loses most of what it has, and is emptied.
func TestReportedIsResident(t *testing.T) {
	const (
		n       = 400_000
		payload = n * (keyBytes + valueBytes)
		// rest is what the test itself may move.
		rest = 4 << 20
	)
	before := resident(t)
	g := newGrid(t, n)
	grown := resident(t) - before
	for what, reported := range map[string]int64{"tables": g.bytes(), "arena": g.arena.Stats().Resident} {
		if diff := reported - grown; max(diff, -diff) > grown/10+rest {
			t.Errorf("the %s report %d bytes, the process has grown by %d", what, reported, grown)
		}
	}
	overhead := float64(grown-payload) / n
	t.Logf("%d entries of %d bytes: %.1f bytes of overhead by the tables' books, %.1f by the process", n, keyBytes+valueBytes,
		float64(g.bytes()-payload)/n, overhead)
	if overhead > 40+rest/n {
		t.Errorf("%.1f bytes of overhead per entry", overhead)
	}
	var key [keyBytes]byte
	for i := range n {
		if i%10 != 0 {
			table, hash := g.keyOf(key[:], i)
			e, _ := table.Get(hash, key[:])
			table.Remove(e)
			table.Tidy()
		}
	}
	g.arena.Tidy()
	grown = resident(t) - before
	t.Logf("a tenth is left: %d bytes by the tables' books, %+v by the arena's, %d by the process", g.bytes(), g.arena.Stats(), grown)
	if grown > payload/10*3+rest {
		t.Errorf("a tenth is left of %d bytes, but %d of the process", payload, grown)
	}
	g.reset()
	g.arena.Tidy()
	if grown := resident(t) - before; grown > rest {
		t.Errorf("nothing is left, but %d bytes of the process", grown)
	}
}
