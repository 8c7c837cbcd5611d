package wire_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/wire"
)

// TestSkip: messages that are too large are passed over, whatever they are cut into, and those around them are read. The buffer does
// not grow for them.
func TestSkip(t *testing.T) {
	long := strings.Repeat("x", 5000)
	var in []byte
	for i := range int64(20) {
		in = append(in, request(2*i, "name", "value")...)
		in = append(in, request(2*i+1, "name", "key", long, long, "end")...)
	}
	in = append(in, request(40, "last")...)
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := wire.NewReader(wire.Limits{MaxMessage: 6000})
		var got, refused []int64
		most := 0
		for rest := in; len(rest) > 0; {
			b := r.Buffer()
			most = max(most, len(b))
			n := copy(b[:min(len(b), 1+random.IntN(3000))], rest)
			rest = rest[n:]
			r.Advance(n)
			for {
				m, err := r.Next()
				if errors.Is(err, wire.ErrOversized) {
					head, ok := r.Skip()
					if !ok || head.Type() != 0x010100 {
						t.Fatalf("seed %d: %v, %v", seed, head, ok)
					}
					refused = append(refused, head.CorrelationID())
					continue
				}
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if m == nil {
					break
				}
				got = append(got, m.CorrelationID())
			}
		}
		if len(got) != 21 || len(refused) != 20 || r.Buffered() != 0 {
			t.Errorf("seed %d: read %v, refused %v, %d bytes are left", seed, got, refused, r.Buffered())
		}
		if most > 16<<10 {
			t.Errorf("seed %d: a buffer of %d bytes", seed, most)
		}
	}
}

// TestSkipEnds: where it is not known whose answer it would be, or there is no end, the connection is of no more use.
func TestSkipEnds(t *testing.T) {
	limits := wire.Limits{MaxMessage: 1000}
	read := func(b []byte) (*wire.Reader, error) {
		r := wire.NewReader(limits)
		for {
			n := copy(r.Buffer(), b)
			b = b[n:]
			r.Advance(n)
			for {
				m, err := r.Next()
				if err != nil {
					return r, err
				}
				if m == nil {
					break
				}
			}
			if len(b) == 0 {
				return r, nil
			}
		}
	}
	first := wire.Finish(wire.AppendRequestHead(nil, 0x010100, 1, 0, 2000), 0)
	if r, err := read(append(first, make([]byte, 2000)...)); !errors.Is(err, wire.ErrOversized) {
		t.Errorf("a large first frame: %v", err)
	} else if _, ok := r.Skip(); ok {
		t.Error("a large first frame is passed over")
	}
	if r, err := read(pieces(request(1, strings.Repeat("x", 2000)), 7)); !errors.Is(err, wire.ErrOversized) {
		t.Errorf("a large message in pieces: %v", err)
	} else if _, ok := r.Skip(); ok {
		t.Error("a message in pieces is passed over")
	}
	r, err := read(request(1, strings.Repeat("x", 2000)))
	if _, ok := r.Skip(); !ok || !errors.Is(err, wire.ErrOversized) {
		t.Fatalf("%v", err)
	}
	more := wire.AppendFrame(nil, make([]byte, 900))
	for i := 0; i == 0 || err == nil; i++ {
		for rest := bytes.Clone(more); len(rest) > 0; {
			n := copy(r.Buffer(), rest)
			rest = rest[n:]
			r.Advance(n)
			if _, err = r.Next(); err != nil {
				break
			}
		}
		if i > 100 {
			t.Fatal("a message without end is passed over for ever")
		}
	}
}
