package admin

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// runDoor returns a Door that serves until the test ends.
func runDoor(t *testing.T) *Door {
	t.Helper()
	door := NewDoor(DoorOptions{Probe: fixed(healthy), Logger: quiet()})
	ended := make(chan error, 1)
	go func() { ended <- door.Run() }()
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return door
}

// ask sends one request of which the door was given the first bytes, and
// returns the answer's status line.
func ask(t *testing.T, door *Door, first, rest string) string {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	if !door.Serve(theirs, []byte(first)) {
		t.Fatal("the door refuses the connection")
	}
	go func() { _, _ = io.WriteString(ours, rest) }()
	line, err := bufio.NewReader(ours).ReadString('\n')
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return strings.TrimSpace(line)
}

func TestDoorResumesWhereTheListenerStopped(t *testing.T) {
	door := runDoor(t)
	const request = "GET /hazelcast/health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, split := range []int{0, 1, 3, len(request) - 1} {
		if got := ask(t, door, request[:split], request[split:]); got != "HTTP/1.1 200 OK" {
			t.Errorf("split after %d bytes: %q, want 200", split, got)
		}
	}
}

func TestDoorRefusesBadRequests(t *testing.T) {
	tests := []struct {
		name, rest, want string
	}{
		{"not http", "GET\x00\xff\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request: missing required Host header"},
		{"endless header", "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10), "HTTP/1.1 431 Request Header Fields Too Large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(t, runDoor(t), "", tt.rest); got != tt.want {
				t.Errorf("answer %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDoorBoundsSilentConnections fills the door with connections that say
// nothing: the next one is refused, and when the silent ones have timed out
// there is room again.
func TestDoorBoundsSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := runDoor(t)
		for range MaxDoorConns {
			ours, theirs := net.Pipe()
			defer ours.Close()
			if !door.Serve(theirs, []byte("GET ")) {
				t.Fatal("refused below the limit")
			}
			go func() { _, _ = io.Copy(io.Discard, ours) }()
		}
		ours, theirs := net.Pipe()
		defer ours.Close()
		if door.Serve(theirs, []byte("GET ")) {
			t.Fatalf("connection %d is served", MaxDoorConns+1)
		}
		if _, err := ours.Read(make([]byte, 1)); err == nil {
			t.Error("the refused connection is open")
		}
		<-time.After(headerTimeout + time.Second)
		synctest.Wait()
		if got := ask(t, door, "GET ", "/hazelcast/health/ready HTTP/1.0\r\n\r\n"); got != "HTTP/1.0 200 OK" {
			t.Errorf("after the silent ones are gone: %q, want 200", got)
		}
	})
}

func TestDoorClosedRefuses(t *testing.T) {
	door := NewDoor(DoorOptions{Probe: fixed(healthy), Logger: quiet()})
	ours, theirs := net.Pipe()
	if !door.Serve(theirs, nil) { // not accepted yet: nobody runs
		t.Fatal("refused before Close")
	}
	if err := door.Shutdown(t.Context()); err != nil {
		t.Fatalf("Shutdown: %v", err)
	}
	if err := door.queue.Close(); err != nil {
		t.Fatalf("second close: %v", err)
	}
	if _, err := ours.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that waited is still open")
	}
	_, late := net.Pipe()
	if door.Serve(late, nil) {
		t.Error("a closed door serves")
	}
	if err := door.Run(); err != nil {
		t.Errorf("Run after Shutdown: %v, want nil", err)
	}
}

func TestDoorKeepsConnectionsAlive(t *testing.T) {
	door := runDoor(t)
	ours, theirs := net.Pipe()
	defer ours.Close()
	if !door.Serve(theirs, nil) {
		t.Fatal("refused")
	}
	reader := bufio.NewReader(ours)
	for range 3 {
		if _, err := io.WriteString(ours, "GET /hazelcast/health/cluster-size HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || string(body) != "3" {
			t.Fatalf("body %q, %v; want 3", body, err)
		}
		_ = answer.Body.Close()
	}
}
