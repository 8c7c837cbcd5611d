package store

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"
)

var (
	// ErrNoMemory is returned by NewArena, Insert and Overwrite when the system gives no more memory.
	ErrNoMemory = errors.New("store: no memory")
	// ErrBudget is returned by Insert and Overwrite of a table that is limited, when it would need more memory than the arena's budget
	// has left. Nothing has changed then.
	ErrBudget = errors.New("store: no room in the memory budget")
)

const (
	// grain is the granularity of blocks: a block is known by 32 bits, the number of its first grain.
	grain = 64
	// reach is what 32 bits address in grains: 256 GiB.
	reach = grain << 32
	// leastReserve is what an arena must be able to reserve to be of use.
	leastReserve = 64 << 20

	poison = 0xDB
)

// Arena is the memory of all tables of a member: blocks of any size, in memory that the garbage collector does not know. It
// is safe for use by several goroutines; its lock is a leaf, and nothing waits under it but for the system's answer to a request
// for 4 MiB more, once in 4 MiB.
type Arena struct {
	// base is where grain 0 is. What is reserved does not move, so a block is found without the lock.
	base unsafe.Pointer
	// used is the memory of all blocks that are handed out, budget what limited tables may bring it to, 0 for anything.
	used, budget atomic.Int64

	mu      sync.Mutex
	mapping mapping
	pages   pages
	slabs   slabs
	garbage garbage
}

// ArenaStats are the books of an arena, in bytes.
type ArenaStats struct {
	// Used is what tables own. Held is that and the rest of the slabs that it stands in; Resident that and what is free but
	// not given back yet: what the process has grown by.
	Used, Held, Resident int64
}

// NewArena reserves addresses for what a member may ever hold. It takes no memory before the first block. It ends when nothing
// refers to it any more.
func NewArena() (*Arena, error) {
	a := &Arena{}
	m, err := reserve(min(reach, math.MaxInt/4), extentSize)
	if err != nil {
		return nil, err
	}
	a.base, a.mapping = unsafe.Pointer(unsafe.SliceData(m.bytes)), m
	a.pages.init(m)
	a.slabs.init()
	m.unmapWith(a)
	return a, nil
}

// Stats returns the books.
func (a *Arena) Stats() ArenaStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return ArenaStats{
		Used: a.used.Load(), Held: a.pages.held * pageSize, Resident: (a.pages.held + a.pages.stale) * pageSize,
	}
}

// Used is the memory of all tables, in bytes.
func (a *Arena) Used() int64 { return a.used.Load() }

// SetBudget bounds what limited tables may bring Used to, in bytes; 0 for no bound. It may be exceeded by what is not limited, and by
// blocks that several goroutines take at the same moment.
func (a *Arena) SetBudget(bytes int64) { a.budget.Store(bytes) }

// Budget is what SetBudget has set.
func (a *Arena) Budget() int64 { return a.budget.Load() }

// Tight tells whether less than a sixty-fourth of the budget is left: then tables save memory at the cost of time.
func (a *Arena) Tight() bool {
	b := a.budget.Load()
	return b > 0 && a.used.Load() > b-b/64
}

// Balanced returns an error that says how much is owned by tables that were forgotten without Reset, if any is.
func (a *Arena) Balanced() error {
	if used := a.used.Load(); used != 0 {
		return fmt.Errorf("store: %d bytes are owned by tables that were forgotten", used) //nolint:err113 // for tests and invariants
	}
	return nil
}

// bytes is a block's memory, or the beginning of it.
func (a *Arena) bytes(block uint32, size int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(a.base, uintptr(block)*grain)), size)
}

// words is a block's memory as words of 8 bytes.
func (a *Arena) words(block uint32, n int) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(a.base, uintptr(block)*grain)), n)
}

// alloc returns a block of fit(size) bytes. Its content is anything. limited says that the budget counts.
func (a *Arena) alloc(size int, limited bool) (block uint32, err error) {
	size = fit(size)
	if b := a.budget.Load(); limited && b > 0 && a.used.Load()+int64(size) > b {
		return 0, ErrBudget
	}
	a.mu.Lock()
	if len(a.garbage.tables) > 0 {
		a.sweep(sweepStep, size)
	}
	block, err = a.take(size)
	for err != nil && a.sweep(sweepTidy, 0) > 0 {
		block, err = a.take(size)
	}
	a.mu.Unlock()
	if err != nil {
		return 0, err
	}
	a.used.Add(int64(size))
	return block, nil
}

// take finds a block of a size that fit has returned. a.mu is held.
func (a *Arena) take(size int) (block uint32, err error) {
	if size <= slabMax {
		return a.slabs.take(&a.pages, classOf(size))
	}
	page, err := a.pages.take(size / pageSize)
	return page * pageGrains, err
}

// free takes a block back that alloc has returned for that size.
func (a *Arena) free(block uint32, size int) {
	a.mu.Lock()
	size = a.recycle(block, size)
	a.mu.Unlock()
	a.used.Add(-int64(size))
}

// keepStale is how much free memory is not given back: a sixteenth of what is held, and what is not worth a call.
func (p *pages) keepStale() int64 { return 1<<20/pageSize + p.held/16 }

// tidyStep is the most that one Tidy gives back: some 2 ms.
const tidyStep = 64 << 20 / pageSize

// Drain gives all back that is free, however much. It is for the end.
func (a *Arena) Drain() {
	a.sweepAll(math.MaxInt)
	for before := int64(math.MaxInt64); a.Stats().Resident < before; {
		before = a.Stats().Resident
		a.Tidy()
	}
}

// Tidy frees what was thrown away, and gives memory back to the system if much is free. It wants to be called about ten times a second.
func (a *Arena) Tidy() {
	a.sweepAll(sweepsTidy)
	a.mu.Lock()
	defer a.mu.Unlock()
	given := int64(0)
	for i := len(a.pages.extents) - 1; i >= 0 && given < tidyStep && a.pages.stale > a.pages.keepStale(); i-- {
		for {
			from, n := a.pages.withhold(i)
			if n == 0 {
				break
			}
			// The system gets it without the lock: nobody has it meanwhile.
			a.mu.Unlock()
			a.mapping.release(from*pageSize, n*pageSize)
			a.mu.Lock()
			a.pages.restore(from, n)
			given += int64(n)
		}
	}
}
