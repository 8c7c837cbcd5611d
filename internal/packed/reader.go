package packed

import "encoding/binary"

// Reader takes fields off the front of a message. The zero Reader is an empty
// message. What Bytes and Nullable return are views on the message.
type Reader struct {
	buf []byte
	err error
}

// NewReader returns a Reader of msg, which it does not copy.
func NewReader(msg []byte) Reader { return Reader{buf: msg} }

// Err is nil while every field read so far was there, else ErrShort.
func (r *Reader) Err() error { return r.err }

// Rest returns what has not been read, without reading it.
func (r *Reader) Rest() []byte { return r.buf }

// Len is the number of bytes that have not been read.
func (r *Reader) Len() int { return len(r.buf) }

func (r *Reader) fail() {
	r.err, r.buf = ErrShort, nil
}

// Take returns the next n bytes.
func (r *Reader) Take(n int) []byte {
	if n < 0 || n > len(r.buf) {
		r.fail()
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

// Byte returns the next byte, 0 after an error.
func (r *Reader) Byte() byte {
	if len(r.buf) == 0 {
		r.fail()
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

// Bool is true when the next byte is not 0.
func (r *Reader) Bool() bool { return r.Byte() != 0 }

// Uint32 reads four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads eight bytes.
func (r *Reader) Uint64() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Int64 reads eight bytes, two's complement.
func (r *Reader) Int64() int64 { return int64(r.Uint64()) }

// Uvarint reads an unsigned varint.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// Varint reads a zigzag varint.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// Count reads the number of elements that follow, each of at least size
// bytes: more than fit into the rest is an error, so the caller may allocate.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.buf)/max(size, 1)) {
		r.fail()
		return 0
	}
	return int(n)
}

// Bytes reads what AppendBytes wrote; never nil without an error.
func (r *Reader) Bytes() []byte {
	n := r.Uvarint()
	if n > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	return r.Take(int(n))
}

// String reads what AppendString wrote, as a copy.
func (r *Reader) String() string { return string(r.Bytes()) }

// Nullable reads what AppendNullable wrote.
func (r *Reader) Nullable() []byte {
	n := r.Uvarint()
	if n == 0 {
		return nil
	}
	if n-1 > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	return r.Take(int(n - 1))
}
