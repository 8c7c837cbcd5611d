package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
	"github.com/hazelcast/hazelcast-go-client/types"
)

const (
	typeMapEntrySet = 0x012500
	// deafFor is hazelcast.client.max.no.heartbeat.seconds of the member that has a client which reads nothing. Between two heartbeats of an
	// idle official client up to twice its interval of 5 s passes, and on a busy machine more.
	deafFor = 20 * time.Second
	// largeValue is the size of one value that is read many times, largeReads how often: together more than any buffer.
	largeValue = megabyte
	largeReads = 600
	// slowMemory is how much more memory a member may have because of one client that asks for more than it reads: its output, and as
	// much again for what is not collected yet.
	slowMemory = 192 * megabyte
	// lateMemory is that of a member whose answers go through another: half of a client's output, what waits on the way to the member and
	// for it, and as much again and more, since large answers are made and thrown away fast.
	lateMemory = 384 * megabyte
	// scanEntries of scanValue bytes are what a scan lists, scanMemory what a member may take for that.
	scanEntries = 40_000
	scanValue   = 5_000
	scanMemory  = 64 * megabyte
)

// slowCluster is a member with a map of large values, and a raw client that has asked for nothing yet.
func slowCluster(t *testing.T, silence time.Duration) (*cluster, *member, *rawConn) {
	t.Helper()
	t.Parallel()
	c := newCluster(t)
	c.env["HZ_PROPERTIES_HAZELCAST_CLIENT_MAX_NO_HEARTBEAT_SECONDS"] = strconv.Itoa(int(silence / time.Second))
	m := c.add()
	m.awaitReady()
	conn, _, err := connectRaw(address(m.port), c.name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(operationTimeout))
	return c, m, conn
}

