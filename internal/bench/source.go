package bench

import (
	"math/rand/v2"
	"sync/atomic"
)

// A source says what a connection does next.
type source interface {
	// next gives the slot its kind and keys; false when there is nothing left to do.
	next(s *slot) bool
}

// A placer narrows the keys of a connection down to those that its member owns. The zero value takes all keys.
type placer struct {
	table *owners // nil for all keys
	me    int32   // the member, by its place in the table's list
	keys  *keyFormat
}

// maxDraws is how often a placer draws before it takes a key of another member, which then passes it on: a member that
// owns one partition of 271 is found with 99.9 %.
const maxDraws = 2_000

// draw returns a key of the member, and its partition (-1 without a table).
func (p *placer) draw(d drawer) (key uint32, partition int32) {
	key = d.draw()
	if p.table == nil {
		return key, -1
	}
	partition = p.keys.partition(key)
	owner := p.table.load()
	for range maxDraws {
		if owner[partition] == p.me {
			break
		}
		key = d.draw()
		partition = p.keys.partition(key)
	}
	return key, partition
}

// single is the source of get, set, mixed and lock.
type single struct {
	placer placer
	drawer drawer
	first  kind
	// With reads set, an operation is a get with a probability of reads/2^32, else a set.
	mixed bool
	reads uint64
	rng   *rand.Rand
}

func newSingle(o *Options, number int, p placer) *single {
	return &single{
		placer: p, drawer: o.newDrawer(number), first: o.kinds()[0],
		mixed: o.Workload == Mixed, reads: uint64(o.ReadRatio * (1 << 32)), rng: rand.New(rand.NewPCG(o.Seed, ^uint64(number))),
	}
}

func (s *single) next(into *slot) bool {
	into.kind = s.first
	if s.mixed && uint64(s.rng.Uint32()) >= s.reads {
		into.kind = kindSet
	}
	key, partition := s.placer.draw(s.drawer)
	into.keys, into.partition = append(into.keys[:0], key), partition
	return true
}

// batches is the source of putall and getall: a batch begins with a key that is drawn and goes on with those that
// follow it, among all keys or, where there are partitions, among those of its partition.
type batches struct {
	placer placer
	drawer drawer
	kind   kind
	size   int
	total  int64
	lists  *partitions // nil without partitions
}

func (b *batches) next(into *slot) bool {
	into.kind = b.kind
	key, partition := b.placer.draw(b.drawer)
	into.keys, into.partition = into.keys[:0], -1
	if b.lists == nil {
		into.keys = run(into.keys, int64(key), b.size, b.total)
		return true
	}
	if partition < 0 { // nobody asked which one: all keys are taken
		partition = b.lists.format.partition(key)
	}
	into.partition = partition
	list := b.lists.of(partition)
	into.keys = runOf(list, into.keys, int(b.lists.rank[key]), b.size)
	return true
}

// run appends n key numbers from first up, of total in a circle.
func run(keys []uint32, first int64, n int, total int64) []uint32 {
	for i := range int64(n) {
		keys = append(keys, uint32((first+i)%total))
	}
	return keys
}

// partitions lists the keys by partition: 8 bytes a key, for fills and batches only.
type partitions struct {
	format *keyFormat
	keys   []uint32 // those of partition 0, then those of 1, …
	from   []uint32 // where those of a partition begin in keys; one more at the end
	rank   []uint32 // of a key: its place in its partition's list
}

// newPartitions sorts all keys into partitions by counting.
func newPartitions(f *keyFormat, total int64) *partitions {
	p := &partitions{
		format: f, keys: make([]uint32, total), rank: make([]uint32, total), from: make([]uint32, f.partitions+1),
	}
	of := make([]uint16, total) // a cluster has at most 2^16 partitions: decoding refused more
	sizes := make([]uint32, f.partitions)
	for key := range uint32(total) {
		at := f.partition(key)
		of[key] = uint16(at)
		p.rank[key] = sizes[at]
		sizes[at]++
	}
	for i, size := range sizes {
		p.from[i+1] = p.from[i] + size
	}
	for key := range uint32(total) {
		p.keys[p.from[of[key]]+p.rank[key]] = key
	}
	return p
}

// of returns the keys of a partition.
func (p *partitions) of(partition int32) []uint32 {
	return p.keys[p.from[partition]:p.from[partition+1]]
}

// runOf appends n keys of a list, in a circle, from place at.
func runOf(list, keys []uint32, at, n int) []uint32 {
	for range n {
		keys = append(keys, list[at])
		if at++; at == len(list) {
			at = 0
		}
	}
	return keys
}

// A filling is the work of writing all keys once, shared by the connections that do it. Its last batch of a partition
// goes round and writes the first keys again: messages of one size are templates.
type filling struct {
	kind   kind
	size   int // keys in a message
	total  int64
	lists  *partitions // nil without partitions: then batches are runs of key numbers
	chunks []chunk     // with partitions
	next   atomic.Int64
}

// chunk is a batch of a partition.
type chunk struct {
	partition int32
	at        uint32
}

// newFilling returns the work for the keys of those partitions that mine accepts.
func newFilling(k kind, size int, total int64, lists *partitions, mine func(partition int32) bool) *filling {
	f := &filling{kind: k, size: size, total: total, lists: lists}
	if lists == nil {
		return f
	}
	for partition := range lists.format.partitions {
		if !mine(partition) {
			continue
		}
		for at := 0; at < len(lists.of(partition)); at += f.size {
			f.chunks = append(f.chunks, chunk{partition, uint32(at)})
		}
	}
	return f
}

// filler is the source of a connection that fills.
type filler struct{ *filling }

func (f filler) next(into *slot) bool {
	n := f.filling.next.Add(1) - 1
	into.kind, into.keys, into.partition = f.kind, into.keys[:0], -1
	switch {
	case f.lists == nil:
		first := n * int64(f.size)
		if first >= f.total {
			return false
		}
		into.keys = run(into.keys, first, f.size, f.total)
	case n >= int64(len(f.chunks)):
		return false
	default:
		c := f.chunks[n]
		into.partition = c.partition
		into.keys = runOf(f.lists.of(c.partition), into.keys, int(c.at), f.size)
	}
	return true
}

// fillBatch is the number of entries in a message of the fill: about 64 KiB, which keeps a member busy with the entries
// and not with the messages.
func (o *Options) fillBatch() int {
	return max(1, min(500, 64<<10/(o.KeySize+o.ValueSize+64)))
}
