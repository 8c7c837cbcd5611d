package store

import (
	"math/bits"
)

const (
	pageSize   = 4 << 10
	pageGrains = pageSize / grain
	// extentSize is what the system is asked for at a time: a multiple of the 2 MiB that a large page has.
	extentSize  = 4 << 20
	extentPages = extentSize / pageSize
	extentWords = extentPages / 64
	// hugeFrom is how many extents there must be before more are asked for in large pages: a member with little to hold
	// shall take little.
	hugeFrom = 8
	// hugePages are the pages that become memory at once in an extent of large pages.
	hugePages = 2 << 20 / pageSize
	// hints is how many sizes of runs are told apart when one is looked for: 1, 2, 3–4, … 513–1,024 pages.
	hints = 11
)

// pages hands out runs of pages of 4 KiB. Whatever is free is a set bit; the first run that is long enough is taken, from the lowest
// extent on, so that the upper ones empty themselves.
type pages struct {
	mapping mapping
	extents []*extent
	// longest says of each extent that no free run in it is longer: it may be less. It stands apart to be read quickly.
	longest []uint16
	// hint is, for each size, the first extent that may have a run for it.
	hint [hints]int
	// held are the pages that are handed out, stale those that are free but not given back to the system.
	held, stale int64
}

// extent is 4 MiB of pages.
type extent struct {
	free, stale [extentWords]uint64
	huge        bool
}

func (p *pages) init(m mapping) { p.mapping = m }

func hintOf(n int) int { return min(bits.Len(uint(n-1)), hints-1) }

// take returns the first page of a run of n.
func (p *pages) take(n int) (page uint32, err error) {
	if n > extentPages {
		return p.takeMany(n)
	}
	h := hintOf(n)
	for i := p.hint[h]; ; i++ {
		if i == len(p.extents) {
			if err := p.grow(1); err != nil {
				return 0, err
			}
		}
		if int(p.longest[i]) < n {
			if i == p.hint[h] && int(p.longest[i]) < 1<<h>>1+1 {
				p.hint[h]++ // too short for every run of this size
			}
			continue
		}
		at, longest := p.extents[i].find(n)
		if at < 0 {
			p.longest[i] = uint16(longest)
			i--
			continue
		}
		p.mark(i, at, n)
		return uint32(i*extentPages + at), nil
	}
}

// takeMany is take for more than an extent holds: it takes whole ones, and gives back the rest of the last.
func (p *pages) takeMany(n int) (page uint32, err error) {
	want, run := (n+extentPages-1)/extentPages, 0
	at := -1
	for i := range p.extents {
		if run++; p.extents[i].pages() < extentPages {
			run = 0
		}
		if run == want {
			at = i + 1 - want
			break
		}
	}
	if at < 0 {
		at = len(p.extents) - run // those that are free at the end are the beginning
		if err := p.grow(want - run); err != nil {
			return 0, err
		}
	}
	for i := range want {
		p.mark(at+i, 0, min(n-i*extentPages, extentPages))
	}
	return uint32(at * extentPages), nil
}

// grow asks the system for more extents.
func (p *pages) grow(n int) error {
	from, size := len(p.extents)*extentSize, n*extentSize
	if from+size > len(p.mapping.bytes) {
		return ErrNoMemory
	}
	if err := p.mapping.commit(from, size); err != nil {
		return err
	}
	for range n {
		e := &extent{}
		for i := range e.free {
			e.free[i] = ^uint64(0)
		}
		p.extents = append(p.extents, e)
		p.longest = append(p.longest, extentPages)
		if i := len(p.extents) - 1; i >= hugeFrom {
			p.setHuge(i, true)
		}
	}
	return nil
}

func (p *pages) setHuge(i int, want bool) {
	p.extents[i].huge = want
	p.mapping.huge(i*extentSize, extentSize, want)
}

