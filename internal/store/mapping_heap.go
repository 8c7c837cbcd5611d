//go:build !unix

package store

import "unsafe"

// mapping is, on systems without mmap, one piece of the garbage collector's heap, of which nothing is ever given back.
type mapping struct{ bytes []byte }

// heapReserve is all that a member can hold there.
const heapReserve = 2 << 30

func reserve(size, align int) (mapping, error) {
	size = min(size, heapReserve)
	b := make([]byte, size+align)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (align - 1)
	return mapping{b[skip : skip+size]}, nil
}

func (mapping) commit(int, int) error { return nil }

func (mapping) release(int, int) {}

func (mapping) unmapWith(*Arena) {}
