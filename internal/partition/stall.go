package partition

import "github.com/filbertgrid/filbert/internal/replica"

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
