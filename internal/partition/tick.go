package partition

import (
	"github.com/filbertgrid/filbert/internal/replica"
)

// tickMost is the longest time between two ticks that counts as time in which others could be heard, in ms: a member that did not run heard
// nobody, and one that joins takes over the cluster's time.
const tickMost = 500

// ticksAtOnce is how many fragments a tick is for. A member with a thousand maps has a quarter of a million of them, and to look at each
// ten times a second would take a whole processor; so it is once in one or two seconds.
const ticksAtOnce = 64

// askAgain is how long a backup waits for the answer to its position, in ms.
const askAgain = 200

// Tick lets time pass: parked requests end, structures expire, backups ask again and are compared. About ten times a second, by
// one goroutine at a time.
func (g *Grid) Tick() {
	now := g.now()
	g.passed, g.ticked = min(now-g.ticked, tickMost), now
	g.each(func(p *Partition) { p.tick(g.now()) })
	g.compare()
}

func (p *Partition) tick(now int64) {
	switch p.rep.Role {
	case replica.Backup:
		if p.receiving != nil && now-p.receiving.heard > transferPatience {
			p.dropReceiving()
			p.asked = 0
		}
		if !p.rep.Established && p.receiving == nil && now-p.asked >= askAgain {
			p.tellPosition()
		}
	case replica.Primary:
		p.tickPrimary(now)
	case replica.None:
	}
	if len(p.stalled.items) > 0 && !p.stalls && p.rep.Role == replica.Primary && p.room() {
		p.unstall()
	}
	p.endStalled(now)
	p.shrink()
}

func (p *Partition) tickPrimary(now int64) {
	p.resumeParked(now)
	p.endSilentTransfers(now)
	stuck := false
	for i := range p.rep.Peers {
		peer := &p.rep.Peers[i]
		p.rep.Ack(peer, peer.Acked) // it may be that far already, and acknowledge nothing new
		if peer.Awaited && !peer.InSync {
			p.report(CaughtUp, peer.Member) // the first report may have been lost with a coordinator
		}
		if p.rep.Waits(peer, p.grid.passed) >= p.grid.silence && p.grid.silence > 0 && now-p.told >= reportAgain {
			stuck = true
			p.report(Stuck, peer.Member)
		}
		if !peer.Streaming {
			p.askPosition(peer)
		}
		if p.rep.Lagging(peer) { // the last effect again: a gap before it makes the backup ask
			_, effect := p.rep.Recent(p.rep.Last.Seq)
			p.sendEffect(peer, p.rep.Last, effect)
		}
	}
	if stuck {
		p.told = now
	}
	p.giveUp(now - p.grid.confirm - 1)
	p.release() // those that came later may have been waiting for these only
	p.tickHandOver(now)
	p.tellLevel()
	if p.stalls || !p.room() {
		return
	}
	for kind := range p.fragments {
		p.tickFragments(Kind(kind))
	}
}

// tickFragments lets some of the fragments do what time brings, the next ones at the next tick.
func (p *Partition) tickFragments(kind Kind) {
	names := p.names(kind)
	for range min(len(names), ticksAtOnce) {
		if p.ticked[kind]++; p.ticked[kind] >= len(names) {
			p.ticked[kind] = 0
		}
		name := names[p.ticked[kind]]
		f := p.fragments[kind][name]
		p.own(func(tx *Tx) { f.Tick(tx) })
		if f.Empty() && len(p.parks) == 0 {
			p.own(func(tx *Tx) { tx.Drop(kind, []byte(name)) })
		}
	}
}

// own runs an operation of the partition itself, which nobody asked for.
func (p *Partition) own(f func(tx *Tx)) {
	p.tx = Tx{p: p, Now: p.grid.now(), Primary: true, Reply: p.reply[:0]}
	f(&p.tx)
	if p.finish(&p.tx) {
		p.tell()
	}
}
