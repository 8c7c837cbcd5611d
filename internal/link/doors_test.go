package link_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/filbertgrid/filbert/internal/link"
)

// A pipeListener accepts the far ends of pipes: a port in virtual time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (*pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) connect() net.Conn {
	near, far := net.Pipe()
	l.conns <- far
	return near
}

func TestDoors(t *testing.T) {
	tests := []struct {
		name, say string
		closed    string // the door that is closed
		answer    string
		log       string
	}{
		{name: "a client", say: "CP2", answer: "client CP2"},
		{name: "a member", say: "FLB", answer: "member FLB"},
		{name: "a health check", say: "GET", answer: "http GET"},
		{name: "another method", say: "POS", answer: "http POS"},
		{name: "old client", say: "CB2", log: "protocol 1.x"},
		{name: "Hazelcast member", say: "HZC", log: "a member of a Hazelcast cluster"},
		{name: "TLS", say: "\x16\x03\x01", log: "a TLS handshake, and TLS is off"},
		{name: "text", say: "EHL", log: "text that is no served protocol"},
		{name: "garbage", say: "\x00\xff\x80", log: "unknown bytes"},
		{name: "client at a port for members", say: "CP2", closed: "client", answer: "HZX", log: "not for clients"},
		{name: "member at a port for clients", say: "FLB", closed: "member", log: "not for members"},
		{name: "health check at a port without", say: "GET", closed: "http", log: "text that is no served protocol"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logged := make(chan string, 8)
				door := func(name string) link.Door {
					if name == test.closed {
						return nil
					}
					return func(conn net.Conn, ahead []byte) {
						_, _ = io.WriteString(conn, name+" "+string(ahead))
						_ = conn.Close()
					}
				}
				l := newPipeListener()
				served := make(chan error)
				go func() {
					served <- link.Serve(l, link.Doors{Client: door("client"), Member: door("member"), HTTP: door("http")},
						link.DoorLimits{}, logTo(logged))
				}()
				conn := l.connect()
				for i := range test.say { // byte by byte
					_, _ = io.WriteString(conn, test.say[i:i+1])
				}
				answer, _ := io.ReadAll(conn)
				if string(answer) != test.answer {
					t.Errorf("answer %q, want %q", answer, test.answer)
				}
				_ = l.Close()
				if err := <-served; err != nil {
					t.Errorf("Serve: %v", err)
				}
				checkLog(t, logged, test.log)
			})
		})
	}
}

// checkLog wants one line with that text, or none.
func checkLog(t *testing.T, logged chan string, want string) {
	t.Helper()
	close(logged)
	var lines []string
	for line := range logged {
		lines = append(lines, line)
	}
	switch {
	case want == "" && len(lines) > 0:
		t.Errorf("the log says %q", lines)
	case want != "" && (len(lines) != 1 || !strings.Contains(lines[0], want)):
		t.Errorf("the log says %q, want one line with %q", lines, want)
	}
}

func TestSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := make(chan string, 64)
		l := newPipeListener()
		served := make(chan error)
		member := func(conn net.Conn, _ []byte) {
			_, _ = io.WriteString(conn, "hello")
			_ = conn.Close()
		}
		go func() {
			served <- link.Serve(l, link.Doors{Member: member},
				link.DoorLimits{Silent: 100, Silence: 3 * time.Second}, logTo(logged))
		}()
		began := time.Now()
		conns := make([]net.Conn, 1000)
		for i := range conns {
			conns[i] = l.connect()
		}
		speaker := l.connect()
		for i, conn := range conns[:901] {
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) > 0 {
				t.Fatalf("silent connection %d of a thousand is open: %v", i, err)
			}
		}
		go func() { _, _ = io.WriteString(speaker, "FLB") }()
		if answer, _ := io.ReadAll(speaker); string(answer) != "hello" {
			t.Errorf("the one who spoke heard %q", answer)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the one who spoke waited for %v", took)
		}
		for i, conn := range conns[901:999] {
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) != 3*time.Second {
				t.Fatalf("silent connection %d of the last hundred ended after %v with %v", i, time.Since(began), err)
			}
		}
		last := l.connect()
		_ = l.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if _, err := last.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) != 3*time.Second {
			t.Errorf("a silent connection outlived Serve: %v", err)
		}
		if lines := len(logged); lines == 0 || lines > 6 {
			t.Errorf("a thousand silent connections left %d lines in the log", lines)
		}
	})
}

// failingListener fails a few times for lack of descriptors, then for good.
type failingListener struct {
	*pipeListener
	errs []error
}

type shortage struct{ error }

func (shortage) Temporary() bool { return true }

func (l *failingListener) Accept() (net.Conn, error) {
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, err
}

func TestAcceptFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &failingListener{newPipeListener(), []error{shortage{errTest}, shortage{errTest}, shortage{errTest}, errTest}}
		began := time.Now()
		if err := link.Serve(l, link.Doors{}, link.DoorLimits{}, nil); !errors.Is(err, errTest) {
			t.Errorf("Serve: %v", err)
		}
		if took := time.Since(began); took != 35*time.Millisecond {
			t.Errorf("three shortages took %v, want pauses of 5, 10 and 20 ms", took)
		}
	})
}

func TestListen(t *testing.T) {
	ctx := context.Background()
	first, err := link.Listen(ctx, "127.0.0.1", 0, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	port := addressOf(first).Port

	_, err = link.Listen(ctx, "127.0.0.1", port, 100, false)
	if !errors.Is(err, link.ErrPortInUse) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a port in use: %v", err)
	}
	second, err := link.Listen(ctx, "127.0.0.1", port, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if got := addressOf(second).Port; got <= port {
		t.Errorf("the next free port after %d is %d", port, got)
	}
	if _, err = link.Listen(ctx, "127.0.0.1", port, 1, true); !errors.Is(err, link.ErrPortInUse) {
		t.Errorf("one port in use of one: %v", err)
	}
	if _, err := link.Listen(ctx, "192.0.2.1", 0, 1, false); !errors.Is(err, link.ErrCannotListen) {
		t.Errorf("an address of somebody else: %v", err)
	}
	if _, err := link.Listen(ctx, "not a host", 0, 1, false); !errors.Is(err, link.ErrCannotListen) {
		t.Errorf("no address: %v", err)
	}
}

func TestAhead(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		_, _ = io.WriteString(far, " / HTTP/1.1")
		_ = far.Close()
	}()
	if got, err := io.ReadAll(link.Ahead(near, []byte("GET"))); string(got) != "GET / HTTP/1.1" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}
