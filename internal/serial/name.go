package serial

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// PartitionKey returns the part of a structure's name that decides its partition: what stands behind the first
// '@', or the whole name if there is none (StringPartitioningStrategy). Structures that live in a single partition
// (queues, locks, ring buffers) share a partition with others whose names end in the same key.
func PartitionKey(name string) string {
	if _, key, ok := strings.Cut(name, "@"); ok {
		return key
	}
	return name
}

// NamePartitionID returns the partition of a structure that is placed by its name: the partition of the string
// Data of its partition key. count is the partition count and must be positive.
func NamePartitionID(name string, count int32) int32 {
	var room [64]byte
	return PartitionID(Hash(AppendString(room[:0], PartitionKey(name))), count)
}

// AppendString appends the Data of a string: header, length in bytes as big-endian int32, then UTF-8. Invalid
// UTF-8 is written as U+FFFD, as every client does when it decodes and encodes it.
func AppendString(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, 0)
	id := TypeString
	dst = binary.BigEndian.AppendUint32(dst, uint32(id))
	at := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, 0)
	for _, r := range s {
		dst = utf8.AppendRune(dst, r)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}
