package wire

import "encoding/binary"

// Frame is one frame: a view on the message.
type Frame struct {
	// Payload is never nil in a frame that was read, so that an empty value differs from none.
	Payload []byte
	Flags   Flags
}

// IsNull reports whether the frame stands for null.
func (f Frame) IsNull() bool { return f.Flags&FlagNull != 0 }

// IsValue reports whether the frame is a value: neither null nor the edge of a structure.
func (f Frame) IsValue() bool { return f.Flags&(FlagNull|FlagBeginStruct|FlagEndStruct) == 0 }

// IsBegin reports whether the frame opens a structure.
func (f Frame) IsBegin() bool { return f.Flags&FlagBeginStruct != 0 }

// IsEnd reports whether the frame closes a structure.
func (f Frame) IsEnd() bool { return f.Flags&FlagEndStruct != 0 }

// Frames is a cursor on the frames of a message. The zero value has none.
type Frames struct {
	rest []byte
}

// Next returns the next frame and moves behind it; false if there is no further whole frame.
func (f *Frames) Next() (Frame, bool) {
	frame, rest, ok := cutFrame(f.rest)
	if ok {
		f.rest = rest
	}
	return frame, ok
}

// Peek returns the next frame and stays in front of it; false if there is no further whole frame.
func (f *Frames) Peek() (Frame, bool) {
	frame, _, ok := cutFrame(f.rest)
	return frame, ok
}

// More reports whether bytes are left.
func (f *Frames) More() bool { return len(f.rest) > 0 }

// Rest returns the frames that were not read yet, as they stand on the wire.
func (f *Frames) Rest() []byte { return f.rest }

// Skip moves behind the next value: one frame, or a whole structure with everything nested in it; false if it is
// not there or not complete. The cursor then stands where it ran out.
func (f *Frames) Skip() bool {
	for depth := 0; ; {
		frame, ok := f.Next()
		switch {
		case !ok:
			return false
		case frame.IsBegin():
			depth++
		case frame.IsEnd():
			depth--
		}
		if depth <= 0 {
			return true
		}
	}
}

// SkipToEnd moves behind the frame that closes the structure that the cursor stands in, over whatever a newer
// sender has put there; false if it is never closed.
func (f *Frames) SkipToEnd() bool {
	for {
		frame, ok := f.Peek()
		if !ok {
			return false
		}
		if frame.IsEnd() {
			f.Next()
			return true
		}
		if !f.Skip() {
			return false
		}
	}
}

// cutFrame splits the first frame off b; false if b does not begin with a whole frame.
func cutFrame(b []byte) (frame Frame, rest []byte, ok bool) {
	if len(b) < FrameHeaderSize {
		return Frame{}, b, false
	}
	n := int(int32(binary.LittleEndian.Uint32(b)))
	if n < FrameHeaderSize || n > len(b) {
		return Frame{}, b, false
	}
	frame.Flags = Flags(binary.LittleEndian.Uint16(b[4:]))
	frame.Payload = b[FrameHeaderSize:n:n]
	return frame, b[n:], true
}
