package bench

import (
	"encoding/binary"
	"fmt"
)

// A connection to Echo begins with a preamble that says how long messages are:
//
//	+--------+-----------------+-----------------------------------------+
//	| "FBE1" | kinds, uint8    | for each: request and response size,    |
//	|        | 1 or 2          | uint32 LE each                          |
//	+--------+-----------------+-----------------------------------------+
//
// Then each request begins with a byte that says which of the kinds it is, and is answered, in order, by as many bytes as
// that kind's response has, the first of which repeats the kind.
const echoMagic = "FBE1"

// Limits of a preamble: what the client protocol could send for the largest options.
const (
	maxEchoKinds = 2
	minEchoSize  = 1
	maxEchoSize  = maxAnswer
)

// maxAnswer bounds what one answer may make a connection hold, in bytes: a member's own limit.
const maxAnswer = 64 << 20

// sizes are those of the messages of one kind.
type sizes struct{ request, response int }

// echoSizes returns, for each kind of the workload, what the client protocol would send and get.
func (o *Options) echoSizes() []sizes {
	var all []sizes
	for _, k := range o.kinds() {
		keys, values := o.shape().entries(o.batchOf(k))
		all = append(all, sizes{
			request:  len(clientRequest(k, o.firstMap(), keys, values)),
			response: len(clientResponse(k, keys, values)),
		})
	}
	return all
}

// preamble returns the preamble for messages of these sizes.
func preamble(all []sizes) []byte {
	dst := append([]byte(echoMagic), byte(len(all)))
	for _, s := range all {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(s.request))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(s.response))
	}
	return dst
}

// parsePreamble reads a preamble and returns its length, 0 if more bytes are needed.
func parsePreamble(b []byte) (all []sizes, n int, err error) {
	const head = len(echoMagic) + 1
	if len(b) < head {
		return nil, 0, nil
	}
	if string(b[:len(echoMagic)]) != echoMagic || b[head-1] < 1 || b[head-1] > maxEchoKinds {
		return nil, 0, fmt.Errorf("%w: this is no connection of filbert bench --protocol echo", errStream)
	}
	n = head + 8*int(b[head-1])
	if len(b) < n {
		return nil, 0, nil
	}
	for b := b[head:n]; len(b) > 0; b = b[8:] {
		s := sizes{int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))}
		if min(s.request, s.response) < minEchoSize || max(s.request, s.response) > maxEchoSize {
			return nil, 0, fmt.Errorf("%w: messages of %d and %d bytes: %d to %d are allowed", errStream, s.request, s.response, minEchoSize, maxEchoSize)
		}
		all = append(all, s)
	}
	return all, n, nil
}

// echoDialect sends messages of the sizes that the client protocol would have, made from the same templates.
type echoDialect struct {
	templates *templates
	kinds     []kind
	sizes     []sizes
	out       fifo
}

// number is the place of a kind in the preamble.
func (d *echoDialect) number(k kind) int {
	if k == d.kinds[0] {
		return 0
	}
	return 1
}

func (d *echoDialect) append(dst []byte, number int, s *slot) []byte {
	d.out.push(number)
	dst, at := d.templates[s.kind].append(dst, s.keys)
	dst[at] = byte(d.number(s.kind))
	return dst
}

func (d *echoDialect) cut(in []byte, slots []slot) (answer, error) {
	if len(in) == 0 {
		return answer{}, nil
	}
	a := answer{slot: d.out.first()}
	if a.slot < 0 {
		return answer{}, fmt.Errorf("%w: answer that nobody asked for", errStream)
	}
	want := d.number(slots[a.slot].kind)
	if int(in[0]) != want {
		return answer{}, fmt.Errorf("%w: answer of kind %d instead of %d", errStream, in[0], want)
	}
	if len(in) < d.sizes[want].response {
		return answer{}, nil
	}
	a.size = d.sizes[want].response
	d.out.pop()
	return a, nil
}
