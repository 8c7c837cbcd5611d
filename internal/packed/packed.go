// Package packed is the encoding of everything members tell one another and of
// effects: little-endian integers, varints for lengths, length-prefixed bytes.
//
// Writing is appending to a caller's slice and cannot fail. Reading goes
// through a Reader whose first error sticks: a decoder reads all its fields and
// asks Err once. A length is never trusted before the bytes are there, so a
// hostile message cannot make a reader allocate more than its own size.
package packed

import (
	"encoding/binary"
	"errors"
)

// ErrShort is what Reader.Err returns when a field reaches past the end.
var ErrShort = errors.New("packed: message ends inside a field")

// AppendUint32 appends v in four bytes.
func AppendUint32(dst []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(dst, v) }

// AppendUint64 appends v in eight bytes.
func AppendUint64(dst []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(dst, v) }

// AppendInt64 appends v in eight bytes, two's complement.
func AppendInt64(dst []byte, v int64) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(v))
}

// AppendUvarint appends v in one to ten bytes.
func AppendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendVarint appends v in one to ten bytes, zigzag.
func AppendVarint(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

// AppendBool appends one byte, 0 or 1.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendBytes appends the length of b as a varint, and b.
func AppendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// AppendString is AppendBytes of a string.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendNullable appends b, telling nil from empty: the length plus one, 0 for nil.
func AppendNullable(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}
