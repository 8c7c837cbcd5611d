package protocol

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// uuidSize is the size of a UUID on the wire: a byte that tells whether it is null, and its two halves as little-endian
// int64, the high one first.
const uuidSize = 17

// ErrUUID is returned by ParseUUID when the text is not a UUID in its usual form.
var ErrUUID = errors.New("malformed UUID")

// UUID is a UUID in its usual byte order. The zero value stands for null where null is allowed.
type UUID [16]byte

// NewUUID returns the UUID with the two halves that Java calls most and least significant bits.
func NewUUID(high, low uint64) (u UUID) {
	binary.BigEndian.PutUint64(u[:8], high)
	binary.BigEndian.PutUint64(u[8:], low)
	return u
}

// ParseUUID reads the form that String writes.
func ParseUUID(s string) (u UUID, err error) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return UUID{}, fmt.Errorf("%w: %q", ErrUUID, s)
	}
	at := 0
	for _, part := range [...]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]} {
		n, err := hex.Decode(u[at:], []byte(part))
		if err != nil {
			return UUID{}, fmt.Errorf("%w: %q", ErrUUID, s)
		}
		at += n
	}
	return u, nil
}

// IsNull reports whether u is the zero UUID, which stands for null.
func (u UUID) IsNull() bool { return u == UUID{} }

// High returns the most significant half.
func (u UUID) High() uint64 { return binary.BigEndian.Uint64(u[:8]) }

// Low returns the least significant half.
func (u UUID) Low() uint64 { return binary.BigEndian.Uint64(u[8:]) }

// String returns the usual form: five groups of lower-case hexadecimal digits.
func (u UUID) String() string {
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
