package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

const (
	// silence is hazelcast.max.no.heartbeat.seconds of the members of these tests.
	silence = 3 * time.Second
	// noticed is what comes on top until the cluster goes on without a silent member.
	noticed = 2 * time.Second
	// silentKeys are enough for every member to be primary of some.
	silentKeys = 60
)

// suspend stops a process as a machine does that is out of memory, or a
// debugger, and returns when none of its threads runs. Its sockets stay open.
func (m *member) suspend() {
	m.t.Helper()
	_ = m.cmd.Process.Signal(syscall.SIGSTOP)
	m.await("threads that stand still", operationTimeout, m.standsStill)
}

// standsStill tells whether all threads are stopped, as far as the system says.
func (m *member) standsStill() bool {
	stats, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(m.cmd.Process.Pid), "task", "*", "stat"))
	if err != nil {
		return true
	}
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if _, state, ok := strings.Cut(string(text), ") "); err == nil && ok && !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return true
}

// resume lets a suspended process go on.
func (m *member) resume() { _ = m.cmd.Process.Signal(syscall.SIGCONT) }

// TestSilentMemberIsReplaced: a member that stands still is replaced within the
// time that was set. When it goes on, it answers nothing by what it knew, and joins again as a new member.
func TestSilentMemberIsReplaced(t *testing.T) {
	for who, index := range map[string]int{"coordinator": 0, "another": 2} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.env["HZ_PROPERTIES_HAZELCAST_HEARTBEAT_INTERVAL_SECONDS"] = "1"
			c.env["HZ_PROPERTIES_HAZELCAST_MAX_NO_HEARTBEAT_SECONDS"] = strconv.Itoa(int(silence / time.Second))
			for range 3 {
				c.add()
			}
			c.settle()
			m := getMap(t, c.client(smart), "silent")
			ctx, cancel := context.WithTimeout(t.Context(), 2*operationTimeout)
			defer cancel()
			for key := range int64(silentKeys) {
				if err := m.Set(ctx, key, "old"); err != nil {
					t.Fatal(err)
				}
			}
			victim := c.members[index]
			before := victim.log.members().self().uuid
			old := readAhead(t, victim, c.name)

			c.forget(victim)
			victim.suspend()
			stopped := time.Now()
			old.ask(t) // lies in its socket meanwhile
			for _, other := range c.members {
				other.awaitMembers(2)
			}
			took := time.Since(stopped)
			figure("silent_"+who+"_replaced", milliseconds(took), "ms")
			if limit := silence + noticed; took > limit && *longRuns || took > limit+slowMachine {
				t.Errorf("replaced after %v, limit %v", took, limit)
			}
			if took < silence/2 {
				t.Errorf("replaced after %v: a member that is only slow would be", took)
			}
			// A fresh client has no connection to the silent one, which others may have to give up first.
			fresh := getMap(t, connect(t, c.onlyRunning()), "silent")
			for key := range int64(silentKeys) {
				if err := fresh.Set(ctx, key, "new"); err != nil {
					t.Fatalf("a write after the replacement: %v", err)
				}
			}
			victim.resume()
			c.members = append(c.members, victim)
			old.check(t)
			// Its log ends with the list of before until it has learned that it was removed.
			victim.await("a life as another member", leaveTimeout, func() bool {
				return victim.log.members().self().uuid != before
			})
			c.settle()
			for key := range int64(silentKeys) {
				if err := answer[any](fmt.Sprint("key ", key), "new")(m.Get(ctx, key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// ahead is a connection to a member with reads that it is to answer later.
type ahead struct {
	conn   *rawConn
	reader sync.WaitGroup
	stale  int
	all    int
}

// readAhead connects to a member and no other.
func readAhead(t *testing.T, m *member, clusterName string) *ahead {
	t.Helper()
	conn, _, err := connectRaw(address(m.port), clusterName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &ahead{conn: conn}
}

// ask sends reads of all keys without waiting.
func (a *ahead) ask(t *testing.T) {
	t.Helper()
	_ = a.conn.SetDeadline(time.Now().Add(operationTimeout))
	for key := range int64(silentKeys) {
		if err := a.conn.send(request(typeMapGet, anyPartition, make([]byte, 8), text("silent"), longData(key))); err != nil {
			t.Fatal(err)
		}
	}
	old := stringData("old")
	a.reader.Go(func() {
		for {
			frames, err := a.conn.receive()
			if err != nil {
				return
			}
			a.all++
			for _, f := range frames {
				if bytes.Equal(f.body, old) {
					a.stale++
				}
			}
			if a.all == silentKeys {
				return
			}
		}
	})
}

// check waits for the answers, or for the end of the connection: none may be of the time before.
func (a *ahead) check(t *testing.T) {
	t.Helper()
	a.reader.Wait()
	if a.stale > 0 {
		t.Errorf("%d of %d reads were answered with what had been overwritten", a.stale, a.all)
	}
}

// stringData is the serialized form of a Java string.
func stringData(s string) []byte {
	const stringTypeID = -11
	id := int32(stringTypeID)
	body := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(id))
	return append(binary.BigEndian.AppendUint32(body, uint32(len(s))), s...)
}

// onlyRunning is the configuration of a client that knows the running members only.
func (c *cluster) onlyRunning() hazelcast.Config {
	config := c.clientConfig(smart)
	config.Cluster.Network.SetAddresses(c.running()...)
	return config
}

// TestLeaverThatCannotLeave: a member whose data nobody takes is not ready from
// the moment of its SIGTERM, says every five seconds how far it is, and gives up
// when hazelcast.graceful.shutdown.max.wait is over, with what is not safe.
func TestLeaverThatCannotLeave(t *testing.T) {
	t.Parallel()
	const wait = 6 * time.Second
	c := newCluster(t)
	c.env["HZ_PROPERTIES_HAZELCAST_GRACEFUL_SHUTDOWN_MAX_WAIT"] = strconv.Itoa(int(wait / time.Second))
	c.env["HZ_PROPERTIES_HAZELCAST_MAX_NO_HEARTBEAT_SECONDS"] = "60"
	leaver, other := c.add(), c.add()
	c.settle()
	conn, _, err := connectRaw(address(leaver.port), c.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	second, _, err := connectRaw(address(leaver.port), c.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	other.suspend() // is in the list, and takes nothing: what is written now is on the leaver only
	defer other.resume()
	for key := range int64(silentKeys) {
		if err := conn.send(request(typeMapPut, anyPartition, make([]byte, 16), text("left"), longData(key), longData(key))); err != nil {
			t.Fatal(err)
		}
	}
	started := time.Now()
	leaver.terminate()
	leaver.await("a member that is not ready", wait/2, func() bool { return leaver.health("/ready") == 503 })
	figure("not_ready_after_sigterm", milliseconds(time.Since(started)), "ms")
	if _, body := leaver.healthBody("/node-state"); body != `"PASSIVE"` {
		t.Errorf("node state %s", body)
	}
	if n := len(leaver.log.members().members); n != 2 {
		t.Errorf("the list has %d members while nothing was handed over", n)
	}
	// Clients that are connected are served while it lasts.
	if _, err := second.call(request(typePing, anyPartition, nil)); err != nil {
		t.Errorf("a client of the leaving member: %v", err)
	}
	if err := leaver.awaitExit(3 * wait); err == nil {
		t.Error("it ended well although nobody has its data")
	}
	if took := time.Since(started); took < wait {
		t.Errorf("it gave up after %v, not %v", took, wait)
	}
	checkOneLine(t, leaver, []string{"time ran out before all data was handed over", "partitions had their primary here", "without a backup in sync"})
	checkOneLine(t, leaver, []string{"handing over", "primaries_left=", "backups_left="})
	if exit := (*exec.ExitError)(nil); !errors.As(leaver.exitErr, &exit) || exit.ExitCode() != 1 {
		t.Errorf("exit status: %v", leaver.exitErr)
	}
}

// TestWriteOfAClusterTooSmall: a write that waits for a backup which is then
// removed is acknowledged only in a cluster that is still large enough for the
// map's split-brain protection. Its outcome is unknown otherwise.
func TestWriteOfAClusterTooSmall(t *testing.T) {
	for what, test := range map[string]struct {
		ref     string
		unknown bool
	}{"protected": {"majority", true}, "not protected": {"", false}} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.env["HZ_PROPERTIES_HAZELCAST_HEARTBEAT_INTERVAL_SECONDS"] = "1"
			c.env["HZ_PROPERTIES_HAZELCAST_MAX_NO_HEARTBEAT_SECONDS"] = strconv.Itoa(int(silence / time.Second))
			c.env["HZ_SPLITBRAINPROTECTION_MAJORITY_ENABLED"] = "true"
			c.env["HZ_SPLITBRAINPROTECTION_MAJORITY_MINIMUMCLUSTERSIZE"] = "3"
			c.env["HZ_MAP_SILENT_SPLITBRAINPROTECTIONREF"] = test.ref
			for range 3 {
				c.add()
			}
			c.settle()
			conn, _, err := connectRaw(address(c.members[0].port), c.name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			c.members[2].suspend()
			_ = conn.SetDeadline(time.Now().Add(operationTimeout))
			for key := range int64(silentKeys) {
				if err := conn.send(request(typeMapPut, anyPartition, make([]byte, 16), text("silent"), longData(key), longData(key))); err != nil {
					t.Fatal(err)
				}
			}
			acknowledged, unknown, lost := 0, 0, 0
			for range silentKeys {
				frames, err := conn.receive()
				if err != nil {
					t.Fatal(err)
				}
				answered := (*rawError)(nil)
				if binary.LittleEndian.Uint32(frames[0].body) == typeError && !errors.As(decodeError(frames), &answered) {
					t.Fatal(err)
				}
				switch {
				case answered == nil:
					acknowledged++
				case answered.code == errorIndeterminate:
					unknown++
				case answered.code == errorTargetDisconnected: // the silent member is the primary
					lost++
				default:
					t.Errorf("answered with %v", answered)
				}
			}
			if acknowledged == 0 || lost == 0 || (unknown > 0) != test.unknown {
				t.Errorf("%d acknowledged, %d of unknown outcome, %d sent to the silent member", acknowledged, unknown, lost)
			}
			var refused *rawError
			_, err = conn.call(request(typeMapPut, anyPartition, make([]byte, 16), text("silent"), longData(1), longData(1)))
			if is := errors.As(err, &refused); is != test.unknown || (is && refused.code != errorSplitBrainProtection) {
				t.Errorf("a write in the cluster of two: %v", err)
			}
		})
	}
}
