package protocol

import "github.com/filbertgrid/filbert/internal/wire"

// hasFrame reports whether another field follows in the message or structure: whether the sender knows a newer one.
func (d *decoder) hasFrame() bool {
	if d.err != nil {
		return false
	}
	frame, ok := d.frames.Peek()
	return ok && !frame.IsEnd()
}

// null reports whether the next frame stands for null and then moves behind it.
func (d *decoder) null() bool {
	if d.err != nil {
		return true
	}
	frame, ok := d.frames.Peek()
	if !ok || !frame.IsNull() {
		return false
	}
	d.frames.Next()
	return true
}

// frame returns the next frame's payload, which must be a value: neither null nor the mark of a structure.
func (d *decoder) frame(field string) ([]byte, bool) {
	if d.err != nil {
		return nil, false
	}
	frame, ok := d.frames.Next()
	if ok && frame.IsValue() {
		return frame.Payload, true
	}
	d.noValue(field, frame, ok)
	return nil, false
}

// noValue sets the error of a field whose frame is missing or no value.
func (d *decoder) noValue(field string, frame wire.Frame, ok bool) {
	switch {
	case !ok:
		d.malformed(field, "the frame is missing")
	case frame.IsNull():
		d.nullPointer(field)
	default:
		d.malformed(field, "a structure stands in place of a value")
	}
}

// bytes returns a view on the next frame, nil only after an error.
func (d *decoder) bytes(field string) []byte {
	b, _ := d.frame(field)
	return b
}

// nullableBytes returns a view on the next frame, nil for null.
func (d *decoder) nullableBytes(field string) []byte {
	if d.null() {
		return nil
	}
	return d.bytes(field)
}

// string returns a copy of the next frame.
func (d *decoder) string(field string) string { return string(d.bytes(field)) }

func (d *decoder) nullableString(field string) NullString {
	if d.null() {
		return NullString{}
	}
	s := d.string(field)
	return NullString{Value: s, Valid: d.err == nil}
}

// begin moves behind the frame that opens a structure or list.
func (d *decoder) begin(field string) {
	if d.err != nil {
		return
	}
	frame, ok := d.frames.Next()
	switch {
	case !ok:
		d.malformed(field, "the frame is missing")
	case frame.IsNull():
		d.nullPointer(field)
	case !frame.IsBegin():
		d.malformed(field, "a value stands in place of a structure")
	}
}

// head takes the next frame as the one that holds the fixed-size fields of a structure.
func (d *decoder) head(field string) { d.fixed, _ = d.frame(field) }

// inside reports whether the list that was begun goes on; at its end it moves behind it.
func (d *decoder) inside(field string) bool {
	if d.err != nil {
		return false
	}
	frame, ok := d.frames.Peek()
	if !ok {
		d.malformed(field, "the list has no end")
		return false
	}
	if frame.IsEnd() {
		d.frames.Next()
		return false
	}
	return true
}

// end moves behind the end of the structure, over fields that are not known here.
func (d *decoder) end(field string) {
	if d.err == nil && !d.frames.SkipToEnd() {
		d.malformed(field, "the structure has no end")
	}
}

// items returns the next frame, which must hold a whole number of items of size bytes.
func (d *decoder) items(field string, size int) []byte {
	b, ok := d.frame(field)
	if ok && len(b)%size != 0 {
		d.malformed(field, "the frame holds no whole number of items")
		return nil
	}
	return b
}

// structure is what a generated structure T offers to lists of it.
type structure[T any] interface {
	*T
	decode(d *decoder, field string)
	append(dst []byte) []byte
}

// decodeList reads a list of structures into the room of into.
func decodeList[T any, P structure[T]](d *decoder, field string, into []T) []T {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		var item T
		into = append(into, item)
		P(&into[len(into)-1]).decode(d, field)
	}
	return into
}

// emptied returns s without its items but with its room, never nil.
func emptied[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s[:0]
}
