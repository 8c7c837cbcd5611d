//go:build upgrade

package conformance

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests of this file run members of the release before beside those that are built here: make upgrade-test. The
// other one's binary is FILBERT_PREVIOUS_BIN, which scripts/previous-release.sh builds.

// The versions of the two builds, and what a member says that a cluster cannot take.
const (
	previousVersion = "0.1"
	currentVersion  = "0.2"
	refusedThere    = "a member that wants to join is refused"
	refusedHere     = "the cluster refuses this member"
)

func previousBinary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("FILBERT_PREVIOUS_BIN")
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		t.Fatalf("FILBERT_PREVIOUS_BIN %q is not the binary of the release before; run make upgrade-test", path)
	}
	return path
}

// clusterVersion asks a member for the version of its cluster, "" from one that knows of none.
func (m *member) clusterVersion(body string) (status int, answer string) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+address(m.port)+"/hazelcast/rest/management/cluster/version", strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatalf("member %d: %v", m.port, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, string(text)
}

// talks fails unless every new member says that the cluster is of a version.
func (c *cluster) talks(version string, members ...*member) {
	c.t.Helper()
	want := fmt.Sprintf(`{"status":"success","version":%q}`, version)
	for _, m := range members {
		if code, got := m.clusterVersion(""); code != http.StatusOK || got != want {
			c.t.Errorf("member %d: %d %s, want %s", m.port, code, got, want)
		}
	}
}

// replace starts a member of a binary, and then lets an older one leave. Nobody misses anything meanwhile.
func (c *cluster) replace(old *member, binary string) *member {
	c.t.Helper()
	c.binary = binary
	fresh := c.add()
	c.settle()
	c.leave(old)
	c.settle()
	return fresh
}

// quiet fails when a member has logged an error, or a connection that ended because a frame was not understood.
func (c *cluster) quiet(members ...*member) {
	c.t.Helper()
	for _, m := range members {
		for _, line := range m.log.lines() {
			if strings.Contains(line, "a list of another history came in") {
				continue // the last list of a coordinator that has left, which comes after its heir's
			}
			for _, sign := range []string{"ERROR", "unknown frame", "malformed", "cannot be read"} {
				if strings.Contains(line, sign) {
					c.t.Errorf("member %d: %s", m.port, line)
				}
			}
		}
	}
}

// awaitLog waits until a member has said something.
func (m *member) awaitLog(text string) {
	m.t.Helper()
	m.await("line "+text, joinTimeout, func() bool { return strings.Contains(m.log.text(), text) })
}

// writing runs a load until the returned function is called, which checks that everything acknowledged is there.
func (c *cluster) writing() (l *load, end func()) {
	c.t.Helper()
	m := getMap(c.t, c.client(smart), "load")
	l = &load{acked: map[string]int64{}}
	ctx, stop := context.WithCancel(c.t.Context())
	var writers sync.WaitGroup
	for i := range loadWriters {
		writers.Go(func() { l.run(ctx, m, i) })
	}
	l.awaitWrites(c.t, 500)
	return l, sync.OnceFunc(func() {
		c.t.Helper()
		l.awaitWrites(c.t, 500)
		stop()
		writers.Wait()
		fresh := getMap(c.t, c.client(unisocket), "load") // has no connection that could hide a lost member
		l.check(c.t, fresh)
	})
}

// previousCluster is three members of the release before, with addresses for some more members, and the binary of that release.
func previousCluster(t *testing.T, more int) (c *cluster, members []*member, binary string) {
	t.Helper()
	c, binary = newCluster(t), previousBinary(t)
	for range more {
		c.ports = append(c.ports, freePort(t))
	}
	c.binary = binary
	for range 3 {
		c.add()
	}
	c.settle()
	return c, slices.Clone(c.members), binary
}

