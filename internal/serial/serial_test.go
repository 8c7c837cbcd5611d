package serial_test

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/filbertgrid/filbert/internal/serial"
)

// The hashes and partitions are those that Hazelcast's own clients compute for these keys.
func TestMurmur3AndPartition(t *testing.T) {
	tests := []struct {
		key       string
		hash      int32
		partition int32
	}{
		{"key-1", 1228513025, 107},
		{"key-2", 1503416236, 105},
		{"key-3", 1876349747, 218},
		{"key-4", -914632498, 181},
		{"key-5", -803210507, 111},
		{"key-6", -847942313, 115},
		{"key-7", 1196747334, 223},
		{"key-8", -1444149994, 208},
		{"key-9", 1182720020, 140},
	}
	for _, tt := range tests {
		if got := serial.Murmur3([]byte(tt.key)); got != tt.hash {
			t.Errorf("Murmur3(%q) = %d, want %d", tt.key, got, tt.hash)
		}
		if got := serial.PartitionID(tt.hash, 271); got != tt.partition {
			t.Errorf("PartitionID(%d) = %d, want %d", tt.hash, got, tt.partition)
		}
	}
}

func TestPartitionIDEdges(t *testing.T) {
	for _, tt := range []struct{ hash, count, want int32 }{
		{-1 << 31, 271, 0},
		{-1<<31 + 1, 271, 2147483647 % 271},
		{1<<31 - 1, 271, 2147483647 % 271},
		{0, 271, 0},
		{-1, 271, 1},
		{12345, 1, 0},
	} {
		if got := serial.PartitionID(tt.hash, tt.count); got != tt.want {
			t.Errorf("PartitionID(%d, %d) = %d, want %d", tt.hash, tt.count, got, tt.want)
		}
	}
}

func TestHashPrefersTheClientsOwn(t *testing.T) {
	data := serial.AppendString(nil, "key-1")
	payload := serial.Hash(data)
	if want := serial.Murmur3(data[serial.HeaderSize:]); payload != want {
		t.Errorf("hash of the payload = %d, want %d", payload, want)
	}
	binary.BigEndian.PutUint32(data, 0xfffffffe)
	if got := serial.Hash(data); got != -2 {
		t.Errorf("hash with a partition hash set = %d, want -2", got)
	}
}

func TestAppendString(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "00000000" + "fffffff5" + "00000000"},
		{"abc", "00000000" + "fffffff5" + "00000003" + "616263"},
		{"é", "00000000" + "fffffff5" + "00000002" + "c3a9"},
		{"\xff", "00000000" + "fffffff5" + "00000003" + "efbfbd"},
	} {
		if got := hex.EncodeToString(serial.AppendString(nil, tt.in)); got != tt.want {
			t.Errorf("AppendString(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestTypeOf(t *testing.T) {
	data := serial.AppendString(nil, "x")
	if got := serial.TypeOf(data); got != serial.TypeString {
		t.Errorf("TypeOf = %d, want %d", got, serial.TypeString)
	}
	for n := range serial.HeaderSize {
		short := data[:n]
		if serial.Valid(short) || serial.TypeOf(short) != serial.TypeNull || serial.Payload(short) != nil {
			t.Errorf("%d bytes pass for a blob", n)
		}
		serial.Hash(short) // must not panic
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, key string }{
		{"orders", "orders"},
		{"orders@eu", "eu"},
		{"orders@eu@west", "eu@west"},
		{"orders@", ""},
		{"@eu", "eu"},
	} {
		if got := serial.PartitionKey(tt.name); got != tt.key {
			t.Errorf("PartitionKey(%q) = %q, want %q", tt.name, got, tt.key)
		}
	}
	if a, b := serial.NamePartitionID("orders@eu", 271), serial.NamePartitionID("eu", 271); a != b {
		t.Errorf("one key, two partitions: %d and %d", a, b)
	}
}

func TestAllocations(t *testing.T) {
	data := serial.AppendString(nil, "a key of some length")
	if n := testing.AllocsPerRun(100, func() {
		if serial.PartitionID(serial.Hash(data), 271) == serial.NamePartitionID("orders@eu", 271) {
			t.Fatal("the two keys were chosen to differ")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzHash(f *testing.F) {
	f.Add([]byte{}, int32(271))
	f.Add(serial.AppendString(nil, "key"), int32(1))
	f.Fuzz(func(t *testing.T, data []byte, count int32) {
		if count < 1 {
			return
		}
		if p := serial.PartitionID(serial.Hash(data), count); p < 0 || p >= count {
			t.Fatalf("partition %d is not in [0, %d)", p, count)
		}
	})
}
