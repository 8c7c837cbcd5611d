package wire_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/wire"
)

// request builds a request of type 0x010100 with the payloads as further frames.
func request(correlation int64, payloads ...string) wire.Message {
	dst := wire.AppendRequestHead(nil, 0x010100, correlation, 7, 0)
	last := 0
	for _, p := range payloads {
		last = len(dst)
		dst = wire.AppendString(dst, p)
	}
	return wire.Finish(dst, last)
}

// pieces splits a message into messages of one frame each, all with a fragment's head.
func pieces(msg wire.Message, id int64) []byte {
	var out []byte
	frames := msg.Frames()
	flags := wire.FlagBeginFragment
	for {
		frame, ok := frames.Next()
		if !ok {
			return out
		}
		if !frames.More() {
			flags |= wire.FlagEndFragment
		}
		out = wire.AppendFrameHead(out, flags, 8)
		out = binary.LittleEndian.AppendUint64(out, uint64(id))
		out = wire.AppendFrameHead(out, frame.Flags|wire.FlagFinal, len(frame.Payload))
		out = append(out, frame.Payload...)
		flags = 0
	}
}

func TestMessageAccessors(t *testing.T) {
	m := request(42, "name", "key")
	if m.Type() != 0x010100 || m.CorrelationID() != 42 || m.PartitionID() != 7 {
		t.Errorf("type %#x, correlation %d, partition %d", m.Type(), m.CorrelationID(), m.PartitionID())
	}
	if !m.Flags().Has(wire.FlagUnfragmented) || m.Flags().Has(wire.FlagEvent) {
		t.Errorf("flags %#x", m.Flags())
	}
	m.SetCorrelationID(-5)
	m.SetPartitionID(270)
	if m.CorrelationID() != -5 || m.PartitionID() != 270 {
		t.Errorf("after set: correlation %d, partition %d", m.CorrelationID(), m.PartitionID())
	}
}

func TestResponseHeadHasNoPartition(t *testing.T) {
	m := wire.Message(wire.Finish(wire.AppendResponseHead(nil, 0x010101, 1, 0), 0))
	m.SetPartitionID(3)
	if m.PartitionID() != -1 || m.CorrelationID() != 1 {
		t.Errorf("partition %d, correlation %d", m.PartitionID(), m.CorrelationID())
	}
	for n := range m {
		cut := m[:n]
		_, _, _, _ = cut.Type(), cut.CorrelationID(), cut.PartitionID(), cut.Flags() // must not panic
	}
}

// The bytes of a request with two frames, field by field.
func TestGoldenBytes(t *testing.T) {
	want := strings.Join([]string{
		"16000000", "00c0", "00010100", "2a00000000000000", "07000000", // head: 22 bytes, unfragmented
		"07000000", "0000", "6d", // frame "m"
		"06000000", "0004", // null
		"06000000", "0010", // begin
		"06000000", "0028", // end, final
	}, "")
	dst := wire.AppendRequestHead(nil, 0x010100, 42, 7, 0)
	dst = wire.AppendFrame(dst, []byte("m"))
	dst = wire.AppendNullable(dst, nil)
	dst = wire.AppendBegin(dst)
	dst = wire.FinishEmpty(wire.AppendEnd(dst))
	if got := hex.EncodeToString(dst); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCut(t *testing.T) {
	one, two := request(1, "a", "bc"), request(2, "d")
	both := append(bytes.Clone(one), two...)
	for n := range both {
		msg, rest, need, err := wire.Cut(both[:n], wire.Limits{})
		switch {
		case err != nil:
			t.Fatalf("%d bytes: %v", n, err)
		case n < len(one) && (msg != nil || len(rest) != n || need <= n || need > len(one)):
			t.Fatalf("%d of %d bytes: message %v, rest %d, need %d", n, len(one), msg != nil, len(rest), need)
		case n >= len(one) && (!bytes.Equal(msg, one) || len(rest) != n-len(one) || need != 0):
			t.Fatalf("%d bytes: message of %d, rest %d, need %d", n, len(msg), len(rest), need)
		}
	}
}

func TestCutRefuses(t *testing.T) {
	limits := wire.Limits{MaxMessage: 100, MaxFrame: 60, MaxFrames: 5}
	head := func(length int32, flags wire.Flags) []byte {
		b := binary.LittleEndian.AppendUint32(nil, uint32(length))
		return binary.LittleEndian.AppendUint16(b, uint16(flags))
	}
	tests := []struct {
		name string
		in   []byte
		want error
	}{
		{"negative length", head(-1, wire.FlagUnfragmented), wire.ErrMalformed},
		{"zero length", head(0, wire.FlagUnfragmented), wire.ErrMalformed},
		{"shorter than its header", head(5, wire.FlagUnfragmented), wire.ErrMalformed},
		{"no room for a correlation id", head(17, wire.FlagUnfragmented), wire.ErrMalformed},
		{"no room for a fragment id", head(13, 0), wire.ErrMalformed},
		{"HTTP", []byte("GET / HTTP/1.1\r\n"), wire.ErrOversized},
		{"frame over the limit", head(61, wire.FlagUnfragmented), wire.ErrOversized},
		{"message over the limit", request(1, strings.Repeat("a", 40), strings.Repeat("b", 40)), wire.ErrOversized},
		{"too many frames", request(1, "", "", "", "", ""), wire.ErrOversized},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msg, rest, need, err := wire.Cut(tt.in, limits)
			if !errors.Is(err, tt.want) || msg != nil || len(rest) != len(tt.in) || need != 0 {
				t.Errorf("message %v, rest %d, need %d, error %v, want %v", msg != nil, len(rest), need, err, tt.want)
			}
		})
	}
	if code, _ := fault.CodeOf(wire.ErrMalformed); code != 21 {
		t.Errorf("malformed has code %d", code)
	}
	if _, _, _, err := wire.Cut(request(1, "", "", "", ""), limits); err != nil {
		t.Errorf("as many frames as allowed: %v", err)
	}
}

