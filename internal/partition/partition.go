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

func (p *Partition) hold(tx *Tx, now int64) {
	h := &p.held[tx.outcome.lane]
	if tx.req != nil {
		tx.req.keep()
		item := heldItem{need: tx.outcome.need, since: now, request: *tx.req, guard: tx.guard}
		item.request.Message = nil
		p.pushHeld(h, item, tx.Reply[tx.start:])
	}
	if len(p.events) > 0 {
		p.pushHeld(h, heldItem{need: tx.outcome.need, since: now, event: true}, p.events)
		p.events = p.events[:0]
	}
}

func (p *Partition) pushHeld(h *held, item heldItem, body []byte) {
	h.push(item, body)
	p.grid.holding.Add(int64(len(body)) + waitingCost)
}

func (p *Partition) popHeld(h *held) (heldItem, []byte) {
	item, body := h.pop()
	p.grid.holding.Add(-int64(len(body)) - waitingCost)
	return item, body
}

// waiting is the number of answers and events that are held.
func (p *Partition) waiting() (n int) {
	for i := range p.held {
		n += p.held[i].len()
	}
	return n
}

// release delivers everything at the heads of held that has its acknowledgements.
func (p *Partition) release() {
	for i := range p.held {
		p.releaseFrom(&p.held[i])
	}
	if p.stalls && p.handing.reported == 0 {
		p.handOver()
	}
}

func (p *Partition) releaseFrom(h *held) {
	for h.len() > 0 && p.rep.Confirmed(h.first().need) {
		item, body := p.popHeld(h)
		if item.event {
			p.deliverEvents(body)
			continue
		}
		if item.void {
			p.answerError(&item.request, ErrUnprotected)
			continue
		}
		item.request.Answerer.Answer(&item.request, body)
	}
}

// giveUp answers what has been held since then, or longer, with ErrOutcomeUnknown: its backups were silent for too
// long, or (never) this member is not the partition's primary any more.
func (p *Partition) giveUp(then int64) {
	for i := range p.held {
		for h := &p.held[i]; h.len() > 0 && h.first().since <= then; {
			item, _ := p.popHeld(h)
			if !item.event {
				p.answerError(&item.request, ErrOutcomeUnknown)
			}
		}
	}
}

func (*Partition) answerError(r *Request, err error) {
	r.Answerer.Answer(r, r.Runner.Fail(nil, r, err))
}

func (p *Partition) stall(r *Request) {
	if len(p.stalled.items) >= stallLimit || p.stalled.bytes+len(r.Message) > stallBytes || p.grid.stalling.Load() > stallTotal {
		p.answerError(r, ErrOverloaded)
		return
	}
	now := p.grid.now()
	if r.stalled == 0 {
		r.stalled = now
	}
	if now-r.stalled > p.grid.patience {
		p.answerError(r, ErrUnavailable)
		return
	}
	p.stalled.push(r)
	p.grid.stalling.Add(r.weight())
}

// takeStalled empties the queue.
func (p *Partition) takeStalled() []Request {
	items := p.stalled.take()
	for i := range items {
		p.grid.stalling.Add(-items[i].weight())
	}
	return items
}

// keepStalled puts back, behind those that stalled meanwhile, what takeStalled has returned; it owns its messages.
func (p *Partition) keepStalled(items []Request) {
	for i := range items {
		p.stalled.bytes += len(items[i].Message)
		p.grid.stalling.Add(items[i].weight())
	}
	p.stalled.items = append(p.stalled.items, items...)
}

// endStalled answers those that have stalled for too long. They stand in the order in
// which they came.
func (p *Partition) endStalled(now int64) {
	if len(p.stalled.items) == 0 || now-p.stalled.items[0].stalled <= p.grid.patience {
		return
	}
	items := p.takeStalled()
	n := 0
	for n < len(items) && now-items[n].stalled > p.grid.patience {
		p.answerError(&items[n], ErrUnavailable)
		n++
	}
	p.keepStalled(items[n:])
}

// unstall runs what has stalled again; what still cannot run stalls anew, in order.
func (p *Partition) unstall() {
	items := p.takeStalled()
	for i := range items {
		if p.rep.Role == replica.Primary && (p.stalls || !p.room()) {
			p.keepStalled(items[i:])
			return
		}
		p.run(&items[i], false, false)
	}
}
