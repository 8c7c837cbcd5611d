package wire

import "encoding/binary"

// Writing a message: AppendRequestHead, AppendResponseHead or AppendEventHead, then its further fixed-size fields as
// part of the same frame, then one frame or structure after the other, and Finish with the place where the last frame
// begins. All of it appends to the caller's buffer and allocates only if that has no room.

// AppendRequestHead appends the first frame of a request up to the partition id; the caller appends extra bytes of
// fixed-size fields.
func AppendRequestHead(dst []byte, messageType int32, correlation int64, partition int32, extra int) []byte {
	return appendHead(dst, FlagUnfragmented, messageType, correlation, partition, extra)
}

// AppendEventHead appends the first frame of an event up to the partition id, which is -1 in events; the caller
// appends extra bytes of fixed-size fields. The correlation id is that of the request that registered the listener.
func AppendEventHead(dst []byte, messageType int32, correlation int64, extra int) []byte {
	return appendHead(dst, FlagUnfragmented|FlagEvent, messageType, correlation, -1, extra)
}

// AppendResponseHead appends the first frame of a response up to the number of backup acknowledgements that the
// client has to wait for, which is always 0: the member has waited. The caller appends extra bytes of fixed-size fields.
func AppendResponseHead(dst []byte, messageType int32, correlation int64, extra int) []byte {
	dst = AppendFrameHead(dst, FlagUnfragmented, ResponseHeadSize+extra)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(messageType))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(correlation))
	return append(dst, 0)
}

func appendHead(dst []byte, flags Flags, messageType int32, correlation int64, partition int32, extra int) []byte {
	dst = AppendFrameHead(dst, flags, RequestHeadSize+extra)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(messageType))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(correlation))
	return binary.LittleEndian.AppendUint32(dst, uint32(partition))
}

// AppendFrameHead appends the length and flags of a frame; the caller appends its payload of size bytes.
func AppendFrameHead(dst []byte, flags Flags, size int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(FrameHeaderSize+size))
	return binary.LittleEndian.AppendUint16(dst, uint16(flags))
}

// AppendFrame appends a frame with a payload.
func AppendFrame(dst, payload []byte) []byte {
	return append(AppendFrameHead(dst, 0, len(payload)), payload...)
}

// AppendString appends a frame whose payload is a string.
func AppendString(dst []byte, s string) []byte {
	return append(AppendFrameHead(dst, 0, len(s)), s...)
}

// AppendNullable appends a frame with a payload, or the null frame if payload is nil.
func AppendNullable(dst, payload []byte) []byte {
	if payload == nil {
		return AppendNull(dst)
	}
	return AppendFrame(dst, payload)
}

// AppendNull appends the frame that stands for null.
func AppendNull(dst []byte) []byte { return AppendFrameHead(dst, FlagNull, 0) }

// AppendBegin appends the frame that opens a structure or list.
func AppendBegin(dst []byte) []byte { return AppendFrameHead(dst, FlagBeginStruct, 0) }

// AppendEnd appends the frame that closes a structure or list.
func AppendEnd(dst []byte) []byte { return AppendFrameHead(dst, FlagEndStruct, 0) }

// Finish marks the frame that begins at offset last of dst as the final one. It must be the last frame in dst.
func Finish(dst []byte, last int) []byte {
	flags := Flags(binary.LittleEndian.Uint16(dst[last+4:])) | FlagFinal
	binary.LittleEndian.PutUint16(dst[last+4:], uint16(flags))
	return dst
}

// FinishEmpty marks the last frame of dst as the final one where that is known to be empty: a null or the end of a
// structure.
func FinishEmpty(dst []byte) []byte { return Finish(dst, len(dst)-FrameHeaderSize) }

// FinishFrom marks the last frame of dst as the final one where only an earlier frame is known, the one at offset at.
func FinishFrom(dst []byte, at int) []byte {
	for {
		next := at + int(int32(binary.LittleEndian.Uint32(dst[at:])))
		if next >= len(dst) {
			return Finish(dst, at)
		}
		at = next
	}
}
