package conformance

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hazelcast/hazelcast-go-client"
)

const (
	// silentConnections is how many connections say nothing at all.
	silentConnections = 1000
	// bystanderLimit is the longest call of a client that does everything right
	// while others do not. The machine is shared, so it is not tight.
	bystanderLimit = 5 * time.Second
	// garbageBursts is how often garbage is sent to see that the log is bounded.
	garbageBursts = 500
	megabyte      = 1 << 20
)

// TestBadInput: whatever comes in on the port gets the protocol's error or a
// closed connection, and a client that does everything right does not notice.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 1)
	m := c.members[0]
	stop := watchBystander(t, getMap(t, c.client(smart), "bystander"))
	for name, open := range unauthenticatedInputs() {
		t.Run(name, func(t *testing.T) {
			conn, err := dialRaw(address(m.port))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := conn.Write(open); err != nil {
				return // closed already
			}
			refused(t, conn)
		})
	}
	for name, message := range badMessages() {
		t.Run(name, func(t *testing.T) {
			conn, _, err := connectRaw(address(m.port), c.name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, err = conn.call(message)
			switch {
			case err == nil:
				t.Error("the message was served")
			case timedOut(err):
				t.Error("the message got no answer")
			case errors.Is(err, errBadAnswer):
				t.Error(err)
			}
		})
	}
	t.Run("half a message", func(t *testing.T) { playHalfMessage(t, c) })
	t.Run("unserved message", func(t *testing.T) { playUnserved(t, c) })
	t.Run("silent connections", func(t *testing.T) { playSilent(t, c) })
	t.Run("log", func(t *testing.T) { playLogBounded(t, m) })
	stop()
}

// unauthenticatedInputs are openings that no member lets in.
func unauthenticatedInputs() map[string][]byte {
	garbage := make([]byte, 64<<10)
	_, _ = rand.Read(garbage)
	garbage[0] = 0xff // surely none of the openings that a member knows
	hello := []byte("CP2")
	length := func(n uint32) []byte {
		return append(binary.LittleEndian.AppendUint32(hello[:3:3], n), 0, 0xc0)
	}
	return map[string][]byte{
		"garbage":                        garbage,
		"client of protocol 1":           append([]byte("CB2"), garbage[:64]...),
		"frame of two gigabytes":         length(0x7fffffff),
		"frame of four gigabytes":        length(0xffffffff),
		"frame shorter than its head":    length(3),
		"garbage after the opening":      append(hello[:3:3], garbage[1:]...),
		"request without authentication": append(hello[:3:3], encode(request(typeMapSize, anyPartition, nil, text("m")))...),
	}
}

