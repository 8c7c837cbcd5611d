package member

import (
	"log/slog"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/gateway"
	"github.com/filbertgrid/filbert/internal/partition"
)

// process is what a coordinator tells migration listeners about: it lasts
// from the first partition that is not where the plan wants it to the last. Only touched in Step.
type process struct {
	running            bool
	started            int64 // cluster time, ms
	planned, completed int32
}

// note takes how many partitions are on their way, and tells whether the
// process has begun or ended by that.
func (p *process) note(moving int, now int64) (kind gateway.MigrationKind, changed bool) {
	p.planned = max(p.planned, p.completed+int32(moving))
	switch {
	case moving > 0 && !p.running:
		*p = process{running: true, started: now, planned: int32(moving)}
		return gateway.MigrationStarted, true
	case moving == 0 && p.running:
		p.running, p.planned = false, p.completed
		return gateway.MigrationFinished, true
	}
	return 0, false
}

func (n *Node) noteMigrations(moving int) {
	if kind, changed := n.process.note(moving, n.clusterMillis()); changed {
		n.tellMigration(gateway.Migration{Kind: kind})
	}
}

func (n *Node) migrated(id partition.ID, index int, from, to cluster.MemberID) {
	n.noteMigrations(max(n.moves.Moving(), 1))
	n.process.completed++
	n.tellMigration(gateway.Migration{
		Kind: gateway.ReplicaMoved, Partition: int32(id), Replica: int32(index), From: from, To: to, Success: true,
	})
	n.log("migration").Debug("replica moved", slog.Int("partition", int(id)), slog.Int("replica", index),
		slog.String("from", from.String()), slog.String("to", to.String()))
}

func (n *Node) tellMigration(m gateway.Migration) {
	p := &n.process
	m.Started, m.Elapsed = p.started, n.clusterMillis()-p.started
	m.Planned, m.Completed = p.planned, p.completed
	n.gateway.Migration(&m)
}
