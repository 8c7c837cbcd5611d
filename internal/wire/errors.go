package wire

import (
	"fmt"

	"github.com/filbertgrid/filbert/internal/fault"
)

var (
	// ErrMalformed is returned by Cut, Reader and the decoders above when the bytes are not what the protocol allows.
	// After Cut and Reader.Next the stream cannot be followed any further; after a decoder the next message can. To a
	// client it is a HazelcastSerializationException.
	ErrMalformed = fmt.Errorf("malformed message: %w", fault.ErrHazelcastSerialization)

	// ErrOversized is returned by Cut and Reader.Next when a frame, a message or the number of its frames is over its
	// limit. The stream cannot be followed any further. To a client it is a MaxMessageSizeExceeded.
	ErrOversized = fmt.Errorf("message over the limit: %w", fault.ErrMaxMessageSizeExceeded)

	// ErrFragments is returned by Reader.Next when pieces of more messages are open than allowed, or a piece belongs to
	// no open message. The stream cannot be followed any further.
	ErrFragments = fmt.Errorf("unexpected fragment: %w", fault.ErrHazelcastSerialization)
)
