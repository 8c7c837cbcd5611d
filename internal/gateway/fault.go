package gateway

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
)

// maxErrorText bounds the text of an error in an answer: it may quote what the client has sent.
const maxErrorText = 512

// unsupported is the error of a message that is not served.
func unsupported(messageType int32) error {
	if info, ok := protocol.Describe(messageType); ok && info.Type == messageType {
		return fmt.Errorf("%w: %s (%#06x) is not served", fault.ErrUnsupportedOperation, info.Name, uint32(messageType))
	}
	return fmt.Errorf("%w: message %#06x is unknown", fault.ErrUnsupportedOperation, uint32(messageType))
}

// clientError gives errors of lower floors the sentinel that clients know them by.
func clientError(err error) error {
	switch {
	case errors.Is(err, partition.ErrOutcomeUnknown):
		return fmt.Errorf("%w: %w", fault.ErrIndeterminateOperationState, err)
	case errors.Is(err, partition.ErrUnavailable):
		return fmt.Errorf("%w: %w", fault.ErrOperationTimeout, err)
	case errors.Is(err, partition.ErrOverloaded):
		return fmt.Errorf("%w: %w", fault.ErrHazelcastOverload, err)
	case errors.Is(err, partition.ErrRange):
		return fmt.Errorf("%w: %w", fault.ErrIllegalArgument, err)
	}
	return err
}

// appendFault appends the answer that carries err.
func appendFault(dst []byte, correlation int64, err error) []byte {
	err = clientError(err)
	code, class := fault.CodeOf(err)
	text := err.Error()
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	holders := [1]protocol.ErrorHolder{{ErrorCode: code, ClassName: class, Message: protocol.Text(text)}}
	return protocol.AppendError(dst, correlation, holders[:])
}
