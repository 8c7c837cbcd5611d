package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// ask asks an address and waits for what comes of it.
func ask(n *node, address cluster.Address, timeout time.Duration) link.Reply {
	replies := make(chan link.Reply, 1)
	n.hub.Ask(address, []byte("hello"), timeout, func(r link.Reply) { replies <- r })
	return <-replies
}

// listenRaw serves connections with a function, in place of a member.
func listenRaw(t *testing.T, serve func(net.Conn)) cluster.Address {
	t.Helper()
	l, err := link.Listen(context.Background(), "127.0.0.1", 0, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	return addressOf(l)
}

func TestAsk(t *testing.T) {
	self := start(t, 1, nil)
	with := func(n byte, change func(*link.Hello)) func(*testing.T) cluster.Address {
		return func(t *testing.T) cluster.Address {
			t.Helper()
			return start(t, n, func(r *recorder, _ *link.Options) {
				if change != nil {
					change(&r.hello)
				}
			}).address
		}
	}
	raw := func(answer string) func(*testing.T) cluster.Address {
		return func(t *testing.T) cluster.Address {
			t.Helper()
			return listenRaw(t, func(c net.Conn) {
				_, _ = io.WriteString(c, answer)
				_, _ = io.Copy(io.Discard, c)
			})
		}
	}
	tests := []struct {
		name    string
		address func(*testing.T) cluster.Address
		timeout time.Duration
		outcome link.Outcome
		err     error
	}{
		{"a member", with(2, nil), patience, link.Answered, nil},
		{"a member with a smaller id", with(0x01, func(h *link.Hello) { h.From[1] = 7 }), patience, link.Answered, nil},
		{"itself", func(*testing.T) cluster.Address { return self.address }, patience, link.Answered, nil},
		{"another cluster", with(2, func(h *link.Hello) { h.ClusterName = "prod" }), patience, link.Stranger, link.ErrClusterName},
		{"another partition count", with(2, func(h *link.Hello) { h.PartitionCount = 7 }), patience, link.Stranger, link.ErrPartitionCount},
		{"a newer version", with(2, func(h *link.Hello) { h.MinVersion, h.MaxVersion = 3, 4 }), patience, link.Stranger, link.ErrVersion},
		{"a version more than ours", with(2, func(h *link.Hello) { h.MinVersion, h.MaxVersion = 2, 3 }), patience, link.Answered, nil},
		{"nobody", func(t *testing.T) cluster.Address {
			t.Helper()
			n := start(t, 2, nil)
			n.close(t)
			return n.address
		}, patience, link.Refused, syscall.ECONNREFUSED},
		{"silence", raw(""), 50 * time.Millisecond, link.Silent, link.ErrNoAnswer},
		{"half an answer", raw("FLB\x05\x00\x00"), 50 * time.Millisecond, link.Silent, link.ErrNoAnswer},
		{"a closed connection", func(t *testing.T) cluster.Address {
			t.Helper()
			return listenRaw(t, func(net.Conn) {})
		}, patience, link.Silent, link.ErrNoAnswer},
		{"a web server", raw("HTTP/1.1 400 Bad Request\r\n\r\n"), patience, link.Stranger, link.ErrProtocol},
		{"garbage after the preamble", raw("FLB\x02\x00\x00\x00\x09\x09"), patience, link.Stranger, link.ErrProtocol},
		{"an endless frame", raw("FLB\xff\xff\xff\xff"), patience, link.Stranger, link.ErrProtocol},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := ask(self, test.address(t), test.timeout)
			if reply.Outcome != test.outcome || !errors.Is(reply.Err, test.err) {
				t.Fatalf("%v, %v, want %v, %v", reply.Outcome, reply.Err, test.outcome, test.err)
			}
			if test.outcome != link.Answered {
				return
			}
			if string(reply.Body) != "you said hello" || reply.Answerer.IsZero() {
				t.Errorf("%v answered %q", reply.Answerer, reply.Body)
			}
		})
	}
}

func TestAskClosedHub(t *testing.T) {
	n := start(t, 1, nil)
	n.close(t)
	if reply := ask(n, n.address, patience); reply.Outcome != link.Silent || !errors.Is(reply.Err, link.ErrClosed) {
		t.Errorf("%v, %v", reply.Outcome, reply.Err)
	}
}

