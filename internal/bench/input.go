package bench

import "fmt"

// firstBuffer is what a connection can read at once, unless an answer is longer.
const firstBuffer = 64 << 10

// An input is a read buffer. What was cut off lies before start.
type input struct {
	buf        []byte
	start, end int
}

// room returns where to read to. Only an answer that does not fit makes the buffer grow.
func (in *input) room() ([]byte, error) {
	in.end = copy(in.buf, in.buf[in.start:in.end])
	in.start = 0
	if in.end == len(in.buf) {
		if len(in.buf) > maxAnswer {
			return nil, fmt.Errorf("%w: answer of over %d MiB", errStream, maxAnswer>>20)
		}
		in.buf = append(in.buf, make([]byte, len(in.buf))...)
	}
	return in.buf[in.end:], nil
}
