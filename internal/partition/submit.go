package partition

import "github.com/filbertgrid/filbert/internal/replica"

// Submit runs a request now if the partition's lock is free, otherwise the
// lock's holder will. The request and its message are the caller's again on return.
func (g *Grid) Submit(r *Request) {
	if p := g.enter(r); p != nil {
		p.run(r, false, false)
		p.unlock()
	}
}

// Try runs a request at once if this member is its partition's primary and nothing is in its way. Then no lock but the partition's is taken for
// it, and nothing is copied: if it can be answered, too, the answer is appended to dst, and answered is true; if not, Answerer.Keep
// was called. tx is work space, whatever is in it. ran is false when nothing has happened: the request is for Run, or for another member.
func (g *Grid) Try(tx *Tx, r *Request, dst []byte) (with []byte, answered, ran bool) {
	if r.Partition < 0 || int(r.Partition) >= len(g.parts) {
		return dst, false, false
	}
	p := &g.parts[r.Partition]
	if !p.mu.TryLock() {
		return dst, false, false
	}
	p.drain() // what the same caller sent before may have arrived while the lock was held
	if p.rep.Role != replica.Primary || p.stalls {
		p.unlock()
		return dst, false, false
	}
	r.direct = true
	with, answered = p.direct(tx, r, dst)
	return with, answered, true
}

// Run is Try for a request that is for this member, whatever is in its way: it is answered, or kept.
func (g *Grid) Run(tx *Tx, r *Request, dst []byte) (with []byte, answered bool) {
	r.direct = true
	if p := g.enter(r); p != nil {
		return p.direct(tx, r, dst)
	}
	return dst, false
}

// direct runs a request whose answer its caller takes, and gives the lock back.
func (p *Partition) direct(tx *Tx, r *Request, dst []byte) (with []byte, answered bool) {
	with, answered = p.execute(tx, r, dst, false, false)
	if answered {
		p.tell()
	} else {
		with = with[:len(dst)]
	}
	p.unlock()
	return with, answered
}

// enter returns the partition of a request, locked, for the request to run now; nil if it was answered, or left to the lock's holder.
func (g *Grid) enter(r *Request) *Partition {
	if r.Partition < 0 || int(r.Partition) >= len(g.parts) {
		r.keep()
		r.Answerer.Answer(r, r.Runner.Fail(nil, r, ErrRange))
		return nil
	}
	p := &g.parts[r.Partition]
	if p.mu.TryLock() {
		p.drain() // what the same caller sent before may have arrived while the lock was held
		return p
	}
	r.keep()
	if !p.in.push(r) {
		r.Answerer.Answer(r, r.Runner.Fail(nil, r, ErrOverloaded))
		return nil
	}
	if p.mu.TryLock() {
		p.unlock()
	}
	return nil
}

// keep is called before a request is copied or answered by its Answerer.
func (r *Request) keep() {
	if r.direct {
		r.direct, r.Now = false, 0
		r.Answerer.Keep(r)
	}
}
