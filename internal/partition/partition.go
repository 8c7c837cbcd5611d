// Package partition runs operations on partitions: it is where one write
// happens (see ARCHITECTURE.md, "The way of one write").
//
// A partition has a lock, and whoever holds it runs operations: the goroutine
// that read the request when the lock was free, otherwise the holder, which
// empties the inbox before it unlocks. An operation (Tx) changes fragments of
// structures and commits effects; effects go to the backups inside the same
// critical section; answers and events that show unacknowledged effects are held
// and released by the acknowledgements (package replica has the rules).
//
// A request that finds the partition elsewhere is handed back (Answerer.Reroute).
// One that finds it nowhere, in a hand-over, or without room to a slow backup
// stalls until that has changed. One that waits for something of its structure
// (a held lock) parks. All three queues are bounded.
//
// Backups are compared with their primaries in the background (compare.go), and copied anew when they differ.
//
// The package starts no goroutine and reads no clock, so the simulator runs it as it is.
package partition

import (
	"sync"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/replica"
)

// Partition is one partition on one member. What every request reads or writes stands at the beginning, in as few lines of
// memory as it takes: requests are for one partition after another, and a member's partitions are more than the nearest cache holds.
type Partition struct {
	// mu guards everything but id, grid and in. Order of locks: partition, then inbox, link
	// buffer or session output; never two partitions, but for those that Look has found free.
	mu     sync.Mutex
	grid   *Grid
	id     ID
	stalls bool // a primary that must not run now: hand-over under way, or refused by a backup
	// levelling: the coordinator waits for the report that the backups in sync are level.
	levelling bool
	// ackDue: an acknowledgement is owed; ackListed: Grid.Idle will see to it when it is called for that peer, which
	// it is not when the peer is gone.
	ackDue bool
	// latest is the time of the last operation.
	latest int64
	// last is the fragment that was looked up last: most requests are for one map, as the one before was.
	last struct {
		fragment Fragment
		name     string
		kind     Kind
	}
	in      inbox
	stalled queue
	ready   []Request // woken, to run before the lock is given back
	events  []byte
	rep     replica.Replica

	uuid cluster.UUID
	// primary is the installed assignment's, for rerouting.
	primary   cluster.MemberID
	fragments [Kinds]map[string]Fragment
	// sorted are the names of the fragments of each kind, in order, nil when they have changed. Who has got them keeps them as they were.
	sorted [Kinds][]string
	// ticked is which of them has had a tick last.
	ticked [Kinds]int

	// held are the answers and events that wait for acknowledgements, by the backup-count of their structure: those of one
	// structure come in order, and do not wait for another that waits for more.
	held    [cluster.MaxBackups + 1]held
	parks   []parked
	handing handing
	// told is when the coordinator was last told of a backup that gets no further, in ms of cluster time.
	told int64
	// receiving is the transfer that this backup is getting.
	receiving *receiving
	sending   []sending
	// old is the number up to which effects are no writes of late (Recalling), by the word of the primary; 0 where it is not known.
	old       uint64
	asked     int64 // when this backup last told its position; 0 when the stream is established
	ackListed cluster.MemberID

	tx     Tx // of requests that bring none
	reply  []byte
	effect []byte
	out    []byte
	kept   []byte
}

// find returns the fragment of a structure, or nil.
func (p *Partition) find(kind Kind, name []byte) Fragment {
	if p.last.fragment != nil && p.last.kind == kind && p.last.name == string(name) {
		return p.last.fragment
	}
	f := p.fragments[kind][string(name)]
	if f != nil {
		p.last.kind, p.last.name, p.last.fragment = kind, f.Name(), f
	}
	return f
}

func (p *Partition) open(kind Kind, name []byte) Fragment {
	f := p.find(kind, name)
	if f == nil {
		f = p.grid.structures[kind].NewFragment(p.id, string(name))
		f.SetPrimary(p.rep.Role == replica.Primary, p.grid.now())
		if p.fragments[kind] == nil {
			p.fragments[kind] = map[string]Fragment{}
		}
		p.sorted[kind] = nil
		p.fragments[kind][f.Name()] = f // its own name: of many small maps, each name is kept once
	}
	return f
}

// scratchKept is how large the partition's scratch buffers may stay between two ticks: enough for usual values, while
// one large value must not hold its size in every partition for ever.
const scratchKept = 256 << 10

