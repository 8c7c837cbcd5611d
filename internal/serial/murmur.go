package serial

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// murmurSeed is the seed that Hazelcast uses wherever it hashes with MurmurHash3 (HashUtil.DEFAULT_MURMUR_SEED).
const murmurSeed = 0x01000193

// Murmur3 returns the MurmurHash3_x86_32 of b with Hazelcast's seed.
func Murmur3(b []byte) int32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	h, n := uint32(murmurSeed), uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b) * c1
		k = bits.RotateLeft32(k, 15) * c2
		h = bits.RotateLeft32(h^k, 13)*5 + 0xe6546b64
	}
	if len(b) > 0 {
		var k uint32
		for _, tail := range slices.Backward(b) {
			k = k<<8 | uint32(tail)
		}
		k *= c1
		h ^= bits.RotateLeft32(k, 15) * c2
	}
	h ^= n
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	h ^= h >> 16
	return int32(h)
}
