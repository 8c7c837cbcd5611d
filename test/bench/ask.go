package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"time"
)

// ask sends one message about a map and reads the answer, of any size, without keeping it; it returns its length. each is called now and then.
func ask(ctx context.Context, address string, kind uint32, name string, each func()) (int64, error) {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(append(authentication(), aboutMap(kind, name)...)); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(conn, 1<<20)
	if _, _, err := skip(in, each); err != nil {
		return 0, err
	}
	size, answer, err := skip(in, each)
	if err == nil && answer == 0 {
		err = fmt.Errorf("message %#x: the answer is an error", kind)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return size, err
}

// aboutMap is a message whose only parameter is the name of a map.
func aboutMap(kind uint32, name string) []byte {
	const whole, final, head = 0xc000, 1 << 13, 6 + 16
	out := binary.LittleEndian.AppendUint32(nil, head)
	out = binary.LittleEndian.AppendUint16(out, whole)
	out = binary.LittleEndian.AppendUint32(out, kind)
	out = binary.LittleEndian.AppendUint64(out, 2)
	out = binary.LittleEndian.AppendUint32(out, 0xffffffff) // of no partition
	out = binary.LittleEndian.AppendUint32(out, uint32(6+len(name)))
	out = binary.LittleEndian.AppendUint16(out, final)
	return append(out, name...)
}

// skip reads one message, frame by frame, and returns its length and type; each is called for every few thousand frames.
func skip(in *bufio.Reader, each func()) (size int64, kind uint32, err error) {
	const final, header, often = 1 << 13, 6, 1 << 14
	for n := 1; ; n++ {
		head, err := in.Peek(header)
		if err != nil {
			return size, kind, err
		}
		length, last := int(binary.LittleEndian.Uint32(head)), binary.LittleEndian.Uint16(head[4:])&final != 0
		if n == 1 {
			if head, err = in.Peek(header + 4); err != nil {
				return size, kind, err
			}
			kind = binary.LittleEndian.Uint32(head[header:])
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
