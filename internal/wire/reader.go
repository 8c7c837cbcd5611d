package wire

import "fmt"

const (
	// minBuffer is what a connection starts with: many connections say little.
	minBuffer = 4 << 10
	// maxEager is how far the buffer grows only because reads fill it; beyond, it grows for a message that needs it.
	maxEager = 64 << 10
	// patience is how many times the buffer is found far too large before it is given back.
	patience = 16
)

// Reader is one connection's read buffer. Use, in a loop: read into Buffer, Advance by what was read, take every
// message with Next until it returns nil. It is a pure value without locks: one goroutine at a time. Create it with
// NewReader.
type Reader struct {
	limits Limits

	// buf[start:end] are the bytes that were read and not returned yet; scan tells how much of the message that begins
	// at start is known. cap(buf) is at least minBuffer once it is allocated, and more than twice what was received
	// only for as long as it takes patience to run out.
	buf        []byte
	start, end int
	scan       scan

	// full tells that the last read filled the buffer; peak is the most that was outstanding since the buffer was last
	// found empty, idle how often in a row that was far below the capacity.
	full       bool
	peak, idle int

	fragments fragments
	skip      skip
}

// NewReader returns a Reader with limits; its buffer is allocated when it is first asked for.
func NewReader(limits Limits) *Reader {
	return &Reader{limits: limits.withDefaults()}
}

// SetLimits replaces the limits, for messages that were not returned yet: the way from Unauthenticated to the
// configured ones.
func (r *Reader) SetLimits(limits Limits) { r.limits = limits.withDefaults() }

// Buffered returns the number of bytes that were received and belong to no message returned yet.
func (r *Reader) Buffered() int { return r.end - r.start + r.fragments.size }

// Buffer returns room to read into, never empty. It ends the life of the messages that Next has returned.
func (r *Reader) Buffer() []byte {
	pending := r.end - r.start
	if c := r.capacity(pending); c != cap(r.buf) {
		grown := make([]byte, c)
		copy(grown, r.buf[r.start:r.end])
		r.buf = grown
	} else if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
	}
	r.start, r.end = 0, pending
	return r.buf[r.end:]
}

// capacity decides how large the buffer is for the next read, with pending bytes in it.
func (r *Reader) capacity(pending int) int {
	c := max(cap(r.buf), minBuffer)
	switch {
	case pending >= c/2 && r.scan.need > c:
		// Doubling, not jumping: an announced length is only believed as far as bytes have come. And not by a little: of a message of many
		// frames no more is announced than the next.
		return max(min(2*c, r.scan.need), pending+max(minBuffer, pending/2))
	case pending == c || r.full && c < maxEager:
		return 2 * c
	case pending > 0:
		return c
	}
	if c > maxEager && r.peak < c/4 {
		if r.idle++; r.idle >= patience {
			r.idle = 0
			return max(maxEager, 2*r.peak)
		}
	} else {
		r.idle = 0
	}
	r.peak = 0
	return c
}

// Advance tells that the first n bytes of what Buffer has returned were filled.
func (r *Reader) Advance(n int) {
	r.end += n
	r.full = r.end == len(r.buf)
	r.peak = max(r.peak, r.end-r.start)
}

// Next returns the next whole message, nil if more bytes are needed. The errors are ErrMalformed, ErrOversized and
// ErrFragments; after one the connection is of no more use, but for what Skip says of ErrOversized.
func (r *Reader) Next() (Message, error) {
	if r.skip.on {
		if err := r.pass(); err != nil || r.skip.on {
			return nil, err
		}
	}
	for {
		end, err := r.scan.run(r.buf[r.start:r.end], &r.limits)
		if err != nil || end == 0 {
			return nil, err
		}
		msg := Message(r.buf[r.start : r.start+end : r.start+end])
		frames := r.scan.frames
		r.start += end
		r.scan = scan{}
		if msg.Flags().Has(FlagUnfragmented) {
			return msg, nil
		}
		msg, err = r.fragments.add(msg, frames, &r.limits)
		if err != nil {
			return nil, fmt.Errorf("putting pieces together: %w", err)
		}
		if msg != nil {
			return msg, nil
		}
	}
}
