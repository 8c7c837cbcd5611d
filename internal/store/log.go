package store

import (
	"encoding/binary"
	"errors"

	"github.com/filbertgrid/filbert/internal/invariant"
)

// ErrFull is returned by Insert and Overwrite when no reference is left for
// another record: 32 GiB in small records, or half a million big ones.
var ErrFull = errors.New("store: table is full")

const (
	// chunkMax is what 13 bits of a reference address in units; to empty such a chunk takes some 50 µs.
	chunkMax = 1 << unitBits * unit
	// growMax is how long the only chunk of a table grows, by being copied, before there is a second one.
	growMax = 16 << 10
	// bigRecord is the size from which a record has a chunk of its own, so that
	// the end of a chunk into which no record fits is at most an eighth of it.
	bigRecord = chunkMax / 8
	// wasteMin is the waste that is not worth moving records for.
	wasteMin = 256
	// holesTried is how many holes are looked at for one that fits a record.
	holesTried = 4

	unitBits  = 13
	maxChunks = 1 << (32 - unitBits)
)

// chunk is a piece of the log: a block of size bytes. Records stand from its beginning to used; live
// of these bytes belong to records that are not dead.
type chunk struct {
	block, size, used, live uint32
	// hole is the unit, plus one, of the first dead record that another one may be written to.
	hole uint16
	// big is a chunk of a single record, which is not compacted. gone is the number of none: block is the next such, plus one.
	big, gone bool
}

// chunkCost is the memory of a chunk beside its block.
const chunkCost = 20

// log is the memory of a table's records. A reference is the number of a chunk
// and the unit in it where the record begins.
type log struct {
	arena  *Arena
	chunks []chunk
	// free is the number, plus one, of the first chunk that is gone; tail that of the chunk that records are appended to;
	// refill that of the one whose holes are filled. 0 if there is none.
	free, tail, refill uint32
	// dropped is the record that the last change has dropped, if hasDropped: its bytes stay until the next one.
	dropped uint32
	// big is the memory of the chunks of that kind, in pages.
	big        uint32
	hasDropped bool
	// limited says that the budget of the arena counts.
	limited bool
	// small is the memory of the other chunks, live what live records take of it; patience is the waste from which holes are filled.
	small, live, patience int64
}

// at returns the record of a reference.
func (l *log) at(ref uint32) []byte {
	c := &l.chunks[ref>>unitBits]
	at := ref & (1<<unitBits - 1) * unit
	b := l.arena.bytes(c.block, int(c.used))[at:]
	n := recordLen(b)
	return b[:n:n]
}

// bytesOf is a chunk's memory as far as it is used.
func (l *log) bytesOf(c *chunk) []byte { return l.arena.bytes(c.block, int(c.used)) }

// alloc makes room for a record of size bytes: in a hole, or at the end of the log. The room is not cleared, but for
// the slack of its record. What was read of the log before may have moved. limited says that the budget counts.
func (l *log) alloc(size int, limited bool) (rec []byte, ref uint32, err error) {
	if size > bigRecord {
		id, err := l.add(size, limited)
		if err != nil {
			return nil, 0, err
		}
		c := &l.chunks[id]
		c.used, c.live, c.big = uint32(size), uint32(size), true
		l.big += c.size / pageSize
		rec = l.bytesOf(c)
		rec[offSlack] = 0
		return rec, id << unitBits, nil
	}
	if rec, ref = l.fill(size); rec != nil {
		return rec, ref, nil
	}
	if err := l.reserve(size, limited); err != nil {
		return nil, 0, err
	}
	c := &l.chunks[l.tail-1]
	start := c.used
	c.used += uint32(size)
	c.live += uint32(size)
	l.live += int64(size)
	rec = l.bytesOf(c)[start:]
	rec[offSlack] = 0
	return rec, (l.tail-1)<<unitBits | start/unit, nil
}

// reserve makes sure that the tail has room for size bytes. The only chunk of a small table grows by a quarter; of a larger table
// a new one has an eighth of what there is.
func (l *log) reserve(size int, limited bool) error {
	var c *chunk
	if l.tail != 0 {
		if c = &l.chunks[l.tail-1]; int(c.used)+size <= int(c.size) {
			return nil
		}
	}
	if c != nil && int64(c.size) == l.small && int(c.used)+size <= growMax {
		return l.grow(c, max(int(c.used)+size, int(c.used)*5/4), limited)
	}
	if c == nil && l.live <= growMax {
		return l.open(max(size, int(l.live)), limited) // for all that a small table has, when it is moved together
	}
	return l.open(max(size, int(min(l.small/8, chunkMax)), slabMax), limited)
}

