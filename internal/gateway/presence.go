package gateway

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
)

const (
	// goneAfter is how long a client may be without any connection to the cluster before its locks are
	// released: long enough to connect anew to another member after its own has died (clients try at once,
	// then after a second), short enough for those that wait for its locks.
	goneAfter = 5 * time.Second
	// rememberGone is how long a departed client is remembered: a partition that is promoted
	// meanwhile releases its locks, too. Its former owner may have died before it did.
	rememberGone = 2 * time.Minute
	// maxRemembered bounds what departed clients take; beyond, the oldest are forgotten.
	maxRemembered = 10_000
)

// presence knows which clients are connected to which members. Members tell one another: all
// their clients when a connection comes up, changes afterwards.
type presence struct {
	g  *Gateway
	mu struct {
		sync.Mutex
		clients map[cluster.UUID]*presentClient
		// table is the version of the partition table by which departed clients were released last.
		table int32
	}
}

type presentClient struct {
	here    int // sessions at this member
	at      []cluster.MemberID
	since   time.Duration // when the last connection went
	release bool          // its locks were released at least once
}

func (c *presentClient) gone() bool { return c.here == 0 && len(c.at) == 0 }

func (p *presence) init(g *Gateway) {
	p.g = g
	p.mu.clients = map[cluster.UUID]*presentClient{}
}

func (p *presence) client(id cluster.UUID) *presentClient {
	c := p.mu.clients[id]
	if c == nil {
		c = &presentClient{}
		p.mu.clients[id] = c
	}
	return c
}

// on notes a session of a client here.
func (p *presence) on(id cluster.UUID) {
	p.mu.Lock()
	c := p.client(id)
	c.here++
	first := c.here == 1
	c.release = false
	p.mu.Unlock()
	if first {
		p.tellAll(framePresent, append(packed.AppendUvarint([]byte{0}, 1), id[:]...))
	}
}

// off is the counterpart of on.
func (p *presence) off(id cluster.UUID) {
	p.mu.Lock()
	c := p.client(id)
	c.here--
	last := c.here == 0
	c.since = p.g.Clock()
	p.mu.Unlock()
	if last {
		p.tellAll(frameAbsent, id[:])
	}
}

func (p *presence) tellAll(kind byte, body []byte) {
	for _, peer := range p.g.peers.all() {
		peer.tell(kind, body)
	}
}

// greet tells a peer all clients that are connected here.
func (p *presence) greet(peer *peer) {
	p.mu.Lock()
	var ids []cluster.UUID
	for _, id := range slices.SortedFunc(maps.Keys(p.mu.clients), cluster.UUID.Compare) {
		if p.mu.clients[id].here > 0 {
			ids = append(ids, id)
		}
	}
	body := packed.AppendUvarint([]byte{1}, uint64(len(ids)))
	for _, id := range ids {
		body = append(body, id[:]...)
	}
	// Told under the lock, so that no change is told before the list that it changes.
	peer.tell(framePresent, body)
	p.mu.Unlock()
}

// present takes what a peer says about its clients.
func (p *presence) present(from cluster.MemberID, r *packed.Reader) error {
	all := r.Bool()
	ids := make([]cluster.UUID, r.Count(len(cluster.UUID{})))
	for i := range ids {
		copy(ids[i][:], r.Take(len(ids[i])))
	}
	if r.Err() != nil {
		return r.Err()
	}
	if all {
		p.without(func(id cluster.MemberID) bool { return id == from })
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		if c := p.client(id); !slices.Contains(c.at, from) {
			c.at = append(c.at, from)
			c.release = false
		}
	}
	return nil
}

// absent takes a peer's word that a client has left it.
func (p *presence) absent(from cluster.MemberID, id cluster.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.mu.clients[id]; c != nil {
		c.at = slices.DeleteFunc(c.at, func(m cluster.MemberID) bool { return m == from })
		c.since = p.g.Clock()
	}
}

// without forgets what was known of members that are gone.
func (p *presence) without(gone func(cluster.MemberID) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.g.Clock()
	//nolint:maprange // each is changed for itself
	for _, c := range p.mu.clients {
		if slices.ContainsFunc(c.at, gone) {
			c.at = slices.DeleteFunc(c.at, gone)
			c.since = now
		}
	}
}

// doubt is called when members were removed. Whoever was not known to be with anybody may have been with one of them, silent as it was, and
// has as long to connect to another as a client that was known there.
func (p *presence) doubt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.g.Clock()
	//nolint:maprange // each is changed for itself
	for _, c := range p.mu.clients {
		if c.gone() && !c.release {
			c.since = now
		}
	}
}

// tick releases what departed clients held, on the partitions that this member owns. A client may have connected to another
// member since: all of them must have been heard long enough after it was last seen for that to be known. A member that hears
// nobody would release the locks of clients that live, and who hears it would believe it.
func (p *presence) tick(now time.Duration) {
	p.mu.Lock()
	table := int32(0)
	if v := p.g.Cluster.View(); v.Table != nil {
		table = v.Table.Version
	}
	heardAll := p.g.Cluster.HeardAll()
	var gone []cluster.UUID
	for _, id := range slices.SortedFunc(maps.Keys(p.mu.clients), cluster.UUID.Compare) {
		c := p.mu.clients[id]
		switch {
		case !c.gone() || now-c.since < goneAfter || heardAll-c.since < goneAfter/2:
		case !c.release, table != p.mu.table:
			c.release = true
			gone = append(gone, id)
		case now-c.since > rememberGone, len(p.mu.clients) > maxRemembered:
			delete(p.mu.clients, id)
		}
	}
	p.mu.table = table
	p.mu.Unlock()
	if len(gone) > 0 {
		p.g.Run(func() {
			for _, id := range gone {
				p.g.Grid.ClientGone(id)
			}
		})
	}
}
