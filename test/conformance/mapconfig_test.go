package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestMapConfiguration: maps take their configuration by wildcard.
func TestMapConfiguration(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.config = filepath.Join(t.TempDir(), "hazelcast.yaml")
	text := yaml(`map:
    short-*:
      time-to-live-seconds: 1
    idle-*:
      max-idle-seconds: 2 # counted from the full second of the last access
    capped-*:
      eviction:
        size: 300
        max-size-policy: PER_NODE
        eviction-policy: LRU
    bare-*:
      backup-count: 0
`)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.add()
	client := c.client(smart)

	for _, name := range []string{"short-a", "idle-a"} {
		m, other := getMap(t, client, name), getMap(t, client, "plain-"+name)
		start := time.Now()
		err := first(
			m.Set(t.Context(), "k", "v"),
			other.Set(t.Context(), "k", "v"),
			m.SetWithTTLAndMaxIdle(t.Context(), "own", "v", time.Hour, time.Hour),
			eventually(t.Context(), eventTimeout, func() error {
				return answer[int]("size of "+name, 1)(m.Size(t.Context()))
			}),
			answer[any]("an entry with times of its own", "v")(m.Get(t.Context(), "own")),
			answer[any]("an entry of another map", "v")(other.Get(t.Context(), "k")),
		)
		if err != nil {
			t.Error(err)
		}
		if lived := time.Since(start); lived < time.Second {
			t.Errorf("%s: the entry lived for %v only", name, lived)
		}
	}

	capped := getMap(t, client, "capped-a")
	for i := range int64(2000) {
		if err := capped.Set(t.Context(), i, i); err != nil {
			t.Fatal(err)
		}
	}
	// Eviction is by partition, so the bound is not sharp.
	if size, err := capped.Size(t.Context()); err != nil || size > 600 || size < 100 {
		t.Errorf("a map of at most 300 entries has %d (%v)", size, err)
	}
	if v, err := capped.Get(t.Context(), int64(1999)); err != nil || v != any(int64(1999)) {
		t.Errorf("the newest entry is %v (%v)", v, err)
	}
	bare := getMap(t, client, fmt.Sprintf("bare-%d", 1))
	if err := first(bare.Set(t.Context(), "k", "v"), answer[any]("get", "v")(bare.Get(t.Context(), "k"))); err != nil {
		t.Error(err)
	}
}
