package serial

import "encoding/binary"

// Layout of a Data blob, in bytes.
const (
	// HeaderSize is the length of the partition hash and the type id together.
	HeaderSize = 8

	offsetType = 4
)

// Valid reports whether data is long enough to be a Data blob. Null is never a blob: on the wire it is a flag.
func Valid(data []byte) bool { return len(data) >= HeaderSize }

// TypeOf returns the type id of a Data blob, TypeNull for one that is too short to have any.
func TypeOf(data []byte) int32 {
	if !Valid(data) {
		return TypeNull
	}
	return int32(binary.BigEndian.Uint32(data[offsetType:]))
}

// Payload returns the bytes behind the header as a view on data, nil if there is no whole header.
func Payload(data []byte) []byte {
	if !Valid(data) {
		return nil
	}
	return data[HeaderSize:]
}

// Hash returns the partition hash of a Data blob: the one that the client wrote into it if that is not zero, else
// the hash of the payload (HeapData.getPartitionHash). Of a blob that is too short it is the hash of nothing.
func Hash(data []byte) int32 {
	if !Valid(data) {
		return Murmur3(nil)
	}
	if h := int32(binary.BigEndian.Uint32(data)); h != 0 {
		return h
	}
	return Murmur3(data[HeaderSize:])
}

// PartitionID returns the partition, in [0, count), that a hash belongs to; the smallest int32, which has no
// absolute value, belongs to partition 0 (HashUtil.hashToIndex). count must be positive.
func PartitionID(hash, count int32) int32 {
	switch {
	case hash == -1<<31:
		return 0
	case hash < 0:
		hash = -hash
	}
	return hash % count
}
