package wire

import (
	"encoding/binary"
	"fmt"
)

// Cut splits the first message off buf. If buf holds no whole message, msg is nil, rest is buf, and need is the number
// of bytes that buf must have at least before it is worth calling Cut again; otherwise need is 0. A piece of a
// fragmented message is cut like a message; Reader puts the pieces together. The errors are ErrMalformed and
// ErrOversized.
func Cut(buf []byte, limits Limits) (msg Message, rest []byte, need int, err error) {
	var s scan
	limits = limits.withDefaults()
	end, err := s.run(buf, &limits)
	switch {
	case err != nil:
		return nil, buf, 0, err
	case end == 0:
		return nil, buf, s.need, nil
	}
	return Message(buf[:end:end]), buf[end:], 0, nil
}

// scan finds the end of a message and remembers how far it came, so that a message which arrives in many reads is
// looked at once. Offsets count from the start of the message.
type scan struct {
	at     int // where the first frame begins that was not looked at
	frames int // how many lie before at
	need   int // how many bytes the next step wants, at least
}

// run goes on over buf, which begins with the message, and returns where the message ends; 0 if buf ends before, and
// then need is set.
func (s *scan) run(buf []byte, limits *Limits) (end int, err error) {
	for {
		if len(buf)-s.at < FrameHeaderSize {
			s.need = s.at + FrameHeaderSize
			return 0, nil
		}
		n := int(int32(binary.LittleEndian.Uint32(buf[s.at:])))
		flags := Flags(binary.LittleEndian.Uint16(buf[s.at+4:]))
		if err := s.check(n, flags, limits); err != nil {
			return 0, err
		}
		if len(buf)-s.at < n {
			s.need = s.at + n
			return 0, nil
		}
		s.at += n
		s.frames++
		if flags&FlagFinal != 0 {
			return s.at, nil
		}
	}
}

// check looks at a frame's length and flags before the frame itself is there.
func (s *scan) check(n int, flags Flags, limits *Limits) error {
	switch {
	case n < FrameHeaderSize:
		return fmt.Errorf("%w: frame of %d bytes", ErrMalformed, n)
	case n > limits.MaxFrame:
		return fmt.Errorf("%w: frame of %d bytes, at most %d", ErrOversized, n, limits.MaxFrame)
	case s.at+n > limits.MaxMessage:
		return fmt.Errorf("%w: message of %d bytes and more, at most %d", ErrOversized, s.at+n, limits.MaxMessage)
	case s.frames >= limits.MaxFrames:
		return fmt.Errorf("%w: more than %d frames", ErrOversized, limits.MaxFrames)
	case s.frames > 0:
		return nil
	case flags.Has(FlagUnfragmented) && n < FrameHeaderSize+minHeadSize:
		return fmt.Errorf("%w: first frame of %d bytes", ErrMalformed, n)
	case !flags.Has(FlagUnfragmented) && n < FrameHeaderSize+fragmentIDSize:
		return fmt.Errorf("%w: fragment's first frame of %d bytes", ErrMalformed, n)
	}
	return nil
}
