package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProcessorsAreSplit(t *testing.T) {
	tests := []struct {
		list               string
		servers, generator string
	}{
		{"0", "0", "0"},
		{"0-1", "0", "1"},
		{"0-3,8", "0,1,2", "3,8"},
		{"4,6", "4", "6"},
	}
	for _, tt := range tests {
		cpus, err := parseList(tt.list)
		if err != nil {
			t.Fatal(err)
		}
		if m := split(cpus); m.servers != tt.servers || m.generator != tt.generator || m.cpus != len(cpus) {
			t.Errorf("%s: servers %s, generator %s, of %d", tt.list, m.servers, m.generator, m.cpus)
		}
	}
	for _, bad := range []string{"", "x", "3-1", "0-", "-1", "0-99999999"} {
		if cpus, err := parseList(bad); err == nil {
			t.Errorf("%q was read as %v", bad, cpus)
		}
	}
}

func TestCollections(t *testing.T) {
	const log = `listening
gc 1 @0.009s 4%: 0.047+1.3+0.022 ms clock, 0.095+0.42/0.81/5.0+0.045 ms cpu, 3->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P
gc 2 @1.2s 1%: 0.5+10+0.75 ms clock, 1+2/3/100+4 ms cpu, 8->9->4 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)
`
	all, err := parseCollections(log)
	if err != nil || all.count != 2 || all.longest != 750*time.Microsecond || all.cpu != 11370*time.Microsecond {
		t.Errorf("%+v, %v; want 2, 0.75 ms, 11.37 ms", all, err)
	}
	for _, bad := range []string{"gc 1 @0s 4%: 1+2 ms clock, 1+2/3/4+5 ms cpu\n", "gc 1 @0s 4%: 1+2+x ms clock, 1+2/3/4+5 ms cpu\n", "gc 1 @0s 4%: all well\n"} {
		if _, err := parseCollections(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestSkip: an answer of many frames is read to its end and no further, and the beginning of another one's tells its type.
func TestSkip(t *testing.T) {
	frame := func(flags uint16, size int) []byte { return appendFrame(nil, flags, string(make([]byte, size))) }
	long := frame(flagWhole, 16)
	long[6] = 7
	for range 40_000 {
		long = append(long, frame(0, 100)...)
	}
	long = append(long, frame(flagFinal, 0)...)
	in, looks := bufio.NewReader(bytes.NewReader(slices.Concat(long, aboutMap(messageClear, "m"), long[:50]))), 0
	for _, want := range []struct {
		kind uint32
		size int
	}{{7, len(long)}, {messageClear, 22 + 7}} {
		if size, kind, err := skip(in, func() { looks++ }); err != nil || size != int64(want.size) || kind != want.kind {
			t.Errorf("%d bytes of %#x, want %d of %#x: %v", size, kind, want.size, want.kind, err)
		}
	}
	if _, _, err := skip(in, func() {}); !errors.Is(err, io.EOF) || looks != 2 {
		t.Errorf("a message that breaks off: %v; looked %d times, want 2", err, looks)
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{[]float64{5}, 5}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		var measures []*measure
		for _, v := range tt.values {
			measures = append(measures, &measure{Throughput: v})
		}
		if got := median(measures, func(m *measure) float64 { return m.Throughput }); got != tt.want {
			t.Errorf("median of %v is %g, want %g", tt.values, got, tt.want)
		}
	}
}

// Every line of the table has as many columns as its head, and says whether it is as it should be.
func TestLines(t *testing.T) {
	var head strings.Builder
	(&report{}).head(&head, machine{})
	lines := strings.Split(strings.TrimSpace(head.String()), "\n")
	columns := strings.Count(lines[len(lines)-2], "|")
	f := figure{What: "get", A: "2/s", B: "1/s", Value: 2}
	for want, f := range map[string]figure{
		"| get | 2/s | 1/s | 2 |  |  |":          f,
		"| get | 2/s | 1/s | 2 | ≥ 2 | yes |":    f.atLeast(2),
		"| get | 2/s | 1/s | 2 | ≤ 1 | **no** |": f.atMost(1),
		"| get | | | | | there is none |":        {What: "get", Note: "there is none"},
	} {
		if got := f.line(); got != want || strings.Count(got, "|") != columns {
			t.Errorf("got %q, want %q of %d columns", got, want, columns-1)
		}
	}
}

// Names of rows are what -run picks by.
func TestRows(t *testing.T) {
	var names []string
	for _, r := range rows() {
		if !regexp.MustCompile(`^[a-z-]+$`).MatchString(r.name) || r.what == "" || r.run == nil || slices.Contains(names, r.name) {
			t.Errorf("row %q: %q", r.name, r.what)
		}
		names = append(names, r.name)
	}
}

// The message that asks whether a member serves is whole: frames that end with the message, the last one final.
func TestAuthentication(t *testing.T) {
	b, ok := strings.CutPrefix(string(authentication()), "CP2")
	if !ok {
		t.Fatal("no protocol in front")
	}
	for frames := 1; ; frames++ {
		n := int(b[0]) | int(b[1])<<8
		final := b[5]&(1<<5) != 0
		if n < 6 || n > len(b) || final != (n == len(b)) {
			t.Fatalf("frame %d of %d bytes, %d left, final: %v", frames, n, len(b), final)
		}
		if b = b[n:]; b == "" {
			if frames != 9 {
				t.Errorf("%d frames, want 9", frames)
			}
			return
		}
	}
}

// A server is not taken for another one that listens where it should.
func TestAddressInUse(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	l := &lab{ctx: t.Context(), output: t.TempDir()}
	if _, err := l.start("true", "0", address, listens(address), nil, "true"); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("started: %v", err)
	}
}
