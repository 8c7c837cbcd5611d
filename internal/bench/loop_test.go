package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// check fails the test if a run does not add up.
func check(t *testing.T, r *Result, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var kinds int64
	for _, k := range r.Kinds {
		kinds += k.Operations
	}
	if r.Operations == 0 || kinds != r.Operations || r.Failed != 0 || r.Misses != 0 {
		t.Errorf("%d operations (%d by kind), failures %v, %d misses", r.Operations, kinds, r.Failures, r.Misses)
	}
	l := r.Latency
	if l.Mean <= 0 || l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.P999 || l.P999 > l.P9999 || l.P9999 > l.Max {
		t.Errorf("latencies %+v", l)
	}
	if r.Generator.PID == 0 || len(r.Series) == 0 {
		t.Errorf("generator %+v, %d points", r.Generator, len(r.Series))
	}
}

func TestClosedLoop(t *testing.T) {
	address := startEcho(t)
	for _, workload := range []string{Get, Set, Mixed, PutAll, GetAll} {
		for _, depth := range []int{1, 64} {
			t.Run(fmt.Sprintf("%s/%d", workload, depth), func(t *testing.T) {
				o := options(EchoOnly, address, workload)
				o.InFlight = depth
				r, err := Run(t.Context(), o, nil)
				check(t, r, err)
			})
		}
	}
}

func TestOpenLoop(t *testing.T) {
	address := startEcho(t)
	for _, rate := range []float64{40, 1_000, 20_000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			o := options(EchoOnly, address, Get)
			o.Rate, o.Duration, o.Warmup = rate, 300*time.Millisecond, 0
			r, err := Run(t.Context(), o, nil)
			check(t, r, err)
			if want := rate * o.Duration.Seconds(); float64(r.Operations) < want-4 || float64(r.Operations) > want+4 {
				t.Errorf("%d operations, want %.0f", r.Operations, want)
			}
		})
	}
}

// Requests and answers far beyond what sockets hold: whoever waited to write before reading would wait for ever.
func TestNobodyWaitsForEachOther(t *testing.T) {
	o := options(EchoOnly, startEcho(t), GetAll)
	o.Connections, o.InFlight, o.Batch, o.ValueSize, o.KeySize, o.Warmup = 1, 64, 500, 1_000, 1_000, 0
	r, err := Run(t.Context(), o, nil)
	check(t, r, err)
}

// A run allocates for its connections and not for its operations.
func TestNoAllocationForAnOperation(t *testing.T) {
	address := startEcho(t)
	mallocs := func(duration time.Duration) (mallocs uint64, operations int64) {
		o := options(EchoOnly, address, Mixed)
		o.Warmup, o.Duration, o.InFlight = 0, duration, 16
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := Run(t.Context(), o, nil)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		return after.Mallocs - before.Mallocs, r.Operations
	}
	short, few := mallocs(50 * time.Millisecond)
	long, many := mallocs(500 * time.Millisecond)
	if extra := int64(long) - int64(short); extra > (many-few)/100+1_000 {
		t.Errorf("%d allocations for %d operations more", extra, many-few)
	}
}

// The codecs allocate nothing.
func TestNoAllocationInDialects(t *testing.T) {
	for _, protocol := range []string{Client, RESP, EchoOnly} {
		for _, workload := range []string{Get, Set, PutAll, GetAll} {
			o := options(protocol, "", workload)
			s := o.shape()
			f := &keyFormat{data: keyData(s.key()), digits: s.digits, partitions: 271}
			lists := newPartitions(f, o.Keys)
			p := &phase{options: &o, target: &target{keys: f, conns: make([]connection, 1)}, kinds: o.kinds(), batch: o.Batch, depth: 1}
			d, source := p.dialect(p.templates()), o.sourceOf(p, lists, 0)
			slots := []slot{{busy: true, keys: make([]uint32, 0, o.Batch)}}
			out := make([]byte, 0, 64<<10)
			if n := testing.AllocsPerRun(100, func() {
				source.next(&slots[0])
				out = d.append(out[:0], 0, &slots[0])
				if f, ok := d.(*respDialect); ok {
					f.out.pop()
				} else if f, ok := d.(*echoDialect); ok {
					f.out.pop()
				}
			}); n != 0 {
				t.Errorf("%s %s: %g allocations", protocol, workload, n)
			}
		}
	}
}

// server runs serve on the first connection, and returns its address.
func server(t *testing.T, serve func(conn net.Conn)) string {
	t.Helper()
	listener := listen(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		serve(conn)
		conn.Close()
	}()
	t.Cleanup(func() {
		listener.Close()
		<-ended
	})
	return listener.Addr().String()
}

// What is out when a connection breaks, or is answered with nonsense or not at all, has failed, and says how.
func TestBrokenServers(t *testing.T) {
	afterOne := func(then func(conn net.Conn)) func(net.Conn) {
		return func(conn net.Conn) {
			buf := make([]byte, 4096)
			if _, err := conn.Read(buf); err != nil {
				return
			}
			_, _ = conn.Write([]byte("+OK\r\n"))
			then(conn)
		}
	}
	drain := func(conn net.Conn) {
		for buf := make([]byte, 4096); ; {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name, want string
		then       func(conn net.Conn)
	}{
		{"closed", lost, func(net.Conn) {}},
		{"silent", unanswered, drain},
		{"nonsense", errStream.Error(), func(conn net.Conn) {
			_, _ = conn.Write([]byte("what?\r\n"))
			drain(conn)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(RESP, server(t, afterOne(tt.then)), Set)
			o.Connections, o.InFlight, o.Warmup, o.Fill, o.Timeout = 1, 1, 0, false, 50*time.Millisecond
			r, err := Run(t.Context(), o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Operations != 1 || r.Failed != 1 || !strings.HasPrefix(strings.Join(r.reasons(), ""), tt.want) {
				t.Errorf("%d operations, failures %v, want %q", r.Operations, r.Failures, tt.want)
			}
		})
	}
}

// A run that is interrupted reports what it has.
func TestInterrupted(t *testing.T) {
	o := options(EchoOnly, startEcho(t), Get)
	o.Duration = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, err := Run(ctx, o, nil)
	check(t, r, err)
	if r.Seconds > 60 {
		t.Errorf("%g seconds", r.Seconds)
	}
}

func TestNobodyThere(t *testing.T) {
	listener := listen(t)
	address := listener.Addr().String()
	listener.Close()
	for _, protocol := range []string{Client, RESP, EchoOnly} {
		if _, err := Run(t.Context(), options(protocol, address, Get), nil); !errors.Is(err, ErrConnect) {
			t.Errorf("%s: %v", protocol, err)
		}
	}
}
