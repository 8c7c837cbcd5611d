package conformance

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// The raw client speaks the Open Binary Client Protocol 2.x byte by byte. It
// sends the few messages that the Go client never sends, looks at fields that
// it hides, and breaks the rules on purpose.

// Flags of a frame (protocol specification, "frame").
const (
	flagBeginFragment = 1 << 15
	flagEndFragment   = 1 << 14
	flagFinal         = 1 << 13
	flagBeginStruct   = 1 << 12
	flagEndStruct     = 1 << 11
	flagNull          = 1 << 10
	flagEvent         = 1 << 9
	unfragmented      = flagBeginFragment | flagEndFragment
)

// Sizes of the fixed parts: frame header (length, flags), request (type,
// correlation id, partition id), response (type, correlation id, backup acks).
const (
	frameHeader    = 6
	requestHeader  = 16
	responseHeader = 13
	uuidLength     = 17 // a null flag and two longs
	anyPartition   = -1
)

// Message types.
const (
	typeError                  = 0x000000
	typeAuthentication         = 0x000100
	typeCreateProxy            = 0x000400
	typePing                   = 0x000B00
	typeMapPut                 = 0x010100
	typeMapGet                 = 0x010200
	typeMapSize                = 0x012A00
	typeMapAddPartitionLost    = 0x011B00
	typeMapRemovePartitionLost = 0x011C00
	typeMapFetchKeys           = 0x013700
	typeMapFetchEntries        = 0x013800
	typeNobodyServes           = 0x7E7E00
	errorSplitBrainProtection  = 42
	errorTargetDisconnected    = 52
	errorUnsupportedOperation  = 61
	errorIndeterminate         = 80
	statusAuthenticated        = 0
	statusCredentialsFailed    = 1
	mapService                 = "hz:impl:mapService"
	rawTimeout                 = 10 * time.Second
	maxRawFrame                = 64 << 20
	iterationBatch             = 7
)

// longTypeID is the serialization type of a long.
var longTypeID int32 = -8

// rawFrame is one frame of a message.
type rawFrame struct {
	flags uint16
	body  []byte
}

func text(s string) rawFrame { return rawFrame{body: []byte(s)} }

// longData is the serialized form of a Java long: partition hash 0 (none),
// type id, value, big-endian.
func longData(v int64) rawFrame {
	body := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(longTypeID))
	return rawFrame{body: binary.BigEndian.AppendUint64(body, uint64(v))}
}

// request is a message with its fixed-size parameters and its frames.
func request(kind uint32, partition int32, fixed []byte, frames ...rawFrame) []rawFrame {
	head := make([]byte, requestHeader, requestHeader+len(fixed))
	binary.LittleEndian.PutUint32(head, kind)
	binary.LittleEndian.PutUint32(head[12:], uint32(partition))
	return append([]rawFrame{{flags: unfragmented, body: append(head, fixed...)}}, frames...)
}

// encode writes the frames and marks the last one as final.
func encode(frames []rawFrame) []byte {
	var out []byte
	for i, f := range frames {
		if i == len(frames)-1 {
			f.flags |= flagFinal
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(frameHeader+len(f.body)))
		out = binary.LittleEndian.AppendUint16(out, f.flags)
		out = append(out, f.body...)
	}
	return out
}

// rawError is an error that the member answered.
type rawError struct {
	code  int32
	class string
}

func (e *rawError) Error() string { return fmt.Sprintf("error %d (%s)", e.code, e.class) }

// errBadAnswer is returned when a member's answer is not well-formed.
var errBadAnswer = errors.New("malformed answer")

// rawConn is a connection of the raw client with one call at a time.
type rawConn struct {
	net.Conn
	in          *bufio.Reader
	correlation uint64
}

// dialRaw opens a connection and sends nothing.
func dialRaw(addr string) (*rawConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), rawTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(rawTimeout))
	return &rawConn{Conn: conn, in: bufio.NewReader(conn)}, nil
}

// send numbers a request and writes it.
func (c *rawConn) send(frames []rawFrame) error {
	c.correlation++
	binary.LittleEndian.PutUint64(frames[0].body[4:], c.correlation)
	_, err := c.Write(encode(frames))
	return err
}

