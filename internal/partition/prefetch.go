package partition

// A Look is the look-up of an operation that will come soon, on its way. In a large map a look-up waits for memory twice, for the index and
// then for the record. Whoever has several requests at hand begins the look-ups of all of them before the first runs: what they
// would wait for, one after the other, is then on its way together.
//
// Between Look and Arrive the partition's lock is held, so there must be few others in between, and nothing that waits: with some in
// between, what the first step asks for has come when the second reads it. (Both steps for one key, then both for the next, would overlap
// nothing of the first: behind a lock the processor begins nothing before the lock is taken.)
type Look struct {
	p *Partition
	f Fragment
}

// Look begins the look-up of a key in a structure by the key's hash. Nothing comes of it where the partition is busy, also with another look
// of the same caller.
func (g *Grid) Look(id ID, kind Kind, name []byte, hash uint32) Look {
	if id < 0 || int(id) >= len(g.parts) || kind >= Kinds {
		return Look{}
	}
	p := &g.parts[id]
	if !p.mu.TryLock() {
		return Look{}
	}
	f := p.find(kind, name)
	if f == nil {
		p.unlock()
		return Look{}
	}
	f.Prefetch(hash, 0)
	return Look{p, f}
}

// Arrive takes the second step. It must be called once for each Look.
func (l *Look) Arrive(hash uint32) {
	if l.p != nil {
		l.f.Prefetch(hash, 1)
		l.p.unlock()
	}
}
