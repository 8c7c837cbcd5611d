package imap

import (
	"bufio"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/store"
)

const page = "../../../docs/formats/effects-map.md"

// golden are the effects whose bytes the page shows, by the name they have there.
func golden() map[string][]byte {
	l := lock{owner: [16]byte{0: 0xC1, 15: 0x0A}, thread: 7, reference: 3, count: 2, deadline: 1_000_000}
	access := packed.AppendUvarint([]byte{effectAccess}, 1)
	access = packed.AppendUint32(access, 0xAABBCCDD)
	access = packed.AppendUvarint(access, 1_000_000)
	access = packed.AppendUvarint(access, 5)
	calls := repeats{calls: []answeredCall{{l.owner, 3, true}, {l.owner, 4, false}}}
	clearing := packed.AppendUvarint([]byte{effectClear}, 1)
	return map[string][]byte{
		"put": appendPut(nil, []byte("key"), []byte("value"), &store.Meta{Version: 1}),
		"put with all": appendPut(nil, []byte("key"), []byte("value"), &store.Meta{
			Version: 300, Counters: true, Created: 1000, Updated: 2000, Accessed: 3000, Hits: 4,
			TTL: 500, MaxIdle: 600, Deadline: 2500, IdleSince: 3000,
		}),
		"remove":           appendRemove(nil, []byte("key")),
		"clear":            packed.AppendBytes(clearing, []byte("key")),
		"lock":             appendLock(nil, []byte("key"), &l),
		"unlock":           appendUnlock(nil, []byte("key")),
		"unlock by a call": calls.calls[0].append(appendUnlock(nil, []byte("key"))),
		"access":           access,
		"news":             (&fragment{s: New(Options{}), news: news{since: 9, latest: 10, hashes: []uint32{0xAABBCCDD}}}).appendNews(nil),
		"meta":             appendMeta(nil, []byte("key"), &store.Meta{TTL: 500, Deadline: 2500}),
		"calls":            calls.appendCalls(nil),
		"no calls":         (&repeats{}).appendCalls(nil),
	}
}

// TestGoldenBytes compares what effects look like with docs/formats/effects-map.md, line by line of its
// examples: "name: bytes" in the blocks of kind effect.
func TestGoldenBytes(t *testing.T) {
	file, err := os.Open(page)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	shown := map[string]string{}
	in := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "```") {
			in = line == "```effects"
			continue
		}
		if name, bytes, ok := strings.Cut(line, ":"); in && ok {
			shown[name] = strings.ReplaceAll(bytes, " ", "")
		}
	}
	arena := NewArena(t)
	for name, effect := range golden() {
		if got := hex.EncodeToString(effect); got != shown[name] {
			t.Errorf("%s: %s, the page says %s", name, got, shown[name])
		}
		f := New(Options{Arena: arena, Config: func(string) Config { return Config{} }}).NewFragment(0, "m")
		if err := f.Apply(effect); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(shown) != len(golden()) {
		t.Errorf("the page shows %d effects, want %d", len(shown), len(golden()))
	}
}

// FuzzApply feeds garbage to a backup: it must refuse or apply it, and applying it twice must be the same as once.
func FuzzApply(f *testing.F) {
	for _, effect := range golden() {
		f.Add(effect)
	}
	arena := NewArena(f)
	f.Fuzz(func(t *testing.T, effect []byte) {
		s := New(Options{Arena: arena, Config: func(string) Config { return Config{} }})
		fragment := s.NewFragment(0, "m")
		defer fragment.Release()
		for _, before := range []string{"put with all", "lock", "put", "calls"} {
			if err := fragment.Apply(golden()[before]); err != nil {
				t.Fatal(err)
			}
		}
		if fragment.Apply(effect) != nil {
			return
		}
		once := strings.Join(s.Describe(), "\n")
		if err := fragment.Apply(effect); err != nil {
			t.Fatal(err)
		}
		if twice := strings.Join(s.Describe(), "\n"); twice != once {
			t.Errorf("applied once: %s\ntwice: %s", once, twice)
		}
	})
}
