package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/filbertgrid/filbert/internal/protocol"
)

// TestEndWithTheLastBytes: a client that sent and closed before anything was read is answered, and its connection ends soon, although its end
// makes no event of its own.
func TestEndWithTheLastBytes(t *testing.T) {
	g := newWorld(t, 1, nil).nodes[0].g
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := dial(t, l.Addr().String())
	s.write(authentication(1, "dev", "", "", [16]byte{1}))
	if err := s.conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		g.Serve(conn, []byte("CP2"))
	}()
	if _, err := s.next(); err != nil {
		t.Fatal(err)
	}
	for ended := false; !ended; {
		g.Tick()
		runtime.Gosched()
		select {
		case <-served:
			ended = true
		default:
		}
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection ends with %v", err)
	}
}

// TestSilentClientIsNotWoken: after one look a client that says nothing costs nothing, and what it says later is heard.
func TestSilentClientIsNotWoken(t *testing.T) {
	g, address := serve(t)
	s := dial(t, address)
	s.authenticate()
	var h *shell
	for _, session := range g.sessions() {
		h = session.out.(*shell)
	}
	for h.in.untried.Load() != 0 {
		h.Tick()
		runtime.Gosched()
	}
	h.Tick()
	if n := h.in.untried.Load(); n != 0 {
		t.Errorf("%d ticks are counted of a client that has been looked at", n)
	}
	s.write(protocol.AppendClientPingRequest(nil, 2, -1, &protocol.ClientPingRequest{}))
	if _, err := s.next(); err != nil {
		t.Error(err)
	}
}

// TestTwoEnds: a connection that is being closed with the last answers can be closed by who holds what these want.
func TestTwoEnds(t *testing.T) {
	g, address := serve(t)
	dial(t, address).authenticate()
	s := g.sessions()[0]
	h := s.out.(*shell)
	s.mu.Lock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Close(errClosed)
	}()
	<-h.done
	h.Close(errSlow)
	s.mu.Unlock()
	<-ended
	if !errors.Is(h.reason, errClosed) {
		t.Errorf("the reason is %v", h.reason)
	}
}