// closings are the lines of a member's log about client connections that it closed.
func closings(m *member) (lines []string) {
	for _, line := range m.log.lines() {
		if strings.Contains(line, "client connection closed") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestClientThatReadsNothing asks for 600 MiB and reads none of it. The member's memory is bounded, it disconnects the client and says so
// in one line, and a client that does everything right does not notice.
func TestClientThatReadsNothing(t *testing.T) {
	c, m, conn := slowCluster(t, deafFor)
	client := getMap(t, c.client(smart), "large")
	if err := client.Set(t.Context(), int64(1), make([]byte, largeValue)); err != nil {
		t.Fatal(err)
	}
	stop := watchBystander(t, getMap(t, c.client(smart), "bystander"))
	before := m.rss()
	for range largeReads {
		if err := conn.send(request(typeMapGet, anyPartition, make([]byte, 8), text("large"), longData(1))); err != nil {
			break // disconnected already
		}
	}
	most := m.mostMemory(2 * time.Second)
	m.awaitLine("client connection closed", "does not read its answers", "hazelcast.client.max.no.heartbeat.seconds")
	stop()
	if lines := closings(m); len(lines) != 1 {
		t.Errorf("%d lines of log:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	figure("client_that_reads_nothing_memory", (most-before)/megabyte, "MiB")
	if most-before > slowMemory {
		t.Errorf("the member grew by %d MiB, limit %d", (most-before)/megabyte, slowMemory/megabyte)
	}
}

// TestClientThatReadsLate asks for 600 MiB at once, of a member that has it and of one that has not, and begins to read when that has
// stopped to answer. It gets all of it, and the memory of both members is bounded.
func TestClientThatReadsLate(t *testing.T) {
	c, m, conn := slowCluster(t, operationTimeout)
	m2 := c.add()
	c.settle()
	if err := getMap(t, c.client(smart), "large").Set(t.Context(), int64(1), make([]byte, largeValue)); err != nil {
		t.Fatal(err)
	}
	other, _, err := connectRaw(address(m2.port), c.name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	_ = other.SetDeadline(time.Now().Add(operationTimeout))
	members, before := []*member{m, m2}, []int64{m.rss(), m2.rss()}
	most := slices.Clone(before)
	measure := func(rss func(m *member) int64) {
		for i, m := range members {
			most[i] = max(most[i], rss(m))
		}
	}
	for _, conn := range []*rawConn{conn, other} {
		for range largeReads {
			if err := conn.send(request(typeMapGet, anyPartition, make([]byte, 8), text("large"), longData(1))); err != nil {
				t.Fatal(err)
			}
		}
		measure(func(m *member) int64 { return m.mostMemory(time.Second / 2) })
		takeLarge(t, conn, func() { measure((*member).rss) })
	}
	grown := max(most[0]-before[0], most[1]-before[1]) / megabyte
	figure("client_that_reads_late_memory", grown, "MiB")
	if grown > lateMemory/megabyte {
		t.Errorf("a member grew by %d MiB, limit %d", grown, lateMemory/megabyte)
	}
}

// takeLarge reads the answers to largeReads reads, in any order.
func takeLarge(t *testing.T, conn *rawConn, now func()) {
	t.Helper()
	seen := map[uint64]bool{}
	first := conn.correlation - largeReads + 1
	for i := range largeReads {
		answer, err := conn.receive()
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		id, size := binary.LittleEndian.Uint64(answer[0].body[4:]), len(answer[len(answer)-1].body)
		if id < first || id > conn.correlation || seen[id] || size < largeValue {
			t.Fatalf("answer %d is to %d of %d, with %d bytes", i, id-first, largeReads, size)
		}
		if seen[id] = true; i%100 == 0 {
			now()
		}
	}
}

// TestScanOfALargeMap lists 200 MB of entries with a client that reads slowly, and half of them with one that goes away. The member has
// a few MiB of them in memory at a time; what was abandoned leaves nothing, and clients of the map do not notice.
func TestScanOfALargeMap(t *testing.T) {
	c, m, conn := slowCluster(t, operationTimeout)
	filled := getMap(t, c.client(smart), "scanned")
	fillForScan(t, filled)
	before := m.rss()
	stop := watchBystander(t, getMap(t, c.client(smart), "bystander"))
	ask := func(conn *rawConn) {
		if err := conn.send(request(typeMapEntrySet, anyPartition, nil, text("scanned"))); err != nil {
			t.Fatal(err)
		}
	}
	abandoned, _, err := connectRaw(address(m.port), c.name)
	if err != nil {
		t.Fatal(err)
	}
	ask(abandoned)
	if _, err := io.CopyN(io.Discard, abandoned, scanEntries*scanValue/2); err != nil {
		t.Fatal(err)
	}
	most := m.rss()
	_ = abandoned.Close()
	ask(conn)
	most = max(most, m.mostMemory(time.Second))
	var watcher sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	watcher.Go(func() {
		for ctx.Err() == nil {
			most = max(most, m.mostMemory(50*time.Millisecond))
		}
	})
	answer, err := conn.receive()
	cancel()
	watcher.Wait()
	stop()
	if want := 3 + 2*scanEntries; err != nil || len(answer) != want {
		t.Errorf("an answer of %d frames, want %d: %v", len(answer), want, err)
	}
	figure("scan_memory", (most-before)/megabyte, "MiB")
	if most-before > scanMemory {
		t.Errorf("the member grew by %d MiB, limit %d", (most-before)/megabyte, scanMemory/megabyte)
	}
	// The official client's reading takes as much as it gets.
	if keys, err := filled.GetKeySet(t.Context()); err != nil || len(keys) != scanEntries {
		t.Errorf("%d keys, want %d: %v", len(keys), scanEntries, err)
	}
}

// fillForScan puts the entries of TestScanOfALargeMap.
func fillForScan(t *testing.T, m *hazelcast.Map) {
	t.Helper()
	value := make([]byte, scanValue)
	for from := int64(0); from < scanEntries; from += 2000 {
		var entries []types.Entry
		for key := from; key < from+2000; key++ {
			entries = append(entries, types.Entry{Key: key, Value: value})
		}
		if err := m.PutAll(t.Context(), entries...); err != nil {
			t.Fatal(err)
		}
	}
}

// TestValueOverTheLimit: a value that is larger than a message may be is refused with an error that names the limit, and the connection
// lives on; one that is just within it is stored, backed up, and read through any member.
func TestValueOverTheLimit(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 2)
	m := getMap(t, c.client(unisocket), "limit")
	ctx, cancel := context.WithTimeout(t.Context(), operationTimeout)
	defer cancel()
	for _, key := range []string{"a", "b", "c"} { // some of them belong to the other member
		if err := m.Set(ctx, key, make([]byte, 65*megabyte)); err == nil || !strings.Contains(err.Error(), "filbert.limit.message.bytes") {
			t.Errorf("a value of 65 MiB: %v", err)
		}
	}
	// The official client takes ten seconds to read such a value.
	conn, _, err := connectRaw(address(c.members[0].port), c.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	value := rawFrame{body: append(longData(0).body[:8], make([]byte, 63*megabyte)...)}
	for key := range int64(3) {
		if _, err := conn.call(request(typeMapPut, anyPartition, make([]byte, 16), text("limit"), longData(key), value)); err != nil {
			t.Errorf("a value of 63 MiB: %v", err)
		}
		got, err := conn.call(request(typeMapGet, anyPartition, make([]byte, 8), text("limit"), longData(key)))
		if err != nil || !bytes.Equal(got[len(got)-1].body, value.body) {
			t.Errorf("the value of 63 MiB: %v", err)
		}
	}
	for _, m := range c.members {
		if lines := closings(m); len(lines) > 0 {
			t.Errorf("connections were closed:\n%s", strings.Join(lines, "\n"))
		}
	}
	c.settle()
}
