package store

import "golang.org/x/sys/unix"

// huge asks for pages of 2 MiB under a piece, or for small ones.
func (m mapping) huge(from, size int, want bool) {
	advice := unix.MADV_NOHUGEPAGE
	if want {
		advice = unix.MADV_HUGEPAGE
	}
	_ = unix.Madvise(m.bytes[from:from+size], advice) // a kernel without them says so, and small ones do
}