func TestFramesSkip(t *testing.T) {
	dst := wire.AppendRequestHead(nil, 1, 1, 1, 0)
	dst = wire.AppendBegin(dst)
	dst = wire.AppendString(dst, "known")
	dst = wire.AppendBegin(dst)
	dst = wire.AppendString(dst, "nested")
	dst = wire.AppendEnd(dst)
	dst = wire.AppendNull(dst)
	dst = wire.AppendEnd(dst)
	last := len(dst)
	dst = wire.Finish(wire.AppendString(dst, "behind"), last)

	frames := wire.Message(dst).Frames()
	frames.Next()
	whole := frames
	if !whole.Skip() {
		t.Fatal("cannot skip the structure")
	}
	frames.Next()
	frames.Next()
	if !frames.SkipToEnd() {
		t.Fatal("cannot skip to its end")
	}
	for _, f := range []wire.Frames{whole, frames} {
		if frame, ok := f.Next(); !ok || string(frame.Payload) != "behind" || f.More() {
			t.Errorf("behind the structure stands %q, %v", frame.Payload, ok)
		}
	}
	var none wire.Frames
	if none.Skip() || none.SkipToEnd() || none.More() {
		t.Error("skipped where there is nothing")
	}
}

func TestFinishFrom(t *testing.T) {
	dst := wire.AppendRequestHead([]byte("before"), 1, 1, 1, 0)
	at := len(dst)
	dst = wire.AppendEnd(wire.AppendString(wire.AppendBegin(dst), "item"))
	last := len(dst)
	dst = wire.FinishFrom(wire.AppendString(dst, "keys"), at)
	msg, rest, _, err := wire.Cut(dst[len("before"):], wire.Limits{})
	if err != nil || msg == nil || len(rest) != 0 {
		t.Fatalf("message %x, rest %d, %v", msg, len(rest), err)
	}
	if flags := wire.Flags(binary.LittleEndian.Uint16(dst[last+4:])); flags != wire.FlagFinal {
		t.Errorf("the last frame has the flags %#x", flags)
	}
}

// feed gives data to r in reads of at most step bytes and returns copies of the messages.
func feed(r *wire.Reader, data []byte, step int) (out []wire.Message, err error) {
	for len(data) > 0 {
		room := r.Buffer()
		n := copy(room[:min(step, len(room))], data)
		r.Advance(n)
		data = data[n:]
		for {
			msg, err := r.Next()
			if err != nil {
				return out, err
			}
			if msg == nil {
				break
			}
			out = append(out, bytes.Clone(msg))
		}
	}
	return out, nil
}

func TestReaderInEveryRhythm(t *testing.T) {
	want := []wire.Message{request(1, "a"), request(2, strings.Repeat("x", 300_000), "y"), request(3), request(4, "", "")}
	var stream []byte
	for i, m := range want {
		if i%2 == 1 {
			stream = append(stream, pieces(m, int64(i))...)
		} else {
			stream = append(stream, m...)
		}
	}
	for _, step := range []int{1, 2, 7, 100, 4096, 1 << 20} {
		got, err := feed(wire.NewReader(wire.Limits{}), stream, step)
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if len(got) != len(want) {
			t.Fatalf("step %d: %d messages, want %d", step, len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Errorf("step %d: message %d differs", step, i)
			}
		}
	}
}

