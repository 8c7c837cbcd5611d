package store

import "github.com/filbertgrid/filbert/internal/invariant"

// To empty a large table, under the lock of its owner, must not take longer than to empty a small one. So its blocks are thrown away
// together: from that moment nobody owns them and they count for nothing. They are freed in steps, by Tidy, and by whoever takes
// blocks, which are to be found among those.

const (
	// freedAtOnce is how many blocks Reset frees itself: to throw away fewer is not worth it.
	freedAtOnce = 16
	// sweepStep is how many blocks are freed before one is taken, unless they are smaller; sweepTidy before Tidy lets others have the lock,
	// and sweepsTidy how often it does that: some 2 ms.
	sweepStep  = 8
	sweepTidy  = 64
	sweepsTidy = 512
)

// garbage is what tables have thrown away.
type garbage struct{ tables []remains }

// remains are the blocks of a table that were not freed yet.
type remains struct {
	leaves []leaf
	chunks []chunk
}

// discard takes all blocks of a table, of so many bytes.
func (a *Arena) discard(r remains, bytes int64) {
	a.used.Add(-bytes)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.garbage.tables = append(a.garbage.tables, r)
}

// sweep frees blocks that were thrown away: at least so many of so many bytes, but no more than sweepTidy; or all there are. It tells
// how many. a.mu is held.
func (a *Arena) sweep(blocks, bytes int) (n int) {
	g := &a.garbage
	for freed := 0; len(g.tables) > 0 && (n < blocks || freed < bytes) && n < sweepTidy; n++ {
		r := &g.tables[len(g.tables)-1]
		switch leaves, chunks := len(r.leaves), len(r.chunks); {
		case leaves > 0:
			l := r.leaves[leaves-1]
			r.leaves = r.leaves[:leaves-1]
			freed += a.recycle(l.block, int(l.room)*8)
		case chunks > 0:
			c := r.chunks[chunks-1]
			r.chunks = r.chunks[:chunks-1]
			if !c.gone {
				freed += a.recycle(c.block, int(c.size))
			}
		default:
			g.tables[len(g.tables)-1] = remains{}
			g.tables = g.tables[:len(g.tables)-1]
		}
	}
	return n
}

// recycle takes a block back that counts for nothing. a.mu is held.
func (a *Arena) recycle(block uint32, size int) int {
	size = fit(size)
	if invariant.Enabled {
		b := a.bytes(block, size)
		for i := range b {
			b[i] = poison
		}
	}
	if size <= slabMax {
		a.slabs.give(a, block, classOf(size))
	} else {
		a.pages.give(block/pageGrains, size/pageSize)
	}
	return size
}

// sweepAll frees all that was thrown away, or as much as Tidy may, and lets others have the lock in between.
func (a *Arena) sweepAll(rounds int) {
	for n := 1; n > 0 && rounds > 0; rounds-- {
		a.mu.Lock()
		n = a.sweep(sweepTidy, 0)
		a.mu.Unlock()
	}
}