// badMessages are requests of an authenticated client that break a rule.
func badMessages() map[string][]rawFrame {
	null := rawFrame{flags: flagNull}
	thread := make([]byte, 8)
	threadTTL := append(make([]byte, 8), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	key, value := longData(1), longData(2)
	return map[string][]rawFrame{
		"partition over the range":    request(typeMapGet, 1<<20, thread, text("m"), key),
		"partition under the range":   request(typeMapGet, -7, thread, text("m"), key),
		"null name":                   request(typeMapGet, 0, thread, null, key),
		"null key":                    request(typeMapGet, 0, thread, text("m"), null),
		"null value":                  request(typeMapPut, 0, threadTTL, text("m"), key, null),
		"missing frames":              request(typeMapPut, 0, threadTTL, text("m")),
		"missing fixed part":          request(typeMapPut, 0, nil, text("m"), key, value),
		"map name of a megabyte":      request(typeMapPut, 0, threadTTL, text(strings.Repeat("n", megabyte)), key, value),
		"created name of a megabyte":  request(typeCreateProxy, anyPartition, nil, text(strings.Repeat("n", megabyte)), text(mapService)),
		"iteration pointers cut off":  request(typeMapFetchKeys, 0, []byte{1, 0, 0, 0}, text("m"), rawFrame{body: []byte{1, 2, 3}}),
		"negative batch of iteration": request(typeMapFetchKeys, 0, []byte{0xff, 0xff, 0xff, 0xff}, text("m"), rawFrame{body: make([]byte, 8)}),
	}
}

// refused waits for the end of a connection or for an error of the protocol,
// whichever comes first.
func refused(t *testing.T, conn *rawConn) {
	t.Helper()
	frames, err := conn.receive()
	switch {
	case err == nil && len(frames[0].body) >= 4 && binary.LittleEndian.Uint32(frames[0].body) == typeError:
	case err == nil:
		t.Errorf("it was answered with %x", frames[0].body)
	case timedOut(err):
		t.Error("the connection stayed open without an answer")
	case errors.Is(err, errBadAnswer):
		t.Error(err)
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// playHalfMessage: a message that never ends does no harm, open or cut off.
func playHalfMessage(t *testing.T, c *cluster) {
	t.Helper()
	whole := encode(request(typeMapPut, 0, make([]byte, 16), text("half"), longData(1), longData(2)))
	for _, hangUp := range []bool{true, false} {
		conn, _, err := connectRaw(c.running()[0], c.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(whole[:len(whole)/2]); err != nil {
			t.Fatal(err)
		}
		if hangUp {
			_ = conn.Close()
		} else {
			t.Cleanup(func() { _ = conn.Close() })
		}
	}
	conn, _, err := connectRaw(c.running()[0], c.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	answer, err := conn.call(request(typeMapSize, anyPartition, nil, text("half")))
	if err != nil || len(answer[0].body) < responseHeader+4 || binary.LittleEndian.Uint32(answer[0].body[responseHeader:]) != 0 {
		t.Errorf("half a put changed the map, or nothing answers: %v", err)
	}
}

// playUnserved: a message that no member serves gets the error that says so,
// and the connection lives on.
func playUnserved(t *testing.T, c *cluster) {
	t.Helper()
	conn, _, err := connectRaw(c.running()[0], c.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var answered *rawError
	_, err = conn.call(request(typeNobodyServes, anyPartition, nil))
	if !errors.As(err, &answered) || answered.code != errorUnsupportedOperation {
		t.Errorf("the answer is %v, want error %d", err, errorUnsupportedOperation)
	}
	if _, err := conn.call(request(typePing, anyPartition, nil)); err != nil {
		t.Errorf("the connection is gone: %v", err)
	}
}

// playSilent: connections that say nothing keep nobody out.
func playSilent(t *testing.T, c *cluster) {
	t.Helper()
	opened := make([]*rawConn, 0, silentConnections)
	defer func() {
		for _, conn := range opened {
			_ = conn.Close()
		}
	}()
	for range silentConnections {
		conn, err := dialRaw(c.running()[0])
		if err != nil {
			break // a limit on connections that are not let in yet is right
		}
		opened = append(opened, conn)
	}
	fresh := getMap(t, c.client(smart), "among-silent")
	if err := first(fresh.Set(t.Context(), "k", "v"), answer[any]("get", "v")(fresh.Get(t.Context(), "k"))); err != nil {
		t.Error(err)
	}
	figure("silent_connections_opened", len(opened), "connections")
}

// playLogBounded: bad input is logged, but not line by line.
func playLogBounded(t *testing.T, m *member) {
	t.Helper()
	before := len(m.log.lines())
	for range garbageBursts {
		conn, err := dialRaw(address(m.port))
		if err != nil {
			continue
		}
		_, _ = conn.Write([]byte("\xff\xfe\xfd garbage"))
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	if lines := len(m.log.lines()) - before; lines > garbageBursts/5 {
		t.Errorf("%d times garbage made %d lines of log", garbageBursts, lines)
	}
}

// watchBystander lets a client work until the returned function is called,
// which fails the test if any call failed or took too long.
func watchBystander(t *testing.T, m *hazelcast.Map) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var worker sync.WaitGroup
	var slowest time.Duration
	var calls int64
	var err error
	worker.Go(func() {
		for ; ctx.Err() == nil && err == nil; calls++ {
			start := time.Now()
			call, done := context.WithTimeout(context.WithoutCancel(ctx), operationTimeout)
			err = first(
				m.Set(call, calls%100, calls),
				answer[any](fmt.Sprintf("get of call %d", calls), calls)(m.Get(call, calls%100)),
			)
			done()
			slowest = max(slowest, time.Since(start))
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		worker.Wait()
		if err != nil {
			t.Errorf("the bystander: %v", err)
		}
		if slowest > bystanderLimit || calls == 0 {
			t.Errorf("the bystander made %d calls, the slowest took %v", calls, slowest)
		}
	})
	t.Cleanup(stop)
	return stop
}
