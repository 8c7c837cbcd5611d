package link

import "time"

// Limits bound what a hub holds for its peers and for strangers. The zero value
// of a field takes its default.
type Limits struct {
	// Buffers is how many bytes each lane keeps for a peer that does not read:
	// waiting and being written, 4 bytes of length for each frame included. A
	// frame may fill a buffer, so this also limits what a peer accepts as a frame.
	//
	// Control 16 MiB: the largest are the partition table and the cluster
	// document with its schemas. Effects and forward 64 MiB: one value of the
	// largest size that a client may put. Bulk 16 MiB: chunks are bounded, more
	// than a few in flight win nothing.
	Buffers [Lanes]int
	// Handshake is how long dialling and the handshake may take: 5 s, well over
	// a round trip around the world, well under a heartbeat timeout.
	Handshake time.Duration
	// Flush is how long a closing connection may take to write what was sent
	// before, such as a goodbye: 1 s, since whoever stops waits for it.
	Flush time.Duration
	// Answer is how long an incoming request of Ask waits for its reply: 30 s.
	Answer time.Duration
	// Handshakes is how many incoming connections may be between their first
	// byte and the end of their handshake, or wait for the reply to their
	// request: 1024, four lanes and some questions of 200 members that start at once.
	Handshakes int
	// Request and Reply bound the bodies of Ask: 1 MiB for what a stranger may
	// send, 16 MiB for what a joiner is given (list, table and document).
	Request, Reply int
}

const (
	kib = 1 << 10
	mib = 1 << 20

	// handshakeFrame bounds hello and refusal: the cluster name is the only
	// field whose length people choose.
	handshakeFrame = 16 * kib
	// frameHeader is the length before every frame.
	frameHeader = 4
	// readBuffer is where a lane's read buffer starts: batches of this size make
	// system calls rare, and idle lanes cheap.
	readBuffer = 64 * kib
	// keepBuffer is what an idle lane may keep of a buffer that has grown.
	keepBuffer = mib
)

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	buffers := [Lanes]int{Control: 16 * mib, Effects: 64 * mib, Forward: 64 * mib, Bulk: 16 * mib}
	for lane, size := range buffers {
		l.Buffers[lane] = orDefault(l.Buffers[lane], size)
	}
	l.Handshake = orDefault(l.Handshake, 5*time.Second)
	l.Flush = orDefault(l.Flush, time.Second)
	l.Answer = orDefault(l.Answer, 30*time.Second)
	l.Handshakes = orDefault(l.Handshakes, 1024)
	l.Request = orDefault(l.Request, mib)
	l.Reply = orDefault(l.Reply, 16*mib)
	return l
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}
