package protocol

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/wire"
)

// decoder reads a message. The first error stays; after it every read returns zero and every list ends, so the
// generated code checks once, at its end.
type decoder struct {
	message string      // for errors
	fixed   []byte      // what is left of the head frame whose fixed-size fields are being read
	frames  wire.Frames // what is left of the message
	err     error
}

// start begins to read m, which must be of the type and have a head of the size.
func (d *decoder) start(m wire.Message, messageType int32, message string, head int) {
	d.message, d.frames = message, m.Frames()
	if first, ok := d.frames.Next(); ok && len(first.Payload) >= head && m.Type() == messageType {
		d.fixed = first.Payload[head:]
		return
	}
	d.notStarted(m, messageType, head)
}

func (d *decoder) notStarted(m wire.Message, messageType int32, head int) {
	frames := m.Frames()
	if first, ok := frames.Next(); !ok || len(first.Payload) < head {
		d.err = fmt.Errorf("%w: %s: head of %d bytes", wire.ErrMalformed, d.message, len(first.Payload))
		return
	}
	d.err = fmt.Errorf("%w: %s: type is %#06x, want %#06x", wire.ErrMalformed, d.message, m.Type(), messageType)
}

// malformed sets the error of a field, unless an earlier one stands.
func (d *decoder) malformed(field, what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s: field %s: %s", wire.ErrMalformed, d.message, field, what)
	}
}

// nullPointer sets the error of a field that is null and must not be, unless an earlier error stands.
func (d *decoder) nullPointer(field string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s: field %s", fault.ErrNullPointer, d.message, field)
	}
}

// hasFixed reports whether the head frame has another size bytes: whether the sender knows a newer fixed-size field.
func (d *decoder) hasFixed(size int) bool { return d.err == nil && len(d.fixed) >= size }

// take returns the next size bytes of the head frame, nil after an error.
func (d *decoder) take(field string, size int) []byte {
	if d.err != nil {
		return nil
	}
	if len(d.fixed) < size {
		d.malformed(field, "the frame is too short")
		return nil
	}
	b := d.fixed[:size]
	d.fixed = d.fixed[size:]
	return b
}

func (d *decoder) boolean(field string) bool {
	b := d.take(field, 1)
	if b == nil {
		return false
	}
	if b[0] > 1 {
		d.malformed(field, "neither true nor false")
	}
	return b[0] == 1
}

func (d *decoder) byte(field string) byte {
	if b := d.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) int(field string) int32 {
	if b := d.take(field, 4); b != nil {
		return int32(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (d *decoder) long(field string) int64 {
	if b := d.take(field, 8); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) float(field string) float32 {
	return math.Float32frombits(uint32(d.int(field)))
}

func (d *decoder) uuid(field string) UUID {
	b := d.take(field, uuidSize)
	if b != nil && b[0] == 1 {
		d.nullPointer(field)
	}
	return d.uuidOf(field, b)
}

func (d *decoder) nullableUUID(field string) UUID {
	return d.uuidOf(field, d.take(field, uuidSize))
}

// uuidOf reads the UUID in b, which has uuidSize bytes or is nil; null is the zero UUID.
func (d *decoder) uuidOf(field string, b []byte) UUID {
	switch {
	case b == nil || b[0] == 1:
		return UUID{}
	case b[0] > 1:
		d.malformed(field, "neither null nor not")
	}
	return NewUUID(binary.LittleEndian.Uint64(b[1:]), binary.LittleEndian.Uint64(b[9:]))
}
