package gateway

import (
	"math"

	"github.com/filbertgrid/filbert/internal/wire"
)

// A step of a listing is the client's message, with two fields that mean something else. The correlation id is the cursor: where to go
// on, 0 at the beginning; the answer's is that of the next step, 0 at the end. The partition, which the envelope tells, is how much the
// answer may bring; members of 0.1 do not look at it, and bring what they always did.

// stepBytes is what a step brings at most: copying that much takes well under 200 µs.
const stepBytes = 128 << 10

// alone is the room of a step that brings at least one entry, however large.
const alone = 0

// setStep makes a step of a message.
func setStep(m wire.Message, cursor int64, room int) {
	m.SetCorrelationID(cursor)
	if room == alone {
		m.SetPartitionID(math.MinInt32)
		return
	}
	m.SetPartitionID(int32(-1 - room))
}

// stepOf returns how many bytes the answer to a step may bring, and whether it may be nothing: then the next entry is larger.
// A message of a client, or of a member of 0.1, has no such field and is no step.
func stepOf(m wire.Message) (room int, strict, is bool) {
	switch id := m.PartitionID(); {
	case id == math.MinInt32:
		return stepBytes, false, true
	case id < -1:
		return min(int(-1-id), stepBytes), true, true
	}
	return stepBytes, false, false
}

// page is the items of a step.
type page struct {
	dst   []byte
	begin int
	// room is what there is for items. Unless strict, the last of them may be larger.
	room   int
	strict bool
	// hash is that of the last entry, and at where the first item of that hash begins: entries of one hash go together.
	hash uint32
	at   int
	// full: entries of that hash found no room.
	full bool
}

// add adds an entry, and tells whether more may come.
func (p *page) add(hash uint32, show int, key, value []byte) bool {
	if p.full {
		return false
	}
	if hash != p.hash || len(p.dst) == p.begin {
		p.hash, p.at = hash, len(p.dst)
	}
	p.dst = appendItem(p.dst, key, value, show)
	if len(p.dst)-p.begin < p.room {
		return true
	}
	if p.strict && len(p.dst)-p.begin > p.room && hash > 0 { // the cursor 0 is the end's
		p.dst, p.full = p.dst[:p.at], true
	}
	return false
}

// next is the cursor of the next step, by that which the scan has returned.
func (p *page) next(cursor uint64, done bool) int64 {
	switch {
	case p.full:
		return int64(p.hash)
	case done:
		return 0
	}
	return int64(cursor)
}

// sizeOf is what an item of a length takes in an answer.
func sizeOf(n int) int { return wire.FrameHeaderSize + n }
