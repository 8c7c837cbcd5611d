package store

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/filbertgrid/filbert/internal/invariant"
)

// ErrFull is returned by Insert and Overwrite when no reference is left for
// another record: 32 GiB in small records, or half a million big ones.
var ErrFull = errors.New("store: table is full")

const (
	// chunkMin is the first chunk of a table: 271 partitions of a map with a
	// few entries each must not cost a megabyte.
	chunkMin = 256
	// chunkMax is what 13 bits of a reference address in units; to empty such a chunk takes some 50 µs.
	chunkMax = 1 << 13 * unit
	// bigRecord is the size from which a record has a chunk of its own, so that
	// the end of a chunk into which no record fits is at most an eighth of it.
	bigRecord = chunkMax / 8
	// wasteMin is the waste that is not worth moving records for.
	wasteMin = 512

	unitBits  = 13
	maxChunks = 1 << (32 - unitBits)

	poison = 0xDB
)

// chunk is a piece of the log. Records stand from its beginning to used; live
// of these bytes belong to records that are not dead.
type chunk struct {
	buf        []byte
	used, live uint32
	// big is a chunk of a single record, which is not compacted.
	big bool
}

// chunkCost is the memory of a chunk beside its buffer.
const chunkCost = 40

// log is the memory of a table's records. A reference is the number of a chunk
// and the unit in it where the record begins.
type log struct {
	chunks []chunk
	// free are the numbers of chunks that are gone.
	free []uint32
	// tail is the number, plus one, of the chunk that records are appended to; 0 if there is none.
	tail uint32
	// spare is a chunk's buffer kept for the next one, so that a table that only rewrites itself allocates nothing.
	spare []byte
	// small and big are the memory of the chunks of either kind, live what live records take of small.
	small, big, live int64
	// condemned are buffers to be poisoned before the next change; only with invariants.
	condemned [][]byte
}

// at returns the record of a reference.
func (l *log) at(ref uint32) []byte {
	b := l.chunks[ref>>unitBits].buf[ref&(1<<unitBits-1)*unit:]
	n := recordLen(b)
	return b[:n:n]
}

// alloc makes room for a record of size bytes at the end of the log. The room is not cleared.
func (l *log) alloc(size int) (Entry, error) {
	if size > bigRecord {
		id, err := l.add(make([]byte, size))
		if err != nil {
			return Entry{}, err
		}
		c := &l.chunks[id]
		c.used, c.live, c.big = uint32(size), uint32(size), true
		l.big += int64(size)
		return Entry{rec: c.buf, ref: id << unitBits}, nil
	}
	if l.tail == 0 || int(l.chunks[l.tail-1].used)+size > len(l.chunks[l.tail-1].buf) {
		id, err := l.add(l.buffer(size))
		if err != nil {
			return Entry{}, err
		}
		l.small += int64(len(l.chunks[id].buf))
		l.tail = id + 1
	}
	c := &l.chunks[l.tail-1]
	start := c.used
	end := start + uint32(size)
	c.used = end
	c.live += uint32(size)
	l.live += int64(size)
	return Entry{rec: c.buf[start:end:end], ref: (l.tail-1)<<unitBits | start/unit}, nil
}

// add gives a buffer a number.
func (l *log) add(buf []byte) (id uint32, err error) {
	if n := len(l.free); n > 0 {
		id = l.free[n-1]
		l.free = l.free[:n-1]
		l.chunks[id] = chunk{buf: buf}
		return id, nil
	}
	if len(l.chunks) >= maxChunks {
		return 0, ErrFull
	}
	l.chunks = append(l.chunks, chunk{buf: buf})
	return uint32(len(l.chunks) - 1), nil
}

// buffer returns the buffer of a new chunk: between a quarter and an eighth of what there is, a power of two.
func (l *log) buffer(size int) []byte {
	want := 1 << bits.Len64(uint64(l.small)/8)
	want = min(max(want, chunkMin), chunkMax)
	for want < size {
		want *= 2
	}
	if n := len(l.spare); n >= size && n >= want/2 && n <= want*2 {
		buf := l.spare
		l.spare = nil
		return buf
	}
	return make([]byte, want)
}

// drop gives up a live record. Its bytes stay as they are until settle.
func (l *log) drop(e Entry) {
	e.rec[offFlags] |= flagDead
	c := &l.chunks[e.ref>>unitBits]
	c.live -= uint32(len(e.rec))
	if invariant.Enabled {
		l.condemned = append(l.condemned, e.rec[headerSize:])
	}
	if !c.big {
		l.live -= int64(len(e.rec))
		return
	}
	l.big -= int64(len(c.buf))
	l.forget(e.ref >> unitBits)
}

// forget takes a chunk off the list; its number may be used again.
func (l *log) forget(id uint32) {
	l.chunks[id] = chunk{}
	l.free = append(l.free, id)
	if l.tail == id+1 {
		l.tail = 0
	}
}

// waste is the memory of small chunks that neither a record uses nor the next ones will.
func (l *log) waste() int64 {
	w := l.small - l.live
	if l.tail != 0 {
		c := &l.chunks[l.tail-1]
		w -= int64(len(c.buf)) - int64(c.used)
	}
	return w
}

// emptiest returns the chunk of which the least is live, as a share of its size.
func (l *log) emptiest() (id uint32, found bool) {
	var best float64
	for i := range l.chunks {
		c := &l.chunks[i]
		if c.buf == nil || c.big {
			continue
		}
		end := uint32(len(c.buf))
		if l.tail == uint32(i)+1 {
			end = c.used
		}
		if dead := float64(end-c.live) / float64(len(c.buf)); dead > best {
			best, id, found = dead, uint32(i), true
		}
	}
	return id, found
}

// recycle frees a small chunk whose records are all dead or moved.
func (l *log) recycle(id uint32) {
	buf := l.chunks[id].buf
	l.small -= int64(len(buf))
	l.live -= int64(l.chunks[id].live)
	l.forget(id)
	if invariant.Enabled {
		for i := range buf {
			buf[i] = poison
		}
	}
	// Not more than half of what there is, beyond 1 KiB, lies idle.
	if int64(len(buf)) > max(l.small/2, 4*chunkMin) {
		buf = nil
	}
	if len(buf) > len(l.spare) || int64(len(l.spare)) > max(l.small/2, 4*chunkMin) {
		l.spare = buf
	}
}

// settle poisons what earlier changes have freed.
func (l *log) settle() {
	for _, b := range l.condemned {
		for i := range b {
			b[i] = poison
		}
	}
	clear(l.condemned)
	l.condemned = l.condemned[:0]
}

// next returns the record at an offset of a chunk and the offset behind it.
func (c *chunk) next(at uint32) (rec []byte, dead bool, end uint32) {
	n := recordLen(c.buf[at:])
	rec = c.buf[at : int(at)+n]
	return rec, rec[offFlags]&flagDead != 0, at + uint32(n)
}

// bytes is all memory of the log.
func (l *log) bytes() int64 {
	return l.small + l.big + int64(len(l.spare)) + int64(cap(l.chunks))*chunkCost + int64(cap(l.free))*4
}

func recordHash(rec []byte) uint32 { return binary.LittleEndian.Uint32(rec) }
