package replica

// Tail limits: what a replica keeps of its recent effects to level others
// without a transfer. 64 KiB a partition is 17 MiB for 271 of them when all are
// full, and a few thousand small writes: seconds of a broken connection.
const (
	tailBytes   = 64 << 10
	tailEntries = 4096
)

// entry is one effect of the tail; its number is its place.
type entry struct {
	epoch uint64
	end   int // in buf
}

// tail is the recent part of the sequence. first is the number of entries[0];
// the effect before it has number first-1 and was made in baseEpoch.
type tail struct {
	first     uint64
	baseEpoch uint64
	entries   []entry
	buf       []byte
}

func (t *tail) reset(seq, epoch uint64) {
	t.first, t.baseEpoch = seq+1, epoch
	t.entries, t.buf = t.entries[:0], t.buf[:0]
}

func (t *tail) append(epoch uint64, effect []byte) {
	t.buf = append(t.buf, effect...)
	t.entries = append(t.entries, entry{epoch: epoch, end: len(t.buf)})
	if len(t.buf) > 2*tailBytes || len(t.entries) > 2*tailEntries {
		t.trim()
	}
}

// trim drops the oldest effects until half the room is free, and moves the rest to the front.
func (t *tail) trim() {
	n := 0
	for n < len(t.entries) && (len(t.buf)-t.entries[n].end > tailBytes || len(t.entries)-n > tailEntries) {
		n++
	}
	if n == 0 {
		return
	}
	cut := t.entries[n-1].end
	t.baseEpoch = t.entries[n-1].epoch
	t.first += uint64(n)
	t.buf = t.buf[:copy(t.buf, t.buf[cut:])]
	t.entries = t.entries[:copy(t.entries, t.entries[n:])]
	for i := range t.entries {
		t.entries[i].end -= cut
	}
	if cap(t.buf) > 8*tailBytes { // one huge effect must not keep its room for ever
		t.buf = append(make([]byte, 0, 2*tailBytes), t.buf...)
	}
}

// reaches tells whether the history up to (seq, epoch) is a prefix of this
// one and everything after it is in the tail.
func (t *tail) reaches(seq, epoch uint64) bool {
	switch {
	case seq+1 < t.first || seq+1 > t.first+uint64(len(t.entries)):
		return false
	case seq+1 == t.first:
		return epoch == t.baseEpoch
	default:
		return t.entries[seq-t.first].epoch == epoch
	}
}

// at returns the effect with that number, which must be in the tail.
func (t *tail) at(seq uint64) (epoch uint64, effect []byte) {
	i := int(seq - t.first)
	start := 0
	if i > 0 {
		start = t.entries[i-1].end
	}
	return t.entries[i].epoch, t.buf[start:t.entries[i].end]
}
