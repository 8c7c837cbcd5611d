package main

import (
	"bufio"
	"encoding/binary"
)

// The few messages of the client protocol that this program needs itself.

// Flags of a frame of the client protocol, and the length of what stands before its payload.
const (
	flagWhole, flagFinal, flagBegin, flagEnd, flagNull = 0xc000, 1 << 13, 1 << 12, 1 << 11, 1 << 10

	frameHeader = 6
)

func appendFrame(dst []byte, flags uint16, payload string) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(frameHeader+len(payload)))
	return append(binary.LittleEndian.AppendUint16(dst, flags), payload...)
}

// messageHead begins the first frame's payload of a message that is of no partition.
func messageHead(kind uint32, correlation uint64) []byte {
	head := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, kind), correlation)
	return binary.LittleEndian.AppendUint32(head, 0xffffffff)
}

// authentication is what a client of the cluster "dev" begins with.
func authentication() []byte {
	const notNull = 0
	head := append(messageHead(0x000100, 1), notNull)
	head = append(head, "a client for now"...) // its id: 16 bytes of its own
	head = append(head, 1, 0, 0)               // serialization version, routing mode, no direct CP calls
	out := appendFrame([]byte("CP2"), flagWhole, string(head))
	out = appendFrame(out, 0, "dev")
	out = appendFrame(appendFrame(out, flagNull, ""), flagNull, "") // user, password
	for _, text := range []string{"FLB", "5.5.0", "filbert-bench"} {
		out = appendFrame(out, 0, text)
	}
	return appendFrame(appendFrame(out, flagBegin, ""), flagEnd|flagFinal, "") // labels
}

// aboutMap is a message whose only parameter is the name of a map.
func aboutMap(kind uint32, name string) []byte {
	return appendFrame(appendFrame(nil, flagWhole, string(messageHead(kind, 2))), flagFinal, name)
}

// skip reads one message, frame by frame, and returns its length and type; each is called for every few thousand frames.
func skip(in *bufio.Reader, each func()) (size int64, kind uint32, err error) {
	const often = 1 << 14
	for n := 1; ; n++ {
		head, err := in.Peek(frameHeader)
		if err != nil {
			return size, kind, err
		}
		length, last := int(binary.LittleEndian.Uint32(head)), binary.LittleEndian.Uint16(head[4:])&flagFinal != 0
		if n == 1 {
			if head, err = in.Peek(frameHeader + 4); err != nil {
				return size, kind, err
			}
			kind = binary.LittleEndian.Uint32(head[frameHeader:])
		}
		if _, err := in.Discard(length); err != nil {
			return size, kind, err
		}
		if size += int64(length); last {
			return size, kind, nil
		}
		if n%often == 0 {
			each()
		}
	}
}
