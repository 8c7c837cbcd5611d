// Package wire cuts the client protocol's byte stream into messages and holds the primitives that write them.
//
// The protocol is the Hazelcast Open Binary Client Protocol 2.x. A message is a run of frames, each
//
//	+--------------------------+------------------+-----------+
//	| length, int32 LE         | flags, uint16 LE | payload   |
//	| (these 6 bytes included) |                  |           |
//	+--------------------------+------------------+-----------+
//
// The first frame begins with the message type (int32), the correlation id (int64) and, in requests and events, the
// partition id (int32), in responses the number of backup acknowledgements to wait for (one byte). The last frame
// carries FlagFinal. The first frame of a whole message carries both FlagBeginFragment and FlagEndFragment; a message
// may also come in pieces, each a message of its own whose first frame holds nothing but an int64 fragment id.
//
// Steps of reading: the connection reads into Reader.Buffer, tells how much with Advance, and takes messages with
// Next until it returns nil. What Next returns is a view on the read buffer, never a copy (a reassembled one is a view
// on the reassembly buffer), valid until the next call of Buffer; whatever outlives that copies its bytes.
//
// Invariants:
//   - A Message holds whole frames only, the last one and no other final, and its first frame has at least a type and a
//     correlation id; so its accessors need no errors.
//   - Memory follows the bytes received, not the lengths announced: the buffer at most doubles, so announcing 64 MiB and
//     sending nothing costs the server nothing.
//   - Every limit of Limits is checked as soon as its value is known, before room is made for it.
//
// The package knows no field types and no message types: those belong to the floor above. It starts no goroutine and
// knows no socket. Input from the network may be anything; nothing here panics on it.
package wire
