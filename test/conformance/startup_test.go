package conformance

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startFailure is how long a member may take to find out that it cannot start.
const startFailure = 20 * time.Second

// TestStartFailures: a member that cannot start says why in one line and exits
// with a status that is not zero.
func TestStartFailures(t *testing.T) {
	t.Parallel()
	taken, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	takenPort := taken.Addr().(*net.TCPAddr).Port

	cases := map[string]struct {
		port   int
		config string // name of the file
		text   string // content of the file; empty: there is no file
		says   []string
	}{
		"port in use":         {port: takenPort, says: []string{strconv.Itoa(takenPort), "in use"}},
		"no such file":        {config: "absent.yaml", says: []string{"absent.yaml"}},
		"not yaml":            {config: "broken.yaml", text: "hazelcast:\n  map: [\n", says: []string{"broken.yaml"}},
		"not xml":             {config: "broken.xml", text: "<hazelcast><map", says: []string{"broken.xml"}},
		"wrong number":        {config: "number.yaml", text: yaml("map:\n    m:\n      backup-count: seven\n"), says: []string{"number.yaml", "backup-count"}},
		"wrong range":         {config: "range.yaml", text: yaml("map:\n    m:\n      backup-count: 17\n"), says: []string{"backup-count"}},
		"wrong word":          {config: "word.yaml", text: yaml("map:\n    m:\n      eviction:\n        eviction-policy: OLDEST\n"), says: []string{"OLDEST", "LRU"}},
		"unknown file format": {config: "config.ini", text: "x=1\n", says: []string{"config.ini"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := memberSpec{cluster: "start-failure", port: tc.port, join: []string{"127.0.0.1"}}
			if spec.port == 0 {
				spec.port = freePort(t)
			}
			if tc.config != "" {
				spec.config = filepath.Join(t.TempDir(), tc.config)
			}
			if tc.text != "" {
				if err := os.WriteFile(spec.config, []byte(tc.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m := startMember(t, spec)
			var exit *exec.ExitError
			if err := m.awaitExit(startFailure); !errors.As(err, &exit) {
				t.Errorf("the member ended with %v, want a status that is not zero", err)
			}
			checkOneLine(t, m, tc.says)
		})
	}
}

func yaml(body string) string { return "hazelcast:\n  " + body }

// checkOneLine finds exactly one line that says everything, and nothing that
// looks like a program that broke.
func checkOneLine(t *testing.T, m *member, says []string) {
	t.Helper()
	found := 0
	for _, line := range m.log.lines() {
		all := true
		for _, s := range says {
			all = all && strings.Contains(line, s)
		}
		if all {
			found++
		}
		if strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "Usage:") {
			t.Errorf("the output holds %q", line)
		}
	}
	if found != 1 {
		t.Errorf("%d lines name %q, want one:\n%s", found, says, m.log.tail(20))
	}
}

// TestUnknownConfigurationStarts: what a member does not know, and classes of
// Java, are no reason not to start.
func TestUnknownConfigurationStarts(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.config = filepath.Join(t.TempDir(), "hazelcast.xml")
	text := `<?xml version="1.0" encoding="UTF-8"?>
<hazelcast xmlns="http://www.hazelcast.com/schema/config">
  <no-such-element>1</no-such-element>
  <map name="stored">
    <map-store enabled="true"><class-name>com.example.Store</class-name></map-store>
  </map>
  <serialization>
    <portable-factories><portable-factory factory-id="1">com.example.Factory</portable-factory></portable-factories>
  </serialization>
</hazelcast>`
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := c.add()
	if !strings.Contains(m.log.text(), "no-such-element") {
		t.Errorf("the log does not name the unknown element:\n%s", m.log.tail(20))
	}
	stored := getMap(t, c.client(smart), "stored")
	if err := first(stored.Set(t.Context(), "k", "v"), answer[any]("get", "v")(stored.Get(t.Context(), "k"))); err != nil {
		t.Error(err)
	}
}
