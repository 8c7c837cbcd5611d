//go:build unix

package store

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapping is a range of addresses that is reserved at once and becomes memory piece by piece. It is nobody's memory to the
// garbage collector.
type mapping struct{ bytes []byte }

// reserve takes size bytes of addresses, or as much of that as there is, aligned to align. Nothing of it is memory yet.
func reserve(size, align int) (mapping, error) {
	for {
		p, err := unix.MmapPtr(-1, 0, nil, uintptr(size+align), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
		if err == nil {
			skip := -int(uintptr(p)) & (align - 1)
			trim(p, skip)
			trim(unsafe.Add(p, skip+size), align-skip)
			return mapping{unsafe.Slice((*byte)(unsafe.Add(p, skip)), size)}, nil
		}
		if size /= 2; size < leastReserve { // a limit of addresses: ulimit -v
			return mapping{}, fmt.Errorf("%w: cannot reserve %d bytes of addresses: %w", ErrNoMemory, size*2, err)
		}
	}
}

// trim gives back what stands beside what is aligned.
func trim(p unsafe.Pointer, size int) {
	if size > 0 {
		_ = unix.MunmapPtr(p, uintptr(size))
	}
}

// commit makes a piece usable.
func (m mapping) commit(from, size int) error {
	if err := unix.Mprotect(m.bytes[from:from+size], unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return fmt.Errorf("%w: %w", ErrNoMemory, err)
	}
	return nil
}

// release gives the memory of a piece back; it stays usable, and reads as zero.
func (m mapping) release(from, size int) {
	_ = unix.Madvise(m.bytes[from:from+size], unix.MADV_DONTNEED) // cannot fail for what was committed
}

// unmap ends the mapping.
func (m mapping) unmap() { trim(unsafe.Pointer(unsafe.SliceData(m.bytes)), len(m.bytes)) }

// unmapWith ends the mapping when nothing refers to the arena any more.
func (m mapping) unmapWith(a *Arena) { runtime.AddCleanup(a, mapping.unmap, m) }
