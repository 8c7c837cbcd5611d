package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// respOf returns a dialect with one operation out, in slot 0.
func respOf(k kind, keys ...uint32) (*respDialect, []slot, shape) {
	o := Defaults()
	o.Protocol, o.Batch = RESP, max(1, len(keys))
	p := &phase{options: &o, kinds: []kind{k}, batch: o.Batch, depth: 4}
	d, _ := p.dialect(p.templates()).(*respDialect)
	slots := []slot{{kind: k, keys: keys, busy: true}}
	d.append(nil, 0, &slots[0])
	return d, slots, o.shape()
}

func bulk(v []byte) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(v), v) }

func TestRESPAnswers(t *testing.T) {
	_, _, s := respOf(kindGet, 1)
	five, six := bulk(valueOf(s, 5)), bulk(valueOf(s, 6))
	tests := []struct {
		name string
		kind kind
		keys []uint32
		in   string
		want answer
		err  bool
	}{
		{"hit", kindGet, []uint32{5}, five, answer{}, false},
		{"miss", kindGet, []uint32{5}, "$-1\r\n", answer{misses: 1}, false},
		{"other key's", kindGet, []uint32{5}, six, answer{verdict: failed, reason: wrongValue}, false},
		{"set", kindSet, []uint32{5}, "+OK\r\n", answer{}, false},
		{"error", kindSet, []uint32{5}, "-OOM command not allowed\r\n", answer{verdict: failed, reason: "OOM"}, false},
		{"number", kindSet, []uint32{5}, ":1\r\n", answer{verdict: failed, reason: "answer of another type"}, false},
		{"mset", kindPutAll, []uint32{5, 6}, "+OK\r\n", answer{}, false},
		{"mget", kindGetAll, []uint32{5, 6}, "*2\r\n" + five + six, answer{}, false},
		{"mget, one missing", kindGetAll, []uint32{5, 6}, "*2\r\n$-1\r\n" + six, answer{misses: 1}, false},
		{"mget, exchanged", kindGetAll, []uint32{5, 6}, "*2\r\n" + six + five, answer{verdict: failed, reason: wrongValue}, false},
		{"mget, too few", kindGetAll, []uint32{5, 6}, "*1\r\n" + five, answer{}, true},
		{"array for get", kindGet, []uint32{5}, "*1\r\n" + five, answer{}, true},
		{"no RESP", kindGet, []uint32{5}, "HTTP/1.1 400\r\n", answer{}, true},
		{"no carriage return", kindGet, []uint32{5}, "+OK\n", answer{}, true},
		{"length of letters", kindGet, []uint32{5}, "$1x\r\n", answer{}, true},
		{"endless length", kindGet, []uint32{5}, "$99999999999\r\n", answer{}, true},
		{"endless line", kindGet, []uint32{5}, "+" + strings.Repeat("x", maxRESPLine), answer{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, slots, _ := respOf(tt.kind, tt.keys...)
			if !tt.err {
				for n := range tt.in {
					if a, err := d.cut([]byte(tt.in[:n]), slots); a.size != 0 || err != nil {
						t.Fatalf("%d bytes: %+v, %v", n, a, err)
					}
				}
				tt.want.size = len(tt.in)
			}
			a, err := d.cut([]byte(tt.in+"+"), slots)
			if a != tt.want || errors.Is(err, errStream) != tt.err {
				t.Errorf("%+v, %v; want %+v", a, err, tt.want)
			}
			if _, err := d.cut([]byte("+OK\r\n"), slots); !tt.err && !errors.Is(err, errStream) {
				t.Errorf("an answer that nobody asked for: %v", err)
			}
		})
	}
}

func TestRESPCommandsOfOthers(t *testing.T) {
	o := Defaults()
	o.SetCommand, o.GetCommand = "DM.PUT bench", "DM.GET bench"
	if got, want := o.respRequest(kindSet, [][]byte{[]byte("k")}, [][]byte{[]byte("vv")}), "*4\r\n$6\r\nDM.PUT\r\n$5\r\nbench\r\n$1\r\nk\r\n$2\r\nvv\r\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := o.respRequest(kindGet, [][]byte{[]byte("k")}, nil), "*3\r\n$6\r\nDM.GET\r\n$5\r\nbench\r\n$1\r\nk\r\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzCutRESP(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*2\r\n", "-ERR x\r\n", "$999999999\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := cutRESP(in)
		if err != nil || v.size == 0 {
			return
		}
		if v.size > len(in) || !bytes.Contains(in[:v.size], v.bytes) {
			t.Fatalf("%q: %+v", in, v)
		}
		if again, err := cutRESP(in[:v.size]); err != nil || again.size != v.size {
			t.Fatalf("%q: cut to size it is %+v, %v", in, again, err)
		}
	})
}
