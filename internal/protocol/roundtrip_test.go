package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/wire"
)

// filler fills structs with random values that a decoder returns as they were: nothing null, every list non-empty
// now and then empty.
type filler struct{ *rand.Rand }

func newFiller(seed uint64) filler { return filler{rand.New(rand.NewPCG(seed, 1))} }

func (f filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name == "Valid" || len(name) > 3 && name[:3] == "Has" && v.Field(i).Kind() == reflect.Bool {
				v.Field(i).SetBool(true)
				continue
			}
			f.fill(v.Field(i))
		}
		if page, ok := reflect.TypeAssert[*SqlPage](v.Addr()); ok {
			page.Columns = wire.AppendString(nil, "a column")
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		n := f.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
		v.Index(0).SetUint(1) // not null
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 1)
	case reflect.String:
		v.SetString([]string{"", "a", "ünïcödé", "a longer string"}[f.IntN(4)])
	case reflect.Float32:
		v.SetFloat(float64(float32(f.NormFloat64())))
	case reflect.Uint8:
		v.SetUint(uint64(f.IntN(256)))
	default:
		v.SetInt(int64(f.Uint64()))
	}
}

// filled returns a message's struct with random values.
func (f filler) filled(c check) any {
	v := c.empty()
	f.fill(reflect.ValueOf(v).Elem())
	return v
}

// TestRoundTrip appends every message with random values and reads it again, into a struct that holds other values.
func TestRoundTrip(t *testing.T) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(5) {
				f := newFiller(seed)
				want, got := f.filled(c), f.filled(c)
				prefix := []byte("what is in the buffer already")
				out := c.append(bytes.Clone(prefix), want)
				if !bytes.HasPrefix(out, prefix) {
					t.Fatal("the appender changed what was in the buffer")
				}
				m := wholeMessage(t, out[len(prefix):])
				if m.Type() != c.messageType || m.CorrelationID() != checkCorrelation {
					t.Fatalf("type %#x, correlation %#x", m.Type(), m.CorrelationID())
				}
				if err := c.decode(m, got); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d:\ngot  %+v\nwant %+v", seed, got, want)
				}
			}
		})
	}
}

// wholeMessage cuts the message out of b, which must hold that and nothing else.
func wholeMessage(t *testing.T, b []byte) wire.Message {
	t.Helper()
	m, rest, _, err := wire.Cut(b, wire.Limits{})
	if err != nil || m == nil || len(rest) != 0 {
		t.Fatalf("not one message: %d bytes cut, %d left, %v", len(m), len(rest), err)
	}
	return m
}

// TestZeroValues appends every message with nothing set: null where that is allowed, else empty.
func TestZeroValues(t *testing.T) {
	for _, c := range checks {
		m := wholeMessage(t, c.append(nil, c.empty()))
		got := newFiller(1).filled(c)
		if err := c.decode(m, got); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		again := c.append(nil, got)
		if !bytes.Equal(again, m) {
			t.Errorf("%s: decoded and appended again, it differs:\n%x\n%x", c.name, m, again)
		}
	}
}

// TestNewerSenders adds to every message what this version does not know: bytes behind the head's fields, frames and
// structures behind the fields, and frames at the end of every nested structure.
func TestNewerSenders(t *testing.T) {
	for _, c := range checks {
		want := newFiller(3).filled(c)
		m := wholeMessage(t, newer(c.append(nil, want)))
		got := c.empty()
		if err := c.decode(m, got); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, want)
		}
	}
}

