package link

// What the tests of the wire form need from inside.
var (
	AppendHello     = appendHello
	AppendRefusal   = appendRefusal
	AppendFrame     = appendFrame
	DecodeHandshake = decodeHandshake
)