// TestReplyLater: a reply may come after Asked has returned, twice, or never.
func TestReplyLater(t *testing.T) {
	later := make(chan func([]byte), 1)
	asked := start(t, 2, func(r *recorder, _ *link.Options) {
		r.asked = func(_ link.Hello, _ []byte, reply func([]byte)) { later <- reply }
	})
	self := start(t, 1, nil)
	replies := make(chan link.Reply, 1)
	self.hub.Ask(asked.address, nil, patience, func(r link.Reply) { replies <- r })
	reply := <-later
	reply([]byte("first"))
	reply([]byte("second"))
	if r := <-replies; r.Outcome != link.Answered || string(r.Body) != "first" {
		t.Errorf("%v, %q", r.Outcome, r.Body)
	}
	self.hub.Ask(asked.address, nil, patience, func(r link.Reply) { replies <- r })
	<-later
	asked.close(t) // with a question open
	if r := <-replies; r.Outcome != link.Silent {
		t.Errorf("a question to a member that ends: %v, %v", r.Outcome, r.Err)
	}
}

func TestNotYetMemberIsAcceptedLater(t *testing.T) {
	var tries atomic.Int32
	a := start(t, 1, func(r *recorder, _ *link.Options) {
		r.accept = func(link.Hello) error {
			if tries.Add(1) < 10 {
				return link.ErrNotMember
			}
			return nil
		}
	})
	b := start(t, 2, nil)
	join(t, a, b)
}

// TestOtherMemberAtTheAddress: a member that was started anew has another id,
// and nobody mistakes it for the one before.
func TestOtherMemberAtTheAddress(t *testing.T) {
	heard := make(chan string, 64)
	a := start(t, 1, nil)
	b := start(t, 9, func(_ *recorder, o *link.Options) { o.Logger = logTo(heard) })
	b.hub.SetPeers([]link.Peer{{ID: id(3), Address: a.address}})
	a.hub.SetPeers([]link.Peer{b.peer()})
	for line := range heard {
		if strings.Contains(line, "another member lives at this address") {
			break
		}
	}
	if room := b.hub.Room(id(3), link.Control); room != 0 {
		t.Errorf("connected to a member that is gone: room for %d bytes", room)
	}
}

// TestRefusals: both sides are told why.
func TestRefusals(t *testing.T) {
	fits := link.Hello{
		MinVersion: link.MinVersion, MaxVersion: link.Version, ClusterName: "dev",
		From: id(5), To: id(2), PartitionCount: 271, Lane: link.Control,
	}
	tests := []struct {
		name   string
		change func(*link.Hello)
		bytes  string
		want   error
	}{
		{name: "version", change: func(h *link.Hello) { h.MinVersion, h.MaxVersion = 7, 8 }, want: link.ErrVersion},
		{name: "cluster name", change: func(h *link.Hello) { h.ClusterName = "prod" }, want: link.ErrClusterName},
		{name: "partition count", change: func(h *link.Hello) { h.PartitionCount = 1 }, want: link.ErrPartitionCount},
		{name: "other member", change: func(h *link.Hello) { h.To = id(8) }, want: link.ErrOtherMember},
		{name: "direction", change: func(h *link.Hello) { h.From = id(1) }, want: link.ErrDirection},
		{name: "its own id", change: func(h *link.Hello) { h.From = id(2) }, want: link.ErrDirection},
		{name: "not a peer", change: func(h *link.Hello) { h.From = id(6) }, want: link.ErrNotMember},
		{name: "refused by the handler", change: func(h *link.Hello) { h.From = id(7) }, want: link.ErrRefused},
		{name: "no lane", change: func(h *link.Hello) { h.Lane = 77 }, want: link.ErrProtocol},
		{name: "no id", change: func(h *link.Hello) { h.From = cluster.MemberID{} }, want: link.ErrProtocol},
		{name: "garbage", bytes: "FLB\x03\x00\x00\x00abc", want: link.ErrProtocol},
		{name: "too large", bytes: "FLB\xff\xff\xff\x7fabc", want: link.ErrProtocol},
	}
	logged := make(chan string, 64)
	n := start(t, 2, func(r *recorder, o *link.Options) {
		o.Logger = logTo(logged)
		r.accept = func(h link.Hello) error {
			if h.From == id(7) {
				return errTest
			}
			return nil
		}
	})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := []byte(test.bytes)
			if test.change != nil {
				hello := fits
				test.change(&hello)
				out = link.AppendHello([]byte(link.Preamble), &hello)
			}
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", n.address.Dial())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			out = append(out, make([]byte, 1000)...) // what follows must not destroy the refusal
			if _, err := conn.Write(out); err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 2048)
			read, err := io.ReadFull(conn, answer)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%d bytes, %v: want a refusal and the end", read, err)
			}
			if _, err := link.DecodeHandshake(answer[len(link.Preamble)+4 : read]); !errors.Is(err, test.want) {
				t.Errorf("refused with %v, want %v", err, test.want)
			}
		})
	}
	close(logged)
	lines := map[string]int{}
	for line := range logged {
		lines[line]++
	}
	if len(lines) < 7 {
		t.Errorf("refusals left %d different lines in the log: %v", len(lines), lines)
	}
}

