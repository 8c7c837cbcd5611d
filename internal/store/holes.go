package store

import (
	"encoding/binary"
	"math"
)

// Records in the places of others that are gone.

// fill makes room for a record in a hole, where there is much waste and one that fits.
func (l *log) fill(size int) (rec []byte, ref uint32) {
	if l.refill == 0 && !l.findHoles() {
		return nil, 0
	}
	id := l.refill - 1
	c := &l.chunks[id]
	before := []byte(nil)
	for hole, tried := c.hole, 0; hole != 0 && tried < holesTried; tried++ {
		ref = id<<unitBits | uint32(hole-1)
		rec = l.at(ref)
		next := binary.LittleEndian.Uint16(rec[offVersion:])
		if len(rec) < size || !fits(size, len(rec)) {
			before, hole = rec, next
			continue
		}
		if before == nil {
			c.hole = next
		} else {
			binary.LittleEndian.PutUint16(before[offVersion:], next)
		}
		c.live += uint32(len(rec))
		l.live += int64(len(rec))
		rec[offSlack] = byte((len(rec) - size) / unit)
		return rec, ref
	}
	// Holes that fit nobody are left to compaction, and more must come before others are looked for.
	if c.hole != 0 {
		c.hole = 0
		l.patience = l.waste() + l.small/64
	}
	l.refill = 0
	return nil, 0
}

// fits tells whether a record may stand where there is more room than it needs: not more than an eighth, and what slack can say.
func fits(size, room int) bool { return room-size <= room/8 && room-size <= math.MaxUint8*unit }

// findHoles chooses the chunk with the most waste that has holes, if there is much waste, or little memory.
func (l *log) findHoles() bool {
	waste := l.waste()
	l.patience = max(min(l.patience, waste+l.small/64), l.small/16)
	if l.arena.Tight() {
		l.patience = 1
	}
	if waste < min(wasteMin, l.patience) || waste < l.patience {
		return false
	}
	id, found := l.emptiest(true)
	if !found {
		l.patience = waste + l.small/64
		return false
	}
	l.refill, l.patience = id+1, 0
	return true
}

// emptiest returns the chunk of which the least is live, as a share of its size; with holes only among those that have some.
func (l *log) emptiest(holes bool) (id uint32, found bool) {
	var best float64
	for i := range l.chunks {
		c := &l.chunks[i]
		if c.gone || c.big || holes && c.hole == 0 {
			continue
		}
		end := c.size
		if l.tail == uint32(i)+1 {
			end = c.used
		}
		if dead := float64(end-c.live) / float64(c.size); dead > best {
			best, id, found = dead, uint32(i), true
		}
	}
	return id, found
}
