package wire

import (
	"encoding/binary"
	"fmt"
)

// fragments puts messages together that come in pieces. Each piece begins with a frame that holds only the fragment
// id, common to the pieces of a message; its flags tell the first and the last piece. The frames behind it are the
// message's own, the last of each piece marked final. A message that is complete belongs to the caller alone.
type fragments struct {
	open []partial
	size int // bytes in open
}

// partial is a message whose last piece has not come.
type partial struct {
	id     int64
	bytes  []byte
	frames int
	last   int // where the last frame in bytes begins
}

// add takes a piece of frames frames and returns the message that it completes, nil if there is more to come.
func (f *fragments) add(piece Message, frames int, limits *Limits) (Message, error) {
	head, body, _ := cutFrame(piece)
	id := int64(binary.LittleEndian.Uint64(head.Payload))
	i := f.find(id)
	if head.Flags.Has(FlagBeginFragment) {
		if i >= 0 {
			return nil, fmt.Errorf("%w: message %d begins twice", ErrFragments, id)
		}
		if len(f.open) >= limits.MaxFragmented {
			return nil, fmt.Errorf("%w: more than %d messages in pieces", ErrFragments, limits.MaxFragmented)
		}
		f.open = append(f.open, partial{id: id})
		i = len(f.open) - 1
	}
	if i < 0 {
		return nil, fmt.Errorf("%w: no message %d has begun", ErrFragments, id)
	}
	if err := f.grow(&f.open[i], body, frames-1, limits); err != nil {
		return nil, err
	}
	if !head.Flags.Has(FlagEndFragment) {
		return nil, nil
	}
	whole := f.open[i]
	f.open = append(f.open[:i], f.open[i+1:]...)
	f.size -= len(whole.bytes)
	return finishWhole(whole)
}

// grow appends the frames of a piece to p; all open messages together stay within one message's limit.
func (f *fragments) grow(p *partial, body []byte, frames int, limits *Limits) error {
	switch {
	case f.size+len(body) > limits.MaxMessage:
		return fmt.Errorf("%w: pieces of %d bytes and more, at most %d", ErrOversized, f.size+len(body), limits.MaxMessage)
	case p.frames+frames > limits.MaxFrames:
		return fmt.Errorf("%w: more than %d frames", ErrOversized, limits.MaxFrames)
	case frames == 0:
		return fmt.Errorf("%w: piece without frames", ErrMalformed)
	}
	if len(p.bytes) > 0 {
		clearFinal(p.bytes, p.last)
	}
	at := len(p.bytes)
	p.bytes = append(p.bytes, body...)
	for rest := body; len(rest) > 0; {
		p.last = at
		at += int(int32(binary.LittleEndian.Uint32(rest)))
		rest = p.bytes[at:]
	}
	p.frames += frames
	f.size += len(body)
	return nil
}

// finishWhole checks what only shows in a message that is put together and marks it as whole.
func finishWhole(p partial) (Message, error) {
	head, _, ok := cutFrame(p.bytes)
	if !ok || len(head.Payload) < minHeadSize {
		return nil, fmt.Errorf("%w: first frame of %d bytes", ErrMalformed, FrameHeaderSize+len(head.Payload))
	}
	binary.LittleEndian.PutUint16(p.bytes[4:], uint16(head.Flags|FlagUnfragmented))
	return Message(p.bytes), nil
}

func (f *fragments) find(id int64) int {
	for i := range f.open {
		if f.open[i].id == id {
			return i
		}
	}
	return -1
}

func clearFinal(b []byte, at int) {
	flags := Flags(binary.LittleEndian.Uint16(b[at+4:])) &^ FlagFinal
	binary.LittleEndian.PutUint16(b[at+4:], uint16(flags))
}