// newer returns m with unknown bytes at the end of its head and unknown frames behind its last.
func newer(m wire.Message) []byte {
	frames := m.Frames()
	head, _ := frames.Next()
	out := wire.AppendFrameHead(nil, head.Flags&^wire.FlagFinal, len(head.Payload)+3)
	out = append(append(out, head.Payload...), 7, 7, 7)
	for {
		frame, ok := frames.Next()
		if !ok {
			break
		}
		out = wire.AppendFrameHead(out, frame.Flags&^wire.FlagFinal, len(frame.Payload))
		out = append(out, frame.Payload...)
	}
	out = wire.AppendBegin(wire.AppendString(out, "unknown"))
	return wire.FinishEmpty(wire.AppendEnd(wire.AppendNull(wire.AppendEnd(wire.AppendBegin(out)))))
}

// TestTruncated cuts every message short at every frame and in the head: it must be read, as from an older sender, or
// refused, and an error must name the message.
func TestTruncated(t *testing.T) {
	for _, c := range checks {
		m := wire.Message(c.append(nil, newFiller(4).filled(c)))
		frames := m.Frames()
		for {
			if _, ok := frames.Next(); !ok || !frames.More() {
				break
			}
			short := m[:len(m)-len(frames.Rest())]
			refusedOrRead(t, c, short)
		}
		head, rest := headAndRest(m)
		for n := range head {
			short := wire.AppendFrameHead(nil, wire.FlagUnfragmented, n)
			short = append(short, m[wire.FrameHeaderSize:wire.FrameHeaderSize+n]...)
			refusedOrRead(t, c, append(short, rest...))
		}
	}
}

func headAndRest(m wire.Message) (payload int, rest []byte) {
	frames := m.Frames()
	head, _ := frames.Next()
	return len(head.Payload), frames.Rest()
}

func refusedOrRead(t *testing.T, c check, m wire.Message) {
	t.Helper()
	err := c.decode(m, c.empty())
	if err == nil {
		return
	}
	if !errors.Is(err, wire.ErrMalformed) && !errors.Is(err, fault.ErrNullPointer) {
		t.Fatalf("%s: error of another kind: %v", c.name, err)
	}
	if !bytes.Contains([]byte(err.Error()), []byte(c.name)) {
		t.Fatalf("%s: error does not name it: %v", c.name, err)
	}
}

// TestWrongType gives every decoder a message of another type.
func TestWrongType(t *testing.T) {
	other := wire.Message(wire.Finish(wire.AppendRequestHead(nil, 0x7f7f7f, 1, 1, 0), 0))
	for _, c := range checks {
		if err := c.decode(other, c.empty()); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s reads type %#x: %v", c.name, other.Type(), err)
		}
	}
}

// TestEveryMessageIsChecked holds that the table of the tests and the table of the catalogue agree.
func TestEveryMessageIsChecked(t *testing.T) {
	seen := map[int32]bool{}
	for _, c := range checks {
		if seen[c.messageType] {
			t.Errorf("%s: type %#x twice", c.name, c.messageType)
		}
		seen[c.messageType] = true
		if _, ok := Describe(c.messageType); !ok {
			t.Errorf("%s: type %#x is not in the catalogue's table", c.name, c.messageType)
		}
	}
	n := 0
	for info := range All() {
		n += 2 + info.Events
	}
	if n != len(checks) {
		t.Errorf("%d messages in the table, %d checked", n, len(checks))
	}
	for _, messageType := range []int32{0, 1, 0x010102, 0x01ff00, -1, 0x7f0100, 0x011903} {
		if info, ok := Describe(messageType); ok {
			t.Errorf("type %#x is described as %+v", messageType, info)
		}
	}
	want := Info{
		Type: MapPutRequestType, Name: "Map.put", Service: "Map", Method: "put", Since: "2.0", PartitionIdentifier: "key",
	}
	for _, messageType := range []int32{MapPutRequestType, MapPutResponseType} {
		if info, _ := Describe(messageType); info != want {
			t.Errorf("Map.put is described as %+v", info)
		}
	}
	if info, _ := Describe(MapAddEntryListenerEntryEventType); fmt.Sprint(info.Name, info.Events) != "Map.addEntryListener1" {
		t.Errorf("the entry listener is described as %+v", info)
	}
}