// mark hands out pages of an extent.
func (p *pages) mark(i, at, n int) {
	e := p.extents[i]
	if e.huge { // the first touch makes all of a large page memory
		low, high := at/hugePages*hugePages, (at+n+hugePages-1)/hugePages*hugePages
		p.stale += int64(e.soil(low, high-low))
	}
	p.stale -= int64(each(&e.stale, at, n, func(word *uint64, mask uint64) int {
		was := bits.OnesCount64(*word & mask)
		*word &^= mask
		return was
	}))
	each(&e.free, at, n, func(word *uint64, mask uint64) int {
		*word &^= mask
		return 0
	})
	p.held += int64(n)
}

// give takes a run back.
func (p *pages) give(page uint32, n int) {
	i, at := int(page)/extentPages, int(page)%extentPages
	p.held -= int64(n)
	for n > 0 {
		part := min(n, extentPages-at)
		e := p.extents[i]
		each(&e.free, at, part, set)
		each(&e.stale, at, part, set)
		p.stale += int64(part)
		p.changed(i)
		i, at, n = i+1, 0, n-part
	}
}

// changed says that an extent has more that is free.
func (p *pages) changed(i int) {
	p.longest[i] = uint16(p.extents[i].pages())
	for h := range p.hint {
		p.hint[h] = min(p.hint[h], i)
	}
}

// withhold takes the next run of an extent that is free and not given back yet, to be given back. n is 0 if there is none.
func (p *pages) withhold(i int) (from, n int) {
	e := p.extents[i]
	at := 0
	for at < extentPages && !e.isStale(at) {
		at++
	}
	for at+n < extentPages && e.isStale(at+n) {
		n++
	}
	if n == 0 {
		return 0, 0
	}
	if e.huge && n < extentPages {
		// A large page that is given back in part would be made whole again by the system.
		p.setHuge(i, false)
	} else if !e.huge && n == extentPages && i >= hugeFrom {
		p.setHuge(i, true)
	}
	p.mark(i, at, n)
	return i*extentPages + at, n
}

// restore ends withhold.
func (p *pages) restore(from, n int) {
	i, at := from/extentPages, from%extentPages
	p.held -= int64(n)
	each(&p.extents[i].free, at, n, set)
	p.changed(i)
}

// find returns the first run of n free pages, or -1 and the length of the longest. Runs of a span's length begin where
// spans do.
func (e *extent) find(n int) (at, longest int) {
	if n == spanPages {
		for i, word := range e.free {
			for lane := 0; lane < 64; lane += spanPages {
				if word>>lane&(1<<spanPages-1) == 1<<spanPages-1 {
					return i*64 + lane, 0
				}
			}
		}
		return -1, spanPages - 1
	}
	run := 0
	for i, word := range e.free {
		for at := 0; at < 64; {
			if zeros := bits.TrailingZeros64(word >> at); zeros > 0 {
				run = 0
				at += zeros
				continue
			}
			ones := min(bits.TrailingZeros64(^(word >> at)), 64-at)
			at += ones
			run += ones
			if run >= n {
				return i*64 + at - run, 0
			}
			longest = max(longest, run)
		}
	}
	return -1, longest
}

// pages is how many are free.
func (e *extent) pages() (n int) {
	for _, word := range e.free {
		n += bits.OnesCount64(word)
	}
	return n
}

func (e *extent) isStale(at int) bool { return e.stale[at/64]&e.free[at/64]>>(at%64)&1 != 0 }

// soil says that pages are memory, if they are free, and returns how many were not.
func (e *extent) soil(at, n int) int {
	more := 0
	for i := at; i < at+n; i++ {
		if word, bit := i/64, uint64(1)<<(i%64); e.free[word]&bit != 0 && e.stale[word]&bit == 0 {
			e.stale[word] |= bit
			more++
		}
	}
	return more
}

// each calls f with the words of pages and the bits in them, and adds up what it returns.
func each(words *[extentWords]uint64, at, n int, f func(word *uint64, mask uint64) int) (sum int) {
	for n > 0 {
		part := min(n, 64-at%64)
		mask := ^uint64(0) >> (64 - part) << (at % 64)
		sum += f(&words[at/64], mask)
		at, n = at+part, n-part
	}
	return sum
}

func set(word *uint64, mask uint64) int {
	*word |= mask
	return 0
}
