package fault

import "errors"

// Kind is one row of the table: what a sentinel means to a client.
type Kind struct {
	// Code is the error code of the protocol, 0 for an error that the protocol does not know.
	Code int32
	// Class is the fully qualified name of the Java class.
	Class string

	text      string
	retryable bool
}

// Error returns the short text of the sentinel; the details stand in the error that wraps it.
func (k *Kind) Error() string { return k.text }

// Retryable tells whether clients send the request again by themselves.
func (k *Kind) Retryable() bool { return k.retryable }

func kind(code int32, class, text string) error {
	return &Kind{Code: code, Class: class, text: text}
}

func retryable(code int32, class, text string) error {
	return &Kind{Code: code, Class: class, text: text, retryable: true}
}

// KindOf returns the row of the first sentinel in err's chain, that of ErrHazelcast if there is none. It must not
// be called with nil.
func KindOf(err error) *Kind {
	if k, ok := errors.AsType[*Kind](err); ok {
		return k
	}
	k, _ := errors.AsType[*Kind](ErrHazelcast)
	return k
}

// CodeOf returns the error code and the Java class name that tell a client of err: those of the first sentinel in
// err's chain, those of ErrHazelcast if there is none.
func CodeOf(err error) (code int32, class string) {
	k := KindOf(err)
	return k.Code, k.Class
}

// Retryable reports whether clients send a request again by themselves when they are answered with err. Such an
// answer promises that the operation was not carried out.
func Retryable(err error) bool {
	return err != nil && KindOf(err).retryable
}

// OfCode returns the sentinel of an error code, ErrUndefined for a code that is not in the table. It is the way
// back from an error that another member has answered with.
func OfCode(code int32) error {
	if code < 0 || int(code) >= len(errTable) {
		return ErrUndefined
	}
	return errTable[code]
}
