package partition

// Prefetching is a fragment that can ask the memory for the entry of a key, so that an operation on it that comes soon does not wait
// for it.
type Prefetching interface {
	Prefetch(key []byte)
}

// Prefetch says that an operation on a key of a structure will come soon. Whoever has several requests at hand calls it for
// all of them before the first is submitted: what they would wait for, one after the other, is then on its way together. It does nothing
// where the partition is busy.
func (g *Grid) Prefetch(id ID, kind Kind, name, key []byte) {
	if id < 0 || int(id) >= len(g.parts) || kind >= Kinds {
		return
	}
	p := &g.parts[id]
	if !p.mu.TryLock() {
		return
	}
	if f, ok := p.fragments[kind][string(name)].(Prefetching); ok {
		f.Prefetch(key)
	}
	p.unlock()
}
