package gateway

import (
	"errors"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// errDisowned is why connections end whose answers may not be true any more.
var errDisowned = errors.New("gateway: this member was cut off from others, and the cluster is too small for its split-brain protection")

// disown ends the sessions that have answers which waited for a lease, when the list that is to bring the lease is of
// a cluster too small for its split-brain protection. These answers were made while this member could not know that
// others go on without it, by a list that was long enough: sent now, they would be what the protection is there to prevent.
// The lease of a list that has become shorter comes later than this (membership).
func (g *Gateway) disown(old, now *cluster.View) {
	if old == nil || old.List == nil || now.List == nil || g.Cluster.LeaseValid() || !g.Protections.Unmet() {
		return
	}
	for i := range old.List.Members {
		if m := &old.List.Members[i]; !m.Leaving && now.List.Find(m.ID) < 0 {
			for _, s := range g.sessions() {
				s.disown()
			}
			return
		}
	}
}

// disown ends the session if it has output that was not sent.
func (s *Session) disown() {
	s.mu.Lock()
	unsent := len(s.mu.buf) > 0
	s.mu.buf = nil
	s.mu.Unlock()
	if unsent {
		s.Close(errDisowned)
	}
}