func TestReaderFragments(t *testing.T) {
	a, b := request(1, "a", "b", "c"), request(2, "d", "e", "f")
	pa, pb := pieces(a, 10), pieces(b, 11)
	cutAt := func(p []byte) int { // behind the first piece
		_, rest, _, err := wire.Cut(p, wire.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return len(p) - len(rest)
	}
	ca, cb := cutAt(pa), cutAt(pb)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name   string
		in     []byte
		limits wire.Limits
		got    int
		err    error
	}{
		{"interleaved", join(pa[:ca], pb[:cb], pa[ca:], pb[cb:]), wire.Limits{}, 2, nil},
		{"too many at once", join(pa[:ca], pb[:cb]), wire.Limits{MaxFragmented: 1}, 0, wire.ErrFragments},
		{"one after the other", join(pa, pb), wire.Limits{MaxFragmented: 1}, 2, nil},
		{"no beginning", pa[ca:], wire.Limits{}, 0, wire.ErrFragments},
		{"two beginnings", join(pa[:ca], pa[:ca]), wire.Limits{}, 0, wire.ErrFragments},
		{"together too large", join(pa[:ca], pb), wire.Limits{MaxMessage: 50}, 0, wire.ErrOversized},
		{"together too many frames", pa, wire.Limits{MaxFrames: 3}, 0, wire.ErrOversized},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := feed(wire.NewReader(tt.limits), tt.in, 5)
			if !errors.Is(err, tt.err) || len(got) != tt.got {
				t.Fatalf("%d messages, error %v; want %d, %v", len(got), err, tt.got, tt.err)
			}
			if tt.got == 2 && (!bytes.Equal(got[0], a) || !bytes.Equal(got[1], b)) {
				t.Error("the messages differ from what was sent")
			}
		})
	}
}

func TestReaderMemory(t *testing.T) {
	r := wire.NewReader(wire.Limits{})
	// A client that announces 60 MiB and sends a few bytes at a time.
	first := binary.LittleEndian.AppendUint32(nil, 60<<20)
	first = binary.LittleEndian.AppendUint16(first, uint16(wire.FlagUnfragmented|wire.FlagFinal))
	if _, err := feed(r, append(first, make([]byte, 1000)...), 10); err != nil {
		t.Fatal(err)
	}
	if room := len(r.Buffer()); room > 16<<10 {
		t.Errorf("room of %d bytes for a client that sent 1006", room)
	}

	r = wire.NewReader(wire.Limits{})
	if _, err := feed(r, request(1, strings.Repeat("v", 1<<20)), 1<<20); err != nil {
		t.Fatal(err)
	}
	if room := len(r.Buffer()); room < 1<<20 {
		t.Errorf("room of %d bytes right after a large message", room)
	}
	for range 40 {
		if _, err := feed(r, request(1, "small"), 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	if room := len(r.Buffer()); room > 64<<10 {
		t.Errorf("room of %d bytes after forty small messages", room)
	}
}

func TestReaderLimitsChange(t *testing.T) {
	r := wire.NewReader(wire.Unauthenticated())
	large := request(1, strings.Repeat("v", 100<<10))
	if _, err := feed(r, large, 1<<20); !errors.Is(err, wire.ErrOversized) {
		t.Fatalf("before authentication: %v", err)
	}
	r = wire.NewReader(wire.Unauthenticated())
	if _, err := feed(r, request(1, "credentials"), 1<<20); err != nil {
		t.Fatal(err)
	}
	r.SetLimits(wire.Limits{})
	if got, err := feed(r, large, 1<<20); err != nil || len(got) != 1 {
		t.Fatalf("after authentication: %d messages, %v", len(got), err)
	}
}

func TestReaderAllocations(t *testing.T) {
	r := wire.NewReader(wire.Limits{})
	data := bytes.Repeat(request(1, "name", "a key", "a value"), 20)
	if n := testing.AllocsPerRun(100, func() {
		r.Advance(copy(r.Buffer(), data))
		for {
			msg, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if msg == nil {
				break
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzReader compares the Reader, fed in random steps, with Cut on the whole, and expects no panic.
func FuzzReader(f *testing.F) {
	f.Add([]byte(request(1, "a", "b")), uint64(1))
	f.Add(append(bytes.Clone(request(1, "a")), pieces(request(2, "c", "d"), 9)...), uint64(2))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint64(3))
	limits := wire.Limits{MaxMessage: 4096, MaxFrames: 100}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		got, gotErr := feed(wire.NewReader(limits), data, 1+rng.IntN(len(data)+1))
		var want []wire.Message
		var wantErr error
		fragmented := false
		for rest := data; ; {
			msg, next, _, err := wire.Cut(rest, limits)
			if err != nil || msg == nil {
				wantErr = err
				break
			}
			fragmented = fragmented || !msg.Flags().Has(wire.FlagUnfragmented)
			want, rest = append(want, msg), next
		}
		if fragmented {
			return // Cut does not put pieces together
		}
		if len(got) != len(want) || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%d messages, %v; want %d, %v", len(got), gotErr, len(want), wantErr)
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("message %d differs", i)
			}
		}
	})
}
