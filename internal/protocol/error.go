package protocol

import "github.com/filbertgrid/filbert/internal/wire"

// ErrorType is the message type of an answer that carries an exception, whatever the request was.
const ErrorType int32 = 0

// AppendError appends the answer that carries an exception: the exception and behind it its causes, outermost first.
func AppendError(dst []byte, correlation int64, holders []ErrorHolder) []byte {
	dst = wire.AppendResponseHead(dst, ErrorType, correlation, 0)
	return wire.FinishEmpty(appendList(dst, holders))
}

// DecodeError reads an answer that carries an exception into the room of into.
func DecodeError(m wire.Message, into []ErrorHolder) ([]ErrorHolder, error) {
	var d decoder
	d.start(m, ErrorType, "error", wire.ResponseHeadSize)
	into = decodeList(&d, "errorHolders", into)
	return into, d.err
}
