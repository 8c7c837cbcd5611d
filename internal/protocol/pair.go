package protocol

// Pair is a key with its value in lists of entries and in maps, which keep the order in which they were sent.
type Pair[K, V any] struct {
	Key   K
	Value V
}

// Entry is a key with its value, both Data.
type Entry = Pair[[]byte, []byte]

// NullString is a string that may be null. The zero value is null.
type NullString struct {
	Value string
	Valid bool // false for null
}

// Text returns s as a string that is not null.
func Text(s string) NullString { return NullString{Value: s, Valid: true} }
