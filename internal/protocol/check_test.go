package protocol

import (
	"github.com/filbertgrid/filbert/internal/wire"
)

// check is a message's codec without its types, so that one test can run over all messages.
type check struct {
	messageType int32
	name        string
	empty       func() any
	append      func(dst []byte, v any) []byte
	decode      func(m wire.Message, into any) error
}

const (
	checkCorrelation = 0x0102030405060708
	checkPartition   = 269
)

func checkRequest[T any](
	messageType int32, name string,
	app func([]byte, int64, int32, *T) []byte, dec func(wire.Message, *T) error,
) check {
	withPartition := func(dst []byte, correlation int64, r *T) []byte { return app(dst, correlation, checkPartition, r) }
	return checkAnswer(messageType, name, withPartition, dec)
}

func checkAnswer[T any](
	messageType int32, name string,
	app func([]byte, int64, *T) []byte, dec func(wire.Message, *T) error,
) check {
	return check{
		messageType: messageType,
		name:        name,
		empty:       func() any { return new(T) },
		append:      func(dst []byte, v any) []byte { return app(dst, checkCorrelation, v.(*T)) },
		decode:      func(m wire.Message, into any) error { return dec(m, into.(*T)) },
	}
}
