// Package protocol holds typed codecs for every message of the client protocol 2.x: 39 services, generated from the
// catalogue in the folder protocol at the root of the repository.
//
// For a request Map.put there are MapPutRequestType, MapPutRequest, DecodeMapPutRequest and AppendMapPutRequest; the same
// for its response (MapPutResponse…), and for events with the event's name between (MapAddEntryListenerEntryEvent…). A
// member decodes requests and appends responses and events; the other directions serve tools and tests.
//
// Decoding. A decoder fills a struct of the caller's, whose slices it reuses, and allocates nothing for numbers, names
// and Data: in requests a string is a []byte, and every []byte anywhere is a view on the message. Structures nested in
// messages (MemberInfo, IndexConfig…) copy their strings. Rules, for every message:
//   - Type and head are checked; a message of another type is malformed.
//   - Fields that came after the message's own version may be absent, as older senders leave them out: then they are zero
//     and HasX is false. Fields that are there from the start must be there.
//   - What a newer sender adds is skipped: bytes behind the known fields of a frame, frames behind the known ones of a
//     message, frames behind the known ones of a structure up to its end.
//   - Null where none is allowed is an error that wraps fault.ErrNullPointer; a frame that is too short, a boolean that is
//     neither 0 nor 1, a list whose end is missing wrap wire.ErrMalformed. Both name message and field.
//
// Encoding. An appender appends a whole message to the caller's buffer and allocates only if that has no room. A nil
// slice is null where null is allowed and empty elsewhere; a nullable string is a NullString, a nullable structure a
// pointer. HasX is ignored: newer fields are always written, and older receivers skip them. Long responses can be
// streamed: wire.AppendResponseHead, the Append functions of this package for what follows, wire.Finish.
//
// Layout (after the official codecs): fixed-size fields stand in the head frame in the order of the catalogue; each
// other field follows as a frame of its own, or as a structure between a begin and an end frame, in which a structure's
// fixed-size fields again share the first frame. Lists of fixed-size items are one frame.
//
// Files: *.gen.go are generated (`go generate ./internal/protocol`); decode*.go and append*.go are the primitives that
// they use; error.go is the answer that carries an exception.
package protocol

//go:generate go run ../../protocol/generate
