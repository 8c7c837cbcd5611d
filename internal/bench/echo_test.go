package bench

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// listen returns a listener on the loopback.
func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// startEcho runs an echo until the test ends, and returns where it is.
func startEcho(t testing.TB) string {
	t.Helper()
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Echo(ctx, listener, func(err error) { t.Error(err) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// options returns those of a short run over few keys.
func options(protocol, address, workload string) Options {
	o := Defaults()
	o.Protocol, o.Address, o.Workload = protocol, address, workload
	o.Keys, o.Connections, o.InFlight, o.Warmup, o.Duration, o.Batch = 1_000, 4, 8, 10*time.Millisecond, 150*time.Millisecond, 20
	return o
}

// However the bytes come, the echo answers each request once.
func TestEchoInEveryRhythm(t *testing.T) {
	all := []sizes{{request: 5, response: 3}, {request: 2, response: 9}}
	in := preamble(all)
	want := []byte{}
	for _, kind := range []byte{0, 1, 1, 0} {
		in = append(append(in, kind), make([]byte, all[kind].request-1)...)
		want = append(append(want, kind), make([]byte, all[kind].response-1)...)
	}
	for step := 1; step <= len(in); step++ {
		var e echoing
		var held, out []byte
		for rest := in; len(rest) > 0; {
			n := min(step, len(rest))
			held, rest = append(held, rest[:n]...), rest[n:]
			used, err := e.take(held)
			if err != nil {
				t.Fatal(err)
			}
			held = held[used:]
			for answers := e.out; len(answers) > 0; { // only its first byte is meant
				n := all[answers[0]].response
				out = append(append(out, answers[0]), make([]byte, n-1)...)
				answers = answers[n:]
			}
		}
		if !bytes.Equal(out, want) {
			t.Errorf("in steps of %d: %v, want %v", step, out, want)
		}
	}
}

func TestEchoRefuses(t *testing.T) {
	tests := map[string][]byte{
		"HTTP":              []byte("GET / HTTP/1.1\r\n"),
		"no kind":           []byte(echoMagic + "\x00"),
		"too many kinds":    []byte(echoMagic + "\x03"),
		"empty response":    preamble([]sizes{{1, 0}}),
		"huge request":      preamble([]sizes{{maxEchoSize + 1, 1}}),
		"kind that is none": append(preamble([]sizes{{1, 1}}), 7),
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			listener := listen(t)
			ctx, cancel := context.WithCancel(t.Context())
			reported := make(chan error, 1)
			var wg sync.WaitGroup
			wg.Go(func() { _ = Echo(ctx, listener, func(err error) { reported <- err }) })
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write(in); err != nil {
				t.Fatal(err)
			}
			if err := <-reported; !errors.Is(err, errStream) || !strings.Contains(err.Error(), conn.LocalAddr().String()) {
				t.Errorf("reported %v", err)
			}
			if n, err := conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("the connection still answers: %d bytes", n)
			}
			conn.Close()
			cancel()
			wg.Wait()
		})
	}
}

// The sizes of the echo are those of the client protocol's messages.
func TestEchoSizes(t *testing.T) {
	o := options(EchoOnly, "", Mixed)
	got := o.echoSizes()
	// Head 22 and thread id 8; name 6+5; key 6+12+16. Response: head 19; value 6+12+100.
	if want := (sizes{22 + 8 + 11 + 34, 19 + 118}); got[0] != want {
		t.Errorf("get: %+v, want %+v", got[0], want)
	}
	// Two numbers and the value more; the answer is a head.
	if want := (sizes{22 + 16 + 11 + 34 + 118, 19}); got[1] != want {
		t.Errorf("set: %+v, want %+v", got[1], want)
	}
}
