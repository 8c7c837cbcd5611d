package store

import (
	"encoding/binary"
	"math"
)

// A record, little-endian:
//
//	 0  flags     1
//	 1  slack     1   units that the record owns beyond those it needs
//	 2  keyLen    2   longKey: the length stands in the four bytes before the key
//	 4  valueLen  4
//	 8  version   4   of a dead record: the next hole of its chunk
//	12  counters  22  if flagCounters: created 6, updated 6, accessed 6, hits 4
//	    expiry    30  if flagExpiry: ttl 6, maxIdle 6, deadline 6, idleSince 6, due 6
//	    key, value
//
// Times and durations are milliseconds in 48 bits, which lasts 8,900 years. The hash of the key stands in the index.
const (
	offFlags    = 0
	offSlack    = 1
	offKeyLen   = 2
	offValueLen = 4
	offVersion  = 8
	headerSize  = 12

	// longKey stands for the length of keys that have as many bytes or more.
	longKey = math.MaxUint16

	countersSize = 22
	offCreated   = headerSize
	offUpdated   = offCreated + 6
	offAccessed  = offUpdated + 6
	offHits      = offAccessed + 6

	expirySize   = 30
	relTTL       = 0
	relMaxIdle   = 6
	relDeadline  = 12
	relIdleSince = 18
	relDue       = 24

	flagDead     = 1 << 0
	flagCounters = 1 << 1
	flagExpiry   = 1 << 2

	// unit is the granularity of records: 13 bits address one in a chunk.
	unit = 8

	max48 = 1<<48 - 1
)

// fixedSize is the size of what stands before the key.
func fixedSize(flags byte, key int) int {
	at := expiryAt(flags)
	if flags&flagExpiry != 0 {
		at += expirySize
	}
	if key >= longKey {
		at += 4
	}
	return at
}

// recordSize is the size of a record in bytes, a multiple of unit.
func recordSize(flags byte, key, value int) int {
	return (fixedSize(flags, key) + key + value + unit - 1) / unit * unit
}

// keyOf is where the key of the record at the beginning of b begins and ends.
func keyOf(b []byte) (at, end int) {
	n := int(binary.LittleEndian.Uint16(b[offKeyLen:]))
	at = fixedSize(b[offFlags], n)
	if n == longKey {
		n = int(binary.LittleEndian.Uint32(b[at-4:]))
	}
	return at, at + n
}

// recordLen is the size of the record at the beginning of b, its slack included.
func recordLen(b []byte) int {
	_, end := keyOf(b)
	end += int(binary.LittleEndian.Uint32(b[offValueLen:]))
	return (end+unit-1)/unit*unit + int(b[offSlack])*unit
}

// writeLengths writes what keyOf and recordLen read. The flags must be there.
func writeLengths(b []byte, key, value int) {
	binary.LittleEndian.PutUint16(b[offKeyLen:], uint16(min(key, longKey)))
	if key >= longKey {
		binary.LittleEndian.PutUint32(b[fixedSize(b[offFlags], key)-4:], uint32(key))
	}
	binary.LittleEndian.PutUint32(b[offValueLen:], uint32(value))
	b[offSlack] = 0
}

func get48(b []byte) int64 {
	return int64(binary.LittleEndian.Uint32(b)) | int64(binary.LittleEndian.Uint16(b[4:]))<<32
}

func put48(b []byte, v int64) {
	v = min(max(v, 0), max48)
	binary.LittleEndian.PutUint32(b, uint32(v))
	binary.LittleEndian.PutUint16(b[4:], uint16(v>>32))
}