// receive reads one message.
func (c *rawConn) receive() ([]rawFrame, error) {
	var frames []rawFrame
	for {
		var h [frameHeader]byte
		if _, err := io.ReadFull(c.in, h[:]); err != nil {
			return nil, err
		}
		n := binary.LittleEndian.Uint32(h[:])
		if n < frameHeader || n > maxRawFrame {
			return nil, fmt.Errorf("%w: a frame of %d bytes", errBadAnswer, n)
		}
		f := rawFrame{flags: binary.LittleEndian.Uint16(h[4:]), body: make([]byte, n-frameHeader)}
		if _, err := io.ReadFull(c.in, f.body); err != nil {
			return nil, err
		}
		if frames = append(frames, f); f.flags&flagFinal != 0 {
			return frames, nil
		}
	}
}

// call sends a request and returns its answer, events left out. An error that
// the member answers is a *rawError.
func (c *rawConn) call(frames []rawFrame) ([]rawFrame, error) {
	_ = c.SetDeadline(time.Now().Add(rawTimeout))
	if err := c.send(frames); err != nil {
		return nil, err
	}
	for {
		answer, err := c.receive()
		if err != nil {
			return nil, err
		}
		head := answer[0]
		if head.flags&flagEvent != 0 {
			continue
		}
		if len(head.body) < responseHeader || binary.LittleEndian.Uint64(head.body[4:]) != c.correlation {
			return nil, fmt.Errorf("%w: head %x", errBadAnswer, head.body)
		}
		switch binary.LittleEndian.Uint32(head.body) {
		case typeError:
			return nil, decodeError(answer)
		case binary.LittleEndian.Uint32(frames[0].body) + 1:
			return answer, nil
		default:
			return nil, fmt.Errorf("%w: type %x", errBadAnswer, binary.LittleEndian.Uint32(head.body))
		}
	}
}

// decodeError reads the first holder of an error message: a list of structures
// that begin with a frame of the code, then class name and message.
func decodeError(answer []rawFrame) error {
	if len(answer) < 5 || len(answer[3].body) < 4 {
		return fmt.Errorf("%w: an error of %d frames", errBadAnswer, len(answer))
	}
	return &rawError{code: int32(binary.LittleEndian.Uint32(answer[3].body)), class: string(answer[4].body)}
}

// authReply is what a member says of itself.
type authReply struct {
	status     byte
	memberUUID string // empty when null
	partitions int32
	clusterID  string
}

// authenticate sends the protocol's opening and the authentication of a client
// of version 2.0 without credentials.
func (c *rawConn) authenticate(clusterName string) (authReply, error) {
	if _, err := c.Write([]byte("CP2")); err != nil {
		return authReply{}, err
	}
	fixed := append(make([]byte, uuidLength), 1) // client UUID, serialization version
	binary.LittleEndian.PutUint64(fixed[1:], uint64(time.Now().UnixNano()))
	null := rawFrame{flags: flagNull}
	answer, err := c.call(request(typeAuthentication, anyPartition, fixed, text(clusterName), null, null,
		text("RAW"), text("5.5.0"), text("conformance"), rawFrame{flags: flagBeginStruct}, rawFrame{flags: flagEndStruct}))
	if err != nil {
		return authReply{}, err
	}
	b := answer[0].body[responseHeader:]
	if len(b) < 2*uuidLength+7 {
		return authReply{}, fmt.Errorf("%w: an authentication of %d bytes", errBadAnswer, len(b))
	}
	return authReply{
		status:     b[0],
		memberUUID: uuidText(b[1:]),
		partitions: int32(binary.LittleEndian.Uint32(b[2+uuidLength:])),
		clusterID:  uuidText(b[6+uuidLength:]),
	}, nil
}

// uuidText reads a UUID from a fixed-size part.
func uuidText(b []byte) string {
	if b[0] != 0 {
		return ""
	}
	var u [16]byte
	binary.BigEndian.PutUint64(u[:], binary.LittleEndian.Uint64(b[1:]))
	binary.BigEndian.PutUint64(u[8:], binary.LittleEndian.Uint64(b[9:]))
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// connectRaw opens an authenticated connection to one member.
func connectRaw(addr, clusterName string) (*rawConn, authReply, error) {
	c, err := dialRaw(addr)
	if err != nil {
		return nil, authReply{}, err
	}
	reply, err := c.authenticate(clusterName)
	if err == nil && reply.status != statusAuthenticated {
		err = fmt.Errorf("%w: authentication status %d", errMismatch, reply.status)
	}
	if err != nil {
		_ = c.Close()
		return nil, reply, err
	}
	return c, reply, nil
}
