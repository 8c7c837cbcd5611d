package partition

import (
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/replica"
)

// Install brings a newer table into the partitions. The caller is one goroutine at a time.
func (g *Grid) Install(t *cluster.Table) {
	g.table.Store(t.Version)
	for i := range g.parts {
		p := &g.parts[i]
		p.mu.Lock()
		if a := &t.Partitions[i]; a.Epoch > p.rep.Epoch {
			p.install(a)
		}
		if len(p.stalled.items) > 0 {
			p.unstall()
		}
		p.unlock()
	}
}

func (p *Partition) install(a *cluster.Assignment) {
	p.endHandOver(p.grid.now())
	p.levelling = false
	p.primary = a.Primary()
	if p.rep.Role == replica.Primary {
		p.recall()
	}
	established := p.rep.Established
	source := p.rep.Source
	owing := p.owing()
	before := p.rep.Install(p.grid.self, a)
	now := p.grid.now()
	switch {
	case p.rep.Role == replica.None:
		p.dropReceiving()
		p.sending = nil
		p.giveUp(never)
		p.clear()
		p.rerouteParked()
	case p.rep.Role == replica.Primary && before != replica.Primary:
		p.dropReceiving()
		p.uuid = p.grid.newUUID()
		if before == replica.Backup {
			p.grid.promotions.Add(1)
		}
		p.setPrimary(true, now)
	case p.rep.Role == replica.Backup:
		if before == replica.Primary {
			p.sending = nil
			p.giveUp(never)
			p.setPrimary(false, now)
			p.rerouteParked()
		}
		if source != p.rep.Source {
			p.dropReceiving()
		}
		if (!established && p.receiving == nil) || source != p.rep.Source {
			p.tellPosition()
		}
	}
	if p.rep.Role == replica.Primary {
		p.followPeers()
		p.excuse(owing)
	}
	p.release()
}

// owing returns the backups whose acknowledgement is awaited.
func (p *Partition) owing() (peers []replica.Peer) {
	if p.waiting() == 0 {
		return nil
	}
	for i := range p.rep.Peers {
		if peer := &p.rep.Peers[i]; peer.Awaited && peer.Acked < p.rep.Last.Seq {
			peers = append(peers, *peer)
		}
	}
	return peers
}

// excuse sees to what waited for those of them that a newer assignment has removed: it is as good as before only where
// split-brain protection holds.
func (p *Partition) excuse(owing []replica.Peer) {
	for i := range owing {
		if peer := p.rep.Peer(owing[i].Member); peer == nil || !peer.Awaited {
			for k := range p.held {
				p.held[k].judge(owing[i].Acked)
			}
		}
	}
}

// followPeers ends transfers to members that have no replica any more, or a new one, and asks
// those for their position of whom it is not known.
func (p *Partition) followPeers() {
	p.sending = slices.DeleteFunc(p.sending, func(s sending) bool {
		peer := p.rep.Peer(s.to)
		return peer == nil || peer.Transfer != s.id
	})
	for i := range p.rep.Peers {
		if peer := &p.rep.Peers[i]; !peer.Streaming {
			p.askPosition(peer)
		}
	}
}

func (p *Partition) setPrimary(primary bool, now int64) {
	for kind := range p.fragments {
		for _, name := range p.names(Kind(kind)) {
			p.fragments[kind][name].SetPrimary(primary, now)
		}
	}
}
