package protocol

import (
	"encoding/binary"
	"math"

	"github.com/filbertgrid/filbert/internal/wire"
)

// AppendBoolean appends a fixed-size field to the frame that is being written.
func AppendBoolean(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendByte appends a fixed-size field to the frame that is being written.
func AppendByte(dst []byte, v byte) []byte { return append(dst, v) }

// AppendInt appends a fixed-size field to the frame that is being written.
func AppendInt(dst []byte, v int32) []byte { return binary.LittleEndian.AppendUint32(dst, uint32(v)) }

// AppendLong appends a fixed-size field to the frame that is being written.
func AppendLong(dst []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(dst, uint64(v)) }

// AppendFloat appends a fixed-size field to the frame that is being written.
func AppendFloat(dst []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
}

// AppendUUID appends a fixed-size field to the frame that is being written, the zero UUID as such and not as null.
func AppendUUID(dst []byte, u UUID) []byte {
	dst = append(dst, 0)
	dst = binary.LittleEndian.AppendUint64(dst, u.High())
	return binary.LittleEndian.AppendUint64(dst, u.Low())
}

// AppendNullableUUID appends a fixed-size field to the frame that is being written, the zero UUID as null.
func AppendNullableUUID(dst []byte, u UUID) []byte {
	dst = AppendUUID(dst, u)
	if u.IsNull() {
		dst[len(dst)-uuidSize] = 1
	}
	return dst
}

// AppendNullString appends a string's frame, or the null frame.
func AppendNullString(dst []byte, s NullString) []byte {
	if !s.Valid {
		return wire.AppendNull(dst)
	}
	return wire.AppendString(dst, s.Value)
}

// appendList appends a list of structures.
func appendList[T any, P structure[T]](dst []byte, items []T) []byte {
	dst = wire.AppendBegin(dst)
	for i := range items {
		dst = P(&items[i]).append(dst)
	}
	return wire.AppendEnd(dst)
}