// TestRedial counts the attempts to reach a peer that is not there, in virtual time.
func TestRedial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var times []time.Duration
		began := time.Now()
		r := newRecorder(9)
		hub := link.NewHub(t.Context(), link.Options{
			Handler: r,
			Dialer: func(_ context.Context, address string) (net.Conn, error) {
				if address == "10.0.0.1:5701" {
					mu.Lock()
					times = append(times, time.Since(began))
					mu.Unlock()
				}
				return nil, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
			},
		})
		hub.SetPeers([]link.Peer{{ID: id(10), Address: cluster.Address{Host: "10.0.0.9", Port: 1}}})
		synctest.Wait() // the peer with the greater id dials: nothing happens here
		if len(times) != 0 {
			t.Errorf("the member with the smaller id dialled")
		}
		hub.SetPeers([]link.Peer{{ID: id(1), Address: cluster.Address{Host: "10.0.0.1", Port: 5701}}})
		select {
		case <-time.After(10 * time.Second):
		case <-t.Context().Done():
		}
		hub.Close()
		// Each lane tries at 0, then after 5, 10, … 640 ms and from then on every
		// second, each wait between its half and the whole.
		early := 0
		for _, at := range times {
			if at <= 40*time.Millisecond {
				early++
			}
		}
		if early < 4*4 || early > 4*6 {
			t.Errorf("%d attempts of four lanes within 40 ms", early)
		}
		if len(times) < 4*16 || len(times) > 4*28 {
			t.Errorf("%d attempts of four lanes within 10 s", len(times))
		}
	})
}

// TestLeaverIsNotDialled: a peer that is leaving and refuses has left, which is no news; one that does not leave is dialled on.
func TestLeaverIsNotDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int32
		logged := make(chan string, 64)
		hub := link.NewHub(t.Context(), link.Options{
			Handler: newRecorder(9),
			Logger:  logTo(logged),
			Dialer: func(context.Context, string) (net.Conn, error) {
				attempts.Add(1)
				return nil, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
			},
		})
		defer hub.Close()
		peer := link.Peer{ID: id(1), Address: cluster.Address{Host: "10.0.0.1", Port: 5701}, Leaving: true}
		pass := func() {
			select {
			case <-time.After(10 * time.Second):
			case <-t.Context().Done():
			}
		}
		hub.SetPeers([]link.Peer{peer})
		pass()
		if n := attempts.Load(); n != int32(link.Lanes) {
			t.Errorf("%d attempts of %d lanes to reach who has left", n, link.Lanes)
		}
		if len(logged) > 0 {
			t.Errorf("logged: %s", <-logged)
		}
		peer.Leaving = false
		hub.SetPeers([]link.Peer{peer})
		pass()
		if n := attempts.Load(); n < 4*int32(link.Lanes) || len(logged) != 1 {
			t.Errorf("%d attempts, %d lines about one that does not leave", n, len(logged))
		}
	})
}

// TestHandshakeTimeouts: who dials and who is dialled give up on a silent peer.
func TestHandshakeTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := make(chan string, 64)
		r := newRecorder(9)
		hub := link.NewHub(t.Context(), link.Options{
			Handler: r,
			Logger:  logTo(logged),
			Dialer: func(context.Context, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, far) }() // reads, and says nothing
				return near, nil
			},
		})
		near, far := net.Pipe()
		began := time.Now()
		go hub.Serve(near, []byte(link.Preamble))
		_, _ = io.Copy(io.Discard, far)
		if took := time.Since(began); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("an incoming connection that says nothing ended after %v", took)
		}
		began = time.Now()
		hub.SetPeers([]link.Peer{{ID: id(1), Address: cluster.Address{Host: "10.0.0.1", Port: 5701}}})
		for line := range logged {
			if strings.HasPrefix(line, "cannot connect to member") {
				break
			}
		}
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("a silent peer was given up after %v", took)
		}
		hub.Close()
	})
}

// TestTooManyHandshakes: one more than the limit is refused, and the limit frees itself.
func TestTooManyHandshakes(t *testing.T) {
	n := start(t, 2, func(_ *recorder, o *link.Options) { o.Limits.Handshakes = 2 })
	var silent []net.Conn
	for range 2 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", n.address.Dial())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, link.Preamble); err != nil {
			t.Fatal(err)
		}
		silent = append(silent, conn)
	}
	self := start(t, 1, nil)
	deadline := time.Now().Add(patience)
	for {
		reply := ask(self, n.address, patience)
		if reply.Outcome == link.Silent && errors.Is(reply.Err, link.ErrBusy) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a third connection: %v, %v", reply.Outcome, reply.Err)
		}
	}
	_ = silent[0].Close()
	for ask(self, n.address, patience).Outcome != link.Answered {
		if time.Now().After(deadline) {
			t.Fatal("the place of a connection that has gone is not free")
		}
	}
}
