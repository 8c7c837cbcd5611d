package wire

import "encoding/binary"

// Sizes and offsets of the protocol, in bytes. Offsets are those of the payload of a message's first frame.
const (
	// FrameHeaderSize is the length and the flags in front of a frame's payload.
	FrameHeaderSize = 6
	// RequestHeadSize is the part of the first payload that every request and event has: type, correlation, partition.
	RequestHeadSize = 16
	// ResponseHeadSize is the part of the first payload that every response has: type, correlation, backup count.
	ResponseHeadSize = 13

	offsetCorrelation = 4
	offsetPartition   = 12
	minHeadSize       = 12
	fragmentIDSize    = 8
)

// Flags are the flags of a frame; those that belong to the message stand in its first frame.
type Flags uint16

// The flags of protocol 2.x.
const (
	// FlagBeginFragment marks the first frame of a message's first piece, or of a whole message.
	FlagBeginFragment Flags = 1 << 15
	// FlagEndFragment marks the first frame of a message's last piece, or of a whole message.
	FlagEndFragment Flags = 1 << 14
	// FlagUnfragmented marks the first frame of a whole message.
	FlagUnfragmented = FlagBeginFragment | FlagEndFragment
	// FlagFinal marks the last frame of a message or piece.
	FlagFinal Flags = 1 << 13
	// FlagBeginStruct opens a structure or list; its frame is empty.
	FlagBeginStruct Flags = 1 << 12
	// FlagEndStruct closes a structure or list; its frame is empty.
	FlagEndStruct Flags = 1 << 11
	// FlagNull stands for a value that is null; its frame is empty.
	FlagNull Flags = 1 << 10
	// FlagEvent marks the first frame of an event.
	FlagEvent Flags = 1 << 9
	// FlagBackupAware marks the first frame of a request whose client would wait for backups itself.
	FlagBackupAware Flags = 1 << 8
	// FlagBackupEvent marks the first frame of a backup's acknowledgement to a client.
	FlagBackupEvent Flags = 1 << 7
)

// Has reports whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Message is a whole message: its frames one after the other, as they stand on the wire. The accessors are meant
// for what Reader and Cut return; on other bytes they return zeros rather than fail.
type Message []byte

// Flags returns the flags of the first frame.
func (m Message) Flags() Flags {
	if len(m) < FrameHeaderSize {
		return 0
	}
	return Flags(binary.LittleEndian.Uint16(m[4:]))
}

// Type returns the message type: service id, method id, and 0 for a request, 1 for its response, 2 and up for events.
func (m Message) Type() int32 {
	if len(m) < FrameHeaderSize+offsetCorrelation {
		return 0
	}
	return int32(binary.LittleEndian.Uint32(m[FrameHeaderSize:]))
}

// CorrelationID returns the number that ties a response or event to its request.
func (m Message) CorrelationID() int64 {
	if len(m) < FrameHeaderSize+minHeadSize {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(m[FrameHeaderSize+offsetCorrelation:]))
}

// SetCorrelationID writes the correlation id in place.
func (m Message) SetCorrelationID(id int64) {
	if len(m) >= FrameHeaderSize+minHeadSize {
		binary.LittleEndian.PutUint64(m[FrameHeaderSize+offsetCorrelation:], uint64(id))
	}
}

// PartitionID returns the partition of a request or event as the sender wrote it: any number, -1 where the message
// is not about a partition, -1 too for a first frame that is too short to have one. It means nothing in a response.
func (m Message) PartitionID() int32 {
	if f, _, ok := cutFrame(m); !ok || len(f.Payload) < RequestHeadSize {
		return -1
	}
	return int32(binary.LittleEndian.Uint32(m[FrameHeaderSize+offsetPartition:]))
}

// SetPartitionID writes the partition of a request or event in place.
func (m Message) SetPartitionID(id int32) {
	if f, _, ok := cutFrame(m); ok && len(f.Payload) >= RequestHeadSize {
		binary.LittleEndian.PutUint32(m[FrameHeaderSize+offsetPartition:], uint32(id))
	}
}

// Frames returns a cursor on the message's frames, the first one included.
func (m Message) Frames() Frames { return Frames{rest: m} }
