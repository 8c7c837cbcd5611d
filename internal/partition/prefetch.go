package partition

// PrefetchSteps is how many waits for memory are one behind the other in a look-up: the index, then the record.
const PrefetchSteps = 2

// Prefetching is a fragment that can ask the memory for the entry of a key, so that an operation on it that comes soon does not wait
// for it: in steps from 0 to PrefetchSteps-1.
type Prefetching interface {
	Prefetch(key []byte, step int)
}

// Prefetch says that an operation on a key of a structure will come soon. Whoever has several requests at hand calls it for
// all of them, step by step, before the first is submitted: what they would wait for, one after the other, is then on its way together. (In
// one step the waits for the index would not overlap: nothing behind the partition's lock begins before it is taken.) It does nothing
// where the partition is busy.
func (g *Grid) Prefetch(id ID, kind Kind, name, key []byte, step int) {
	if id < 0 || int(id) >= len(g.parts) || kind >= Kinds {
		return
	}
	p := &g.parts[id]
	if !p.mu.TryLock() {
		return
	}
	if f, ok := p.find(kind, name).(Prefetching); ok {
		f.Prefetch(key, step)
	}
	p.unlock()
}
