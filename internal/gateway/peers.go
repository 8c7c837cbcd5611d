package gateway

import (
	"slices"
	"sync"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// peers are the gateways of the other members, in the order in which they were met.
type peers struct {
	g  *Gateway
	mu struct {
		sync.Mutex
		list []*peer
	}
}

func (ps *peers) init(g *Gateway) { ps.g = g }

func (ps *peers) get(id cluster.MemberID) *peer {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if i := slices.IndexFunc(ps.mu.list, func(p *peer) bool { return p.id == id }); i >= 0 {
		return ps.mu.list[i]
	}
	p := &peer{g: ps.g, id: id}
	p.run = p.flush
	ps.mu.list = append(ps.mu.list, p)
	return p
}

// retain forgets the peers that are not in the list, but for those that are connected: they may be in the next.
func (ps *peers) retain(list *cluster.List) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.mu.list = slices.DeleteFunc(ps.mu.list, func(p *peer) bool { return !p.up.Load() && list.Find(p.id) < 0 })
}

func (ps *peers) all() []*peer {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return slices.Clone(ps.mu.list)
}

func (ps *peers) tick() {
	for _, p := range ps.all() {
		p.flush()
	}
}
