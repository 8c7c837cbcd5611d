//go:build amd64 || arm64

package store

import "unsafe"

// prefetch asks for three cache lines from an address on: header, key and value of a small record. An address that is nobody's does no
// harm.
//
//go:noescape
func prefetch(p unsafe.Pointer)
