package conformance

import (
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// strangerTries is how often each opening of a scanner is tried.
const strangerTries = 20

// TestStrangersAtTheMemberPort: who cannot be of the cluster is told why, the
// cluster says why, too, and goes on as if nobody had been there.
func TestStrangersAtTheMemberPort(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 2)
	first, second := c.members[0], c.members[1]
	first.awaitMembers(2)
	version := first.log.members().version
	stop := watchBystander(t, getMap(t, c.client(smart), "bystander"))
	stranger := func(t *testing.T, name string, env map[string]string) *member {
		t.Helper()
		spec := memberSpec{cluster: name, port: freePort(t), join: c.running(), env: maps.Clone(env)}
		return startMember(t, spec)
	}
	t.Run("cluster name", func(t *testing.T) {
		m := stranger(t, "another", nil)
		m.awaitReady() // it founds a cluster of its own
		m.awaitLine("not of this cluster", address(first.port)[strings.Index(address(first.port), ":"):], "different cluster name")
		first.awaitLine("member connection refused", "different cluster name")
		m.awaitMembers(1)
	})
	t.Run("partition count", func(t *testing.T) {
		m := stranger(t, c.name, map[string]string{"HZ_PROPERTIES_HAZELCAST_PARTITION_COUNT": "13"})
		m.awaitLine("WARN", "not of this cluster", "different partition count")
		first.awaitLine("member connection refused", "different partition count")
		if m.health("/ready") == http.StatusOK {
			t.Error("it founded a cluster beside the one of its name")
		}
	})
	t.Run("address of another", func(t *testing.T) {
		m := stranger(t, c.name, map[string]string{"HZ_NETWORK_PUBLICADDRESS": address(second.port)})
		m.awaitLine("the cluster refuses this member", "has the same address")
		first.awaitLine("a member that wants to join is refused", "has the same address")
	})
	t.Run("scanner", func(t *testing.T) { scan(t, second) })
	stop()
	for _, m := range c.members {
		if list := m.log.members(); list.version != version || len(list.members) != 2 {
			t.Errorf("member %d has version %d of the list with %d members, had version %d", m.port, list.version, len(list.members), version)
		}
	}
}

// scan opens connections as scanners do: most of them speak as members first.
func scan(t *testing.T, m *member) {
	t.Helper()
	garbage := make([]byte, 4096)
	_, _ = rand.Read(garbage)
	for _, opening := range []string{
		"", "FLB", "FLB\x00\x00\x00\x00", "FLB\xff\xff\xff\xff", "FLB\x10\x00\x00\x00", "FLB" + string(garbage),
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "SSH-2.0-scan\r\n", "GET /../../etc/passwd HTTP/1.0\r\n\r\n", "\x00\x00\x00\x00",
	} {
		for range strangerTries {
			conn, err := dialRaw(address(m.port))
			if err != nil {
				t.Fatalf("%q: %v", opening, err)
			}
			if _, err := io.WriteString(conn, opening); err != nil {
				t.Logf("%.10q: %v", opening, err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Millisecond)) // an answer, if any
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}
}

// TestConfigurationOfAMapDiffers: the configuration that a map has in the
// cluster counts, and a member that was told another one says both.
func TestConfigurationOfAMapDiffers(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	write := func(body string) {
		t.Helper()
		c.config = filepath.Join(t.TempDir(), "hazelcast.yaml")
		if err := os.WriteFile(c.config, []byte(yaml(body)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("map:\n    short: {time-to-live-seconds: 1}\n")
	c.add()
	m := getMap(t, c.client(smart), "short")
	if err := m.Set(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	write("map:\n    short: {time-to-live-seconds: 3600}\n")
	late := c.add()
	late.awaitLine("differs from the cluster's", "structure=short")
	checkOneLine(t, late, []string{"differs from the cluster's", "structure=short", `TTL\":1000`, `TTL\":3600000`})
	c.settle()
	c.leave(c.members[0]) // only the one whose file differs is left
	if err := m.Set(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	if err := eventually(t.Context(), eventTimeout, func() error {
		return answer[any]("an entry of a second", nil)(m.Get(t.Context(), "k"))
	}); err != nil {
		t.Error(err)
	}
}
