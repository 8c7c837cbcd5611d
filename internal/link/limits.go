package link

import "time"

// Limits bound what a hub holds for its peers and for strangers. The zero value
// of a field takes its default.
type Limits struct {
	// Buffers is when a lane is full that its peer does not read: so many bytes
	// wait or are being written, 4 of length for each frame included. One that is
	// not full takes a frame whole, so that who has asked for Room need not know
	// how large its next frame gets.
	//
	// Control and bulk 16 MiB: tables and documents are the largest of the one,
	// chunks on their way are bounded by the other's protocol. Effects and forward
	// 64 MiB: a second of a fast network.
	Buffers [Lanes]int
	// Frames is the largest frame of each lane. Control 16 MiB: a cluster document
	// with all its schemas. The others 65 MiB: the largest message of a client
	// (64 MiB and 64 KiB) in its envelope, and what may come of it.
	Frames [Lanes]int
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

// FrameHeader is how many bytes of length stand before every frame.
const FrameHeader = 4

const (
	kib = 1 << 10
	mib = 1 << 20

	// handshakeFrame bounds hello and refusal: the cluster name is the only
	// field whose length people choose.
	handshakeFrame = 16 * kib
	// readBuffer is where a lane's read buffer starts: batches of this size make
	// system calls rare, and idle lanes cheap.
	readBuffer = 64 * kib
	// keepBuffer is what an idle lane may keep of a buffer that has grown.
	keepBuffer = mib
)

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	buffers := [Lanes]int{Control: 16 * mib, Effects: 64 * mib, Forward: 64 * mib, Bulk: 16 * mib}
	frames := [Lanes]int{Control: 16 * mib, Effects: 65 * mib, Forward: 65 * mib, Bulk: 65 * mib}
	for lane := range Lanes {
		l.Buffers[lane] = orDefault(l.Buffers[lane], buffers[lane])
		l.Frames[lane] = orDefault(l.Frames[lane], frames[lane])
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
