package gateway

import (
	"maps"
	"slices"
	"sync"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// lostPartitions are those that this cluster lost: no replica in sync was left. Somebody who comes back may have one. A
// member that joins asks those it meets what was lost before (askLosses), since it may be the primary of such a partition.
type lostPartitions struct {
	mu struct {
		sync.Mutex
		// versions are those of the member lists under which they were lost.
		versions map[partition.ID]int32
	}
}

func (l *lostPartitions) note(id partition.ID, version int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.versions == nil {
		l.mu.versions = map[partition.ID]int32{}
	}
	l.mu.versions[id] = max(l.mu.versions[id], version)
}

// since tells whether a partition was lost after the list of a version.
func (l *lostPartitions) since(id partition.ID, version int32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost, ok := l.mu.versions[id]
	return ok && lost > version
}

// noteLost remembers that a partition was lost; version is that of the list of whoever says so.
func (g *Gateway) noteLost(id, version int32) {
	if id >= 0 && id < g.Grid.Count() {
		g.lost.note(partition.ID(id), max(version, listVersion(g.Cluster.View())))
	}
}

// listVersion is that of the present member list, 0 without one.
func listVersion(v *cluster.View) int32 {
	if v.List == nil {
		return 0
	}
	return v.List.Version
}

// append appends all that is known.
func (l *lostPartitions) append(dst []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	dst = packed.AppendUvarint(append(dst, mergeDone), uint64(len(l.mu.versions)))
	for _, id := range slices.Sorted(maps.Keys(l.mu.versions)) {
		dst = packed.AppendUint32(packed.AppendUvarint(dst, uint64(id)), uint32(l.mu.versions[id]))
	}
	return dst
}

// askLosses asks a member what the cluster has lost, as far as it knows.
func (g *Gateway) askLosses(peer cluster.MemberID) {
	if !g.Cluster.View().Version().HasMerge() {
		return
	}
	g.forward.ask(peer, askLosses, nil, func(body []byte) {
		r := packed.NewReader(body)
		if r.Byte() != mergeDone {
			return // it is gone, or of a version that does not know
		}
		for n := r.Count(5); n > 0 && r.Err() == nil; n-- {
			id, version := r.Uvarint(), int32(r.Uint32())
			if r.Err() == nil && id < uint64(g.Grid.Count()) {
				g.lost.note(partition.ID(id), version)
			}
		}
	})
}
