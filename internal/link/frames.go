package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFrameTooLarge ends a connection whose peer announces a frame beyond the lane's limit.
var ErrFrameTooLarge = errors.New("link: frame exceeds the limit of its lane")

// frameReader cuts frames out of one reused buffer. What next returns is valid
// until fill is called.
//
// The buffer grows only as bytes arrive: to twice of what is there, at most to
// the frame announced. So a length alone costs nothing.
type frameReader struct {
	src   io.Reader
	buf   []byte
	start int // of what was not read yet
	end   int // of what has arrived
	limit int // of a frame, without its length
}

// newFrameReader returns a reader for the handshake; ahead has already been read from src.
func newFrameReader(src io.Reader, ahead []byte) *frameReader {
	buf := make([]byte, max(512, len(ahead)))
	return &frameReader{src: src, buf: buf, end: copy(buf, ahead), limit: handshakeFrame}
}

// next returns the next frame if the whole of it has arrived.
func (f *frameReader) next() (frame []byte, ok bool, err error) {
	have := f.end - f.start
	if have < FrameHeader {
		return nil, false, nil
	}
	size := int(binary.LittleEndian.Uint32(f.buf[f.start:]))
	if size > f.limit {
		return nil, false, fmt.Errorf("%w: %d bytes, at most %d", ErrFrameTooLarge, size, f.limit)
	}
	if have < FrameHeader+size {
		return nil, false, nil
	}
	from := f.start + FrameHeader
	f.start = from + size
	return f.buf[from:f.start:f.start], true, nil
}

// take returns the next n bytes if they have arrived.
func (f *frameReader) take(n int) ([]byte, bool) {
	if f.end-f.start < n {
		return nil, false
	}
	f.start += n
	return f.buf[f.start-n : f.start], true
}

// fill reads once, at least one byte unless it returns an error.
func (f *frameReader) fill() error {
	f.makeRoom()
	for {
		n, err := f.src.Read(f.buf[f.end:])
		f.end += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// makeRoom leaves at least one free byte behind end.
func (f *frameReader) makeRoom() {
	if f.start == f.end {
		f.start, f.end = 0, 0
		if len(f.buf) > keepBuffer {
			f.buf = make([]byte, readBuffer)
		}
		return
	}
	if f.start > 0 {
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.start = 0
	}
	if f.end < len(f.buf) {
		return
	}
	// A frame, or at least its length, begins the buffer and fills it.
	size := FrameHeader + min(int(binary.LittleEndian.Uint32(f.buf)), f.limit)
	f.resize(max(min(size, 2*len(f.buf)), len(f.buf)+FrameHeader))
}

// widen prepares the reader for the frames after the handshake.
func (f *frameReader) widen(limit int) {
	f.limit = limit
	if len(f.buf) < readBuffer {
		f.resize(readBuffer)
	}
}

func (f *frameReader) resize(size int) {
	grown := make([]byte, size)
	f.end = copy(grown, f.buf[f.start:f.end])
	f.start, f.buf = 0, grown
}

// wait returns the next frame, reading until it is there.
func (f *frameReader) wait() ([]byte, error) {
	for {
		frame, ok, err := f.next()
		if ok || err != nil {
			return frame, err
		}
		if err := f.fill(); err != nil {
			return nil, err
		}
	}
}

// waitPreamble reads the three bytes that every connection between members begins with.
func (f *frameReader) waitPreamble() error {
	for {
		if b, ok := f.take(len(Preamble)); ok {
			if string(b) != Preamble {
				return fmt.Errorf("%w: it begins with %q", ErrProtocol, b)
			}
			return nil
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
}
