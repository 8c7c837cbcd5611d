package bench

import (
	"bytes"
	"encoding/binary"
)

// numberSize is the size of the key's number at the front of a value; a shorter value has none.
const numberSize = 8

// A template is a request as bytes, with the places to write over: all requests of a kind have the same length.
type template struct {
	bytes []byte
	// keyAt is where the digits of the first key end, valueAt where the first value begins (-1 for none); the next ones
	// lie stride bytes further each.
	keyAt, valueAt, stride int
	digits                 int // of a key that change
}

// shape is what all keys and values of a run look like.
type shape struct {
	keySize, valueSize int
	digits             int // as many as the largest key's number has; those before are always 0
}

// key is a key as it stands in a template.
func (s shape) key() []byte { return bytes.Repeat([]byte{'0'}, s.keySize) }

// value is a value as it stands in a template: neither compressible nor different from run to run.
func (s shape) value() []byte {
	b := make([]byte, s.valueSize)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13 // xorshift
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// entries are n of them.
func (s shape) entries(n int) (keys, values [][]byte) {
	for range n {
		keys, values = append(keys, s.key()), append(values, s.value())
	}
	return keys, values
}

// templates are those of the kinds that a phase of a run has.
type templates [kinds]*template

// newTemplate returns a template for what encode makes of n keys and values. Where these lie is found by encoding
// twice with different ones.
func newTemplate(s shape, n int, withValues bool, encode func(keys, values [][]byte) []byte) *template {
	keys, values := s.entries(n)
	t := &template{bytes: encode(keys, values), valueAt: -1, digits: s.digits}
	firstKey := func(i int) int {
		keys[i][0] = 'x'
		at := differs(t.bytes, encode(keys, values))
		keys[i][0] = '0'
		return at
	}
	t.keyAt = firstKey(0) + s.keySize
	if n > 1 {
		t.stride = firstKey(1) - (t.keyAt - s.keySize)
	}
	if withValues && s.valueSize >= numberSize {
		values[0][0] ^= 0xff
		t.valueAt = differs(t.bytes, encode(keys, values))
	}
	return t
}

// differs returns where a and b, of equal length, differ first.
func differs(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// append appends the request for keys to dst and returns where it begins.
func (t *template) append(dst []byte, keys []uint32) ([]byte, int) {
	at := len(dst)
	dst = append(dst, t.bytes...)
	b := dst[at:]
	for i, key := range keys {
		putDigits(b[:t.keyAt+i*t.stride], key, t.digits)
		if t.valueAt >= 0 {
			binary.LittleEndian.PutUint64(b[t.valueAt+i*t.stride:], uint64(key))
		}
	}
	return dst, at
}

// putDigits writes the decimal digits of n to the end of b.
func putDigits(b []byte, n uint32, digits int) {
	b = b[len(b)-digits:]
	for i := len(b) - 1; i >= 0; i-- {
		q := n / 10
		b[i] = byte('0' + n - q*10)
		n = q
	}
}

// number reads the digits back; false if there are others.
func number(digits []byte) (n uint32, ok bool) {
	for _, d := range digits {
		if d -= '0'; d > 9 {
			return 0, false
		}
		n = n*10 + uint32(d)
	}
	return n, true
}

// holds reports whether value is what was written for a key.
func (s shape) holds(value []byte, key uint32) bool {
	return len(value) == s.valueSize && (s.valueSize < numberSize || binary.LittleEndian.Uint64(value) == uint64(key))
}
