package packed

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	b := AppendUint32(nil, math.MaxUint32)
	b = AppendUint64(b, 1<<63)
	b = AppendInt64(b, -5)
	b = AppendUvarint(b, 300)
	b = AppendVarint(b, -300)
	b = AppendBool(AppendBool(b, true), false)
	b = AppendBytes(b, []byte("bytes"))
	b = AppendString(b, "text")
	b = AppendNullable(b, nil)
	b = AppendNullable(b, []byte{})
	b = AppendNullable(b, []byte("n"))
	for cut := range b {
		r := NewReader(b[:cut])
		if read(&r); !errors.Is(r.Err(), ErrShort) {
			t.Fatalf("cut at %d of %d: no error", cut, len(b))
		}
	}
	r := NewReader(b)
	if got := read(&r); r.Err() != nil || r.Len() != 0 || !got {
		t.Errorf("not what was written: %t, error %v, %d bytes left", got, r.Err(), r.Len())
	}
}

// read reads what TestRoundTrip wrote and tells whether it is the same.
func read(r *Reader) bool {
	same := r.Uint32() == math.MaxUint32
	same = r.Uint64() == 1<<63 && same
	same = r.Int64() == -5 && same
	same = r.Uvarint() == 300 && same
	same = r.Varint() == -300 && same
	same = r.Bool() && same
	same = !r.Bool() && same
	same = string(r.Bytes()) == "bytes" && same
	same = r.String() == "text" && same
	same = r.Nullable() == nil && same
	empty := r.Nullable()
	same = empty != nil && len(empty) == 0 && same
	return string(r.Nullable()) == "n" && same
}

// A count of more elements than there is room for is an error, before anybody allocates for them.
func TestCount(t *testing.T) {
	for _, c := range []struct {
		count uint64
		rest  int
		size  int
		want  int
		err   error
	}{{2, 8, 4, 2, nil}, {3, 8, 4, 0, ErrShort}, {math.MaxUint64, 8, 0, 0, ErrShort}, {0, 0, 9, 0, nil}} {
		r := NewReader(append(AppendUvarint(nil, c.count), make([]byte, c.rest)...))
		if got := r.Count(c.size); got != c.want || !errors.Is(r.Err(), c.err) {
			t.Errorf("%d elements of %d bytes in %d: %d, %v", c.count, c.size, c.rest, got, r.Err())
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, msg, kinds []byte) {
		r := NewReader(msg)
		read := 0
		for _, k := range kinds {
			switch k % 6 {
			case 0:
				r.Uint64()
			case 1:
				read += len(r.Bytes())
			case 2:
				read += len(r.Nullable())
			case 3:
				r.Varint()
			case 4:
				read += r.Count(1)
			case 5:
				r.Take(int(int8(k)))
			}
		}
		if r.Len() > len(msg) || !bytes.HasSuffix(msg, r.Rest()) {
			t.Errorf("a reader of %d bytes has %d left", len(msg), r.Len())
		}
	})
}
