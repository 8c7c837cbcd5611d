package link

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

// The handshake. The side that dials sends the preamble and a hello frame; the
// other answers with the preamble and a hello frame or a refusal frame. The
// bytes are drawn in docs/formats/member-protocol.md and frozen in testdata.

// Preamble is what every connection between members begins with, both ways.
const Preamble = "FLB"

// The member protocol versions that this build speaks: its own and the one before, so that a cluster is upgraded
// member by member. They are the places of the cluster versions in cluster.history: 1 is 0.1, 2 is 0.2. What is sent on
// a connection depends on the version of the cluster, not on these; they keep builds apart that have no version in common.
const (
	MinVersion uint16 = 1
	Version    uint16 = 2
)

// AskLane stands in the Hello of a connection that asks once (Hub.Ask, Handler.Asked).
const AskLane Lane = 255

// Kinds of handshake frames: their first byte. Append only.
const (
	kindHello   = 1
	kindRefusal = 2
)

// Errors of the handshake, beside those of the contract.
var (
	// ErrProtocol is returned when the peer's bytes are not the member protocol.
	ErrProtocol = errors.New("link: peer does not speak the member protocol")
	// ErrOtherMember is why a connection ends that meant another member than the one
	// that listens there: the one that was meant no longer lives at that address.
	ErrOtherMember = errors.New("link: another member lives at this address")
	// ErrDirection is why a lane ends that was dialled by the member with the smaller id.
	ErrDirection = errors.New("link: the member with the greater id dials")
	// ErrBusy is why a connection ends when too many others are in their handshake.
	ErrBusy = errors.New("link: too many connections in their handshake")
	// ErrClosed is why a connection ends when a hub closes, and what its peers hear.
	ErrClosed = errors.New("link: the hub is closed")
	// ErrRefused is why a connection ends that Handler.Accept refused for a reason of its own.
	ErrRefused = errors.New("link: refused by the peer")
)

// refusalCode tells the reason of a refusal. Numbers are part of the member
// protocol: append only.
type refusalCode uint8

const (
	refusedOther refusalCode = iota
	refusedVersion
	refusedClusterName
	refusedPartitionCount
	refusedNotMember
	refusedOtherMember
	refusedDirection
	refusedBusy
	refusedClosed
	refusedProtocol
	refusalCodes
)

// reasons are the errors that refusals stand for, by code.
func (c refusalCode) reason() error {
	return [refusalCodes]error{
		refusedOther:          ErrRefused,
		refusedVersion:        ErrVersion,
		refusedClusterName:    ErrClusterName,
		refusedPartitionCount: ErrPartitionCount,
		refusedNotMember:      ErrNotMember,
		refusedOtherMember:    ErrOtherMember,
		refusedDirection:      ErrDirection,
		refusedBusy:           ErrBusy,
		refusedClosed:         ErrClosed,
		refusedProtocol:       ErrProtocol,
	}[c]
}

// codeOf returns the code under which err travels.
func codeOf(err error) refusalCode {
	for code := refusedVersion; code < refusalCodes; code++ {
		if errors.Is(err, code.reason()) {
			return code
		}
	}
	return refusedOther
}

// refused is the error of a side that received a refusal.
type refused struct {
	reason error
	text   string
}

// Error gives the text that the peer wrote.
func (r *refused) Error() string { return "refused by the peer: " + r.text }

// Unwrap gives the sentinel of the reason.
func (r *refused) Unwrap() error { return r.reason }

// Fits reports whether a member that says h may talk with one that says peer:
// a common protocol version, the same cluster name and partition count. It
// returns ErrVersion, ErrClusterName or ErrPartitionCount.
func (h *Hello) Fits(peer *Hello) error {
	switch {
	case h.MaxVersion < peer.MinVersion || peer.MaxVersion < h.MinVersion:
		return fmt.Errorf("%w: %d to %d here, %d to %d there", ErrVersion,
			h.MinVersion, h.MaxVersion, peer.MinVersion, peer.MaxVersion)
	case h.ClusterName != peer.ClusterName:
		return fmt.Errorf("%w: %.80q here, %.80q there", ErrClusterName, h.ClusterName, peer.ClusterName)
	case h.PartitionCount != peer.PartitionCount:
		return fmt.Errorf("%w: %d here, %d there", ErrPartitionCount, h.PartitionCount, peer.PartitionCount)
	}
	return nil
}

// appendFrame appends a frame: its length and its bytes.
func appendFrame(dst, frame []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(frame)))
	return append(dst, frame...)
}

// appendHello appends the frame of h. Fields are only ever added at the end.
func appendHello(dst []byte, h *Hello) []byte {
	b := make([]byte, 0, 128)
	b = append(b, kindHello)
	b = binary.LittleEndian.AppendUint16(b, h.MinVersion)
	b = binary.LittleEndian.AppendUint16(b, h.MaxVersion)
	b = append(b, byte(h.Lane))
	b = append(b, h.From[:]...)
	b = append(b, h.To[:]...)
	b = packed.AppendUint32(b, uint32(h.PartitionCount))
	b = binary.LittleEndian.AppendUint16(b, h.Address.Port)
	b = packed.AppendString(b, h.Address.Host)
	b = packed.AppendString(b, h.ClusterName)
	b = packed.AppendString(b, h.Build)
	return appendFrame(dst, b)
}

// appendRefusal appends the frame that refuses for the reason err.
func appendRefusal(dst []byte, err error) []byte {
	text := err.Error()
	const longest = 512 // a reason is one line
	b := []byte{kindRefusal, byte(codeOf(err))}
	b = packed.AppendString(b, text[:min(len(text), longest)])
	return appendFrame(dst, b)
}

// decodeHandshake reads a handshake frame. The error is ErrProtocol for bytes
// that are none, and a refused for a refusal. Bytes after the last field known
// here are of a newer version and ignored.
func decodeHandshake(frame []byte) (Hello, error) {
	r := packed.NewReader(frame)
	switch kind := r.Byte(); kind {
	case kindHello:
		h := decodeHello(&r)
		if r.Err() != nil {
			return Hello{}, fmt.Errorf("%w: hello: %w", ErrProtocol, r.Err())
		}
		if h.Lane >= Lanes && h.Lane != AskLane {
			return Hello{}, fmt.Errorf("%w: hello for lane %d", ErrProtocol, h.Lane)
		}
		if h.From.IsZero() {
			return Hello{}, fmt.Errorf("%w: hello without a member id", ErrProtocol)
		}
		return h, nil
	case kindRefusal:
		code := refusalCode(r.Byte())
		text := r.String()
		if r.Err() != nil {
			return Hello{}, fmt.Errorf("%w: refusal: %w", ErrProtocol, r.Err())
		}
		if code >= refusalCodes {
			code = refusedOther
		}
		return Hello{}, &refused{reason: code.reason(), text: text}
	default:
		return Hello{}, fmt.Errorf("%w: handshake frame of kind %d", ErrProtocol, kind)
	}
}

func decodeHello(r *packed.Reader) Hello {
	var h Hello
	uint16Of := func() uint16 {
		if b := r.Take(2); b != nil {
			return binary.LittleEndian.Uint16(b)
		}
		return 0
	}
	h.MinVersion = uint16Of()
	h.MaxVersion = uint16Of()
	h.Lane = Lane(r.Byte())
	copy(h.From[:], r.Take(len(cluster.UUID{})))
	copy(h.To[:], r.Take(len(cluster.UUID{})))
	h.PartitionCount = int32(r.Uint32())
	h.Address.Port = uint16Of()
	h.Address.Host = r.String()
	h.ClusterName = r.String()
	h.Build = r.String()
	return h
}
