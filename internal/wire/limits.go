package wire

// Limits bound what one connection may make the member hold. A zero field stands for its default.
type Limits struct {
	// MaxMessage is the size of a whole message in bytes, headers included; it bounds the reassembly of a fragmented
	// one too. The default of 64 MiB and 64 KiB lets a value of 64 MiB through with its key and name.
	MaxMessage int
	// MaxFrame is the size of one frame in bytes, header included. The default is MaxMessage.
	MaxFrame int
	// MaxFrames is the number of frames in a message. The default of 4 Mi is a putAll of two million entries; it bounds
	// the time that an uninterrupted scan of a message takes.
	MaxFrames int
	// MaxFragmented is the number of messages of which pieces may be outstanding at once. The default is 4: no client in
	// use sends interleaved pieces.
	MaxFragmented int
}

// The defaults of Limits.
const (
	DefaultMaxMessage    = 64<<20 + 64<<10
	DefaultMaxFrames     = 4 << 20
	DefaultMaxFragmented = 4
)

// Unauthenticated returns the limits for a connection that has not proved who it is: room for an authentication
// request with a long token and many labels, and nothing more.
func Unauthenticated() Limits {
	return Limits{MaxMessage: 64 << 10, MaxFrames: 1 << 10, MaxFragmented: 1}
}

// withDefaults returns l with every field set.
func (l Limits) withDefaults() Limits {
	if l.MaxMessage <= 0 {
		l.MaxMessage = DefaultMaxMessage
	}
	if l.MaxFrame <= 0 || l.MaxFrame > l.MaxMessage {
		l.MaxFrame = l.MaxMessage
	}
	if l.MaxFrames <= 0 {
		l.MaxFrames = DefaultMaxFrames
	}
	if l.MaxFragmented <= 0 {
		l.MaxFragmented = DefaultMaxFragmented
	}
	return l
}