// tailRoom is what the tail has room for.
func (l *log) tailRoom() int {
	if l.tail == 0 {
		return 0
	}
	c := &l.chunks[l.tail-1]
	return int(c.size - c.used)
}

// open begins a new tail.
func (l *log) open(size int, limited bool) error {
	id, err := l.add(size, limited)
	if err != nil {
		return err
	}
	l.small += int64(l.chunks[id].size)
	l.tail = id + 1
	return nil
}

// grow moves a chunk to a larger block. References stay as they are.
func (l *log) grow(c *chunk, size int, limited bool) error {
	size = fit(min(size, growMax))
	block, err := l.arena.alloc(size, limited)
	if err != nil {
		return err
	}
	copy(l.arena.bytes(block, int(c.used)), l.bytesOf(c))
	l.arena.free(c.block, int(c.size))
	l.small += int64(size) - int64(c.size)
	c.block, c.size = block, uint32(size)
	return nil
}

// add makes a chunk and gives it a number.
func (l *log) add(size int, limited bool) (id uint32, err error) {
	if l.free == 0 && len(l.chunks) >= maxChunks {
		return 0, ErrFull
	}
	size = fit(size)
	block, err := l.arena.alloc(size, limited)
	if err != nil {
		return 0, err
	}
	c := chunk{block: block, size: uint32(size)}
	if l.free == 0 {
		l.chunks = append(l.chunks, c)
		return uint32(len(l.chunks) - 1), nil
	}
	id = l.free - 1
	l.free = l.chunks[id].block
	l.chunks[id] = c
	return id, nil
}

// forget gives a chunk back; its number may be used again.
func (l *log) forget(id uint32) {
	c := &l.chunks[id]
	l.arena.free(c.block, int(c.size))
	*c = chunk{gone: true, block: l.free}
	l.free = id + 1
	if l.tail == id+1 {
		l.tail = 0
	}
	if l.refill == id+1 {
		l.refill = 0
	}
}

// drop gives up a live record. Its bytes stay as they are until settle.
func (l *log) drop(ref uint32, rec []byte) {
	rec[offFlags] |= flagDead
	c := &l.chunks[ref>>unitBits]
	c.live -= uint32(len(rec))
	if !c.big {
		l.live -= int64(len(rec))
	}
	l.dropped, l.hasDropped = ref, true
}

// settle ends the life of what the last change has dropped: it is a hole from now on.
func (l *log) settle() {
	if !l.hasDropped {
		return
	}
	l.hasDropped = false
	id, at := l.dropped>>unitBits, l.dropped&(1<<unitBits-1)
	c := &l.chunks[id]
	if c.big {
		l.big -= c.size / pageSize
		l.forget(id)
		return
	}
	rec := l.at(l.dropped)
	if invariant.Enabled {
		at, _ := keyOf(rec)
		for i := at; i < len(rec); i++ {
			rec[i] = poison
		}
	}
	binary.LittleEndian.PutUint16(rec[offVersion:], c.hole)
	c.hole = uint16(at) + 1
}

// waste is the memory of small chunks that neither a record uses nor the next ones will.
func (l *log) waste() int64 {
	w := l.small - l.live
	if l.tail != 0 {
		c := &l.chunks[l.tail-1]
		w -= int64(c.size) - int64(c.used)
	}
	return w
}

// recycle frees a small chunk whose records are all dead or moved.
func (l *log) recycle(id uint32) {
	c := &l.chunks[id]
	l.small -= int64(c.size)
	l.live -= int64(c.live)
	l.forget(id)
}

// next returns the record at an offset of a chunk's bytes and the offset behind it.
func next(b []byte, at int) (rec []byte, dead bool, end int) {
	n := recordLen(b[at:])
	rec = b[at : at+n]
	return rec, rec[offFlags]&flagDead != 0, at + n
}

// bytes is all memory of the log.
func (l *log) bytes() int64 { return l.small + int64(l.big)*pageSize + int64(cap(l.chunks))*chunkCost }

// reset removes everything.
func (l *log) reset() {
	for i := range l.chunks {
		if c := &l.chunks[i]; !c.gone {
			l.arena.free(c.block, int(c.size))
		}
	}
	*l = log{arena: l.arena, limited: l.limited}
}