func (p *Partition) shrink() {
	for _, b := range []*[]byte{&p.reply, &p.effect, &p.out, &p.events, &p.kept} {
		if cap(*b) > scratchKept {
			*b = nil
		}
	}
	for i := range p.held {
		if h := &p.held[i]; h.len() == 0 && cap(h.bytes) > scratchKept {
			*h = held{}
		}
	}
}

func (p *Partition) drop(kind Kind, name []byte) {
	if f := p.fragments[kind][string(name)]; f != nil {
		p.sorted[kind] = nil
		delete(p.fragments[kind], string(name))
		p.last.fragment = nil
		f.Release()
	}
}

func (p *Partition) clear() {
	p.old = 0
	for kind := range p.fragments {
		for _, name := range p.names(Kind(kind)) {
			p.drop(Kind(kind), []byte(name))
		}
	}
}

// unlock runs what was woken or has arrived meanwhile, then gives the lock back. Whoever
// adds to the inbox and finds the lock taken relies on this loop: the holder looks
// once more after it has unlocked.
func (p *Partition) unlock() {
	for {
		p.drain()
		p.mu.Unlock()
		if p.in.n.Load() == 0 || !p.mu.TryLock() {
			return
		}
	}
}

func (p *Partition) drain() {
	for {
		switch {
		case len(p.ready) > 0:
			r := p.ready[0]
			p.ready = p.ready[1:]
			p.run(&r, true, false)
		case p.in.n.Load() > 0:
			for _, r := range p.in.take() {
				p.run(&r, false, false)
			}
		default:
			p.ready = nil
			return
		}
	}
}

// run executes a request under the lock, or queues it, or hands it back.
func (p *Partition) run(r *Request, resumed, expired bool) {
	answer, answered := p.execute(&p.tx, r, p.reply[:0], resumed, expired)
	p.reply = answer
	if answered {
		r.Answerer.Answer(r, answer)
		p.tell()
	}
}

// execute is run for a caller that delivers the answer: what was appended to dst, if the second result is true. The caller calls
// tell afterwards. tx is work space.
func (p *Partition) execute(tx *Tx, r *Request, dst []byte, resumed, expired bool) ([]byte, bool) {
	primary := p.rep.Role == replica.Primary
	switch {
	case !primary && r.OnBackup && p.rep.Role == replica.Backup && p.rep.Established && p.receiving == nil:
	case !primary && p.primary.IsZero(), !primary && p.grid.version() < r.Table,
		primary && p.stalls, primary && !p.room(),
		primary && !resumed && len(p.stalled.items) > 0: // whoever came first runs first
		r.keep()
		p.stall(r)
		return dst, false
	case !primary:
		r.keep()
		r.Answerer.Reroute(r)
		return dst, false
	}
	*tx = Tx{p: p, req: r, Reply: dst, start: len(dst), Now: p.time(r), Primary: primary, Resumed: resumed, Expired: expired}
	r.Runner.Run(tx, r)
	return tx.Reply, p.finish(tx)
}

// time is the cluster time at which a request runs. The partition's never steps back, although callers look at the clock at different times.
func (p *Partition) time(r *Request) int64 {
	now := r.Now
	if now == 0 {
		now = p.grid.now()
	}
	p.latest = max(p.latest, now)
	return p.latest
}

// finish tells whether an operation's answer and events may be delivered, or holds both.
func (p *Partition) finish(tx *Tx) (deliver bool) {
	if tx.outcome.parked {
		return false
	}
	if !tx.outcome.ordered {
		tx.outcome.lane = tx.outcome.need.Backups
	}
	confirmed := p.rep.Confirmed(tx.outcome.need)
	if !confirmed || (len(p.events) > 0 && p.held[tx.outcome.lane].len() > 0) {
		p.hold(tx, tx.Now)
		return false
	}
	return true // an answer that shows nothing unacknowledged need not wait behind others
}

// tell delivers the events of the operation that was just answered.
func (p *Partition) tell() {
	if len(p.events) > 0 {
		p.deliverEvents(p.events)
		p.events = p.events[:0]
	}
}

func (*Partition) answerError(r *Request, err error) {
	r.Answerer.Answer(r, r.Runner.Fail(nil, r, err))
}