// TestUpgrade: three members of the release before are replaced one by one while a client writes. Until the version is
// raised, the cluster talks as they did, and one of them may still join; afterwards it may not.
func TestUpgrade(t *testing.T) {
	c, old, previous := previousCluster(t, 2)
	l, end := c.writing()
	defer end()
	l.ends = 4

	var fresh []*member
	for i, o := range old {
		fresh = append(fresh, c.replace(o, ""))
		c.talks(previousVersion, fresh...)
		l.awaitWrites(t, 500)
		if i == len(old)-1 {
			break
		}
		code, answer := fresh[0].clusterVersion(c.name + "&&" + currentVersion)
		if code != http.StatusInternalServerError || !strings.Contains(answer, "not every member speaks that version") ||
			!strings.Contains(answer, "speaks "+previousVersion) {
			t.Errorf("a raise with old members: %d %s", code, answer)
		}
	}
	c.binary = previous
	back := c.add() // before the raise
	c.settle()
	c.leave(back)
	c.settle()
	c.talks(previousVersion, fresh...)

	for body, want := range map[string]int{
		"other-name&&" + currentVersion: http.StatusForbidden,
		c.name + "&&0.9":                http.StatusInternalServerError,
		c.name + "&&" + previousVersion: http.StatusOK, // it is of that version
		c.name:                          http.StatusBadRequest,
	} {
		if code, answer := fresh[0].clusterVersion(body); code != want {
			t.Errorf("%s: %d %s, want %d", body, code, answer, want)
		}
	}
	if code, answer := fresh[1].clusterVersion(c.name + "&&" + currentVersion); code != http.StatusOK {
		t.Fatalf("the raise: %d %s", code, answer)
	}
	c.talks(currentVersion, fresh...)
	for _, m := range fresh {
		m.awaitLog("the cluster's version is raised")
	}
	if code, answer := fresh[0].clusterVersion(c.name + "&&" + previousVersion); code != http.StatusInternalServerError || !strings.Contains(answer, "never lowered") {
		t.Errorf("lowered: %d %s", code, answer)
	}
	c.quiet(slices.Concat(old, fresh, []*member{back})...)

	c.binary = previous
	late := c.start()
	c.forget(late)
	late.awaitLog(refusedHere)
	if !strings.Contains(late.log.text(), "the cluster is of version "+currentVersion) {
		t.Errorf("the old member does not say why:\n%s", late.log.tail(10))
	}
	said := func() bool {
		return slices.ContainsFunc(fresh, func(m *member) bool { return strings.Contains(m.log.text(), refusedThere) })
	}
	fresh[0].await("a line about the refused member", joinTimeout, said)
	if late.health("/ready") == http.StatusOK {
		t.Error("the old member is ready")
	}
	late.kill()
	c.binary = ""
	c.add()
	c.settle()
	c.talks(currentVersion, c.members...)
	end()
	figure("upgrade_acknowledged", l.count(), "writes")
	figure("upgrade_unknown_outcomes", l.failed, "writes")
	figure("upgrade_longest_pause", milliseconds(l.pause(l.first())), "ms")
}

// first is when the first write was acknowledged.
func (l *load) first() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first time.Time
	for _, acks := range l.ackedAt {
		if len(acks) > 0 && (first.IsZero() || acks[0].Before(first)) {
			first = acks[0]
		}
	}
	return first
}

// TestUpgradeIsTakenBack: two of three are new already when the old build is wanted again. One is killed, as a rollback in a
// hurry would.
func TestUpgradeIsTakenBack(t *testing.T) {
	c, old, previous := previousCluster(t, 0)
	l, end := c.writing()
	defer end()
	l.ends = 5
	one := c.replace(old[0], "") // the coordinator: the next old one takes over
	two := c.replace(old[1], "")
	c.replace(one, previous)
	c.crash(two)
	c.settle()
	c.add()
	c.settle()
	c.leave(old[2])
	c.settle()
	end()
	c.quiet(c.members...)
}

// TestUpgradeOfTheFounder: a cluster that a new member founds for old ones is of their version, by its configuration; it raises
// itself when the last old one has gone.
func TestUpgradeOfTheFounder(t *testing.T) {
	previous := previousBinary(t)
	c := newCluster(t)
	maps.Copy(c.env, map[string]string{
		"JAVA_OPTS": "-Dhazelcast.init.cluster.version=" + previousVersion + " -Dhazelcast.cluster.version.auto.upgrade.enabled=true" +
			" -Dhazelcast.cluster.version.auto.upgrade.min.cluster.size=2",
	})
	founder := c.add()
	c.talks(previousVersion, founder)
	c.binary = previous
	guests := []*member{c.add(), c.add()}
	c.settle()
	l, end := c.writing()
	defer end()
	l.ends = 2
	c.talks(previousVersion, founder)
	for _, g := range guests {
		c.replace(g, "")
	}
	founder.awaitLog("the cluster's version is raised")
	for _, m := range c.members {
		m.awaitLog("the cluster's version is raised")
	}
	c.talks(currentVersion, c.members...)
	end()
	c.quiet(c.members...)
}
