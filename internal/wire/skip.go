package wire

import (
	"encoding/binary"
	"fmt"
)

// maxSkip is how many times the size of a message one may have that is passed over. One without end is no mistake of its sender.
const maxSkip = 16

// skip passes over the rest of a message that is over its limit.
type skip struct {
	on bool
	// left is how much of the frame at hand is to come, header included; final whether it is the message's last.
	left  int
	final bool
	bytes int
}

// Skip goes on after Next has returned ErrOversized: what is left of the message is passed over as it comes, and Next returns those
// behind it. head has the message's first frame, to answer it; it is valid like a message that Next returns. There is none, and
// nothing to go on with, if the message came in pieces, or if its first frame is what is too large.
func (r *Reader) Skip() (head Message, ok bool) {
	first := Message(r.buf[r.start:r.end])
	if r.scan.frames == 0 || !first.Flags().Has(FlagUnfragmented) {
		return nil, false
	}
	n := int(int32(binary.LittleEndian.Uint32(first)))
	r.start += r.scan.at
	r.scan, r.skip = scan{}, skip{on: true}
	return first[:n:n], true
}

// pass passes over what there is, up to the end of the message.
func (r *Reader) pass() error {
	s := &r.skip
	for s.on {
		b := r.buf[r.start:r.end]
		if s.left == 0 {
			if len(b) < FrameHeaderSize {
				return nil
			}
			s.left = int(int32(binary.LittleEndian.Uint32(b)))
			s.final = Flags(binary.LittleEndian.Uint16(b[4:])).Has(FlagFinal)
			if s.left < FrameHeaderSize {
				return fmt.Errorf("%w: frame of %d bytes", ErrMalformed, s.left)
			}
			if s.bytes += s.left; s.bytes/maxSkip > r.limits.MaxMessage {
				return fmt.Errorf("%w: more than %d times as much as one may have", ErrOversized, maxSkip)
			}
		}
		n := min(s.left, len(b))
		r.start += n
		if s.left -= n; s.left > 0 {
			return nil
		}
		s.on = !s.final
	}
	return nil
}
