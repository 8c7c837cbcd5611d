package bench

// A kind is what an operation asks for.
type kind uint8

const (
	kindGet kind = iota
	kindSet
	kindPutAll
	kindGetAll
	kindLock
	kindUnlock

	kinds = int(kindUnlock) + 1 // how many there are
)

// String returns the name that reports use.
func (k kind) String() string {
	return [kinds]string{"get", "set", "putall", "getall", "lock", "unlock"}[k]
}

// A slot is the place of one operation in flight.
type slot struct {
	kind kind
	busy bool
	// at is when the operation should have begun, by the run's clock.
	at int64
	// keys are the numbers of the keys, one or as many as a batch has; the room is the slot's for ever.
	keys []uint32
	// partition is that of the keys, -1 if the source did not need to know.
	partition int32
	// serial tells this operation from the one that had the slot before.
	serial uint32
	// repeats is how often it was refused and sent again.
	repeats int
}

// A verdict is what an answer means for its operation.
type verdict uint8

const (
	done    verdict = iota
	refused         // the server promises that nothing was done and asks to send it again
	failed
)

// An answer is one that was cut off the input.
type answer struct {
	size    int // bytes; 0 if the input has no whole answer
	slot    int
	verdict verdict
	misses  int    // keys that were read and are not there
	reason  string // of failed and refused: few different ones
}

// A dialect is a protocol on one connection. Its methods run on one goroutine at a time and allocate nothing, but for
// failures.
type dialect interface {
	// append appends the request of the operation in a slot to dst.
	append(dst []byte, number int, s *slot) []byte
	// cut takes the first answer off in; the slots tell what was asked. An error means that the stream cannot be followed.
	cut(in []byte, slots []slot) (answer, error)
}

// A fifo remembers in which order slots were asked, for protocols that answer in order.
type fifo struct {
	ring       []int32
	head, size int
}

func newFIFO(depth int) fifo { return fifo{ring: make([]int32, depth)} }

func (f *fifo) push(slot int) {
	at := f.head + f.size
	if at >= len(f.ring) {
		at -= len(f.ring)
	}
	f.ring[at] = int32(slot)
	f.size++
}

// first returns the slot that is answered next, -1 if none is out.
func (f *fifo) first() int {
	if f.size == 0 {
		return -1
	}
	return int(f.ring[f.head])
}

func (f *fifo) pop() {
	f.size--
	if f.head++; f.head == len(f.ring) {
		f.head = 0
	}
}
