package gateway

import (
	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// addObjectListener serves Client.addDistributedObjectListener.
func addObjectListener(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientAddDistributedObjectListenerRequest
	if err := protocol.DecodeClientAddDistributedObjectListenerRequest(m, &q); err != nil {
		return err
	}
	return s.listen(&listener{correlation: r.correlation, topic: topicObjects, local: q.LocalOnly}, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.ClientAddDistributedObjectListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendClientAddDistributedObjectListenerResponse(dst, correlation, &a)
		})
	})
}

func removeObjectListener(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientRemoveDistributedObjectListenerRequest
	if err := protocol.DecodeClientRemoveDistributedObjectListenerRequest(m, &q); err != nil {
		return err
	}
	a := protocol.ClientRemoveDistributedObjectListenerResponse{Response: s.unlisten(cluster.UUID(q.RegistrationID))}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientRemoveDistributedObjectListenerResponse(dst, correlation, &a)
	})
	return nil
}

// addLostListener serves Client.addPartitionLostListener.
func addLostListener(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientAddPartitionLostListenerRequest
	if err := protocol.DecodeClientAddPartitionLostListenerRequest(m, &q); err != nil {
		return err
	}
	return s.listen(&listener{correlation: r.correlation, topic: topicLost, local: q.LocalOnly}, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.ClientAddPartitionLostListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendClientAddPartitionLostListenerResponse(dst, correlation, &a)
		})
	})
}

func removeLostListener(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientRemovePartitionLostListenerRequest
	if err := protocol.DecodeClientRemovePartitionLostListenerRequest(m, &q); err != nil {
		return err
	}
	a := protocol.ClientRemovePartitionLostListenerResponse{Response: s.unlisten(cluster.UUID(q.RegistrationID))}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientRemovePartitionLostListenerResponse(dst, correlation, &a)
	})
	return nil
}

// addMigrationListener serves Client.addMigrationListener.
func addMigrationListener(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientAddMigrationListenerRequest
	if err := protocol.DecodeClientAddMigrationListenerRequest(m, &q); err != nil {
		return err
	}
	return s.listen(&listener{correlation: r.correlation, topic: topicMigrations, local: q.LocalOnly}, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.ClientAddMigrationListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendClientAddMigrationListenerResponse(dst, correlation, &a)
		})
	})
}

func removeMigrationListener(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientRemoveMigrationListenerRequest
	if err := protocol.DecodeClientRemoveMigrationListenerRequest(m, &q); err != nil {
		return err
	}
	a := protocol.ClientRemoveMigrationListenerResponse{Response: s.unlisten(cluster.UUID(q.RegistrationID))}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientRemoveMigrationListenerResponse(dst, correlation, &a)
	})
	return nil
}

// addBackupListener serves Client.localBackupListener. It never hears anything: members wait for their
// backups themselves, and answers tell clients to wait for none.
func addBackupListener(s *Session, _ wire.Message, r reply) error {
	return s.listen(&listener{correlation: r.correlation, topic: topicBackups, local: true}, func(id cluster.UUID) {
		r.send(func(dst []byte, correlation int64) []byte {
			a := protocol.ClientLocalBackupListenerResponse{Response: protocol.UUID(id)}
			return protocol.AppendClientLocalBackupListenerResponse(dst, correlation, &a)
		})
	})
}

// PartitionLost tells listeners everywhere that a partition has lost all copies that were in sync. It is called on
// one member, the new primary; lost is how many backups the partition had.
func (g *Gateway) PartitionLost(partition int32, lost int) {
	g.tellLost(partition, int32(lost), g.Self, true)
	version := listVersion(g.Cluster.View())
	g.noteLost(partition, version)
	body := packed.AppendUint32(nil, uint32(partition))
	body = packed.AppendUint32(body, uint32(lost))
	body = packed.AppendUint32(append(body, g.Self[:]...), uint32(version))
	for _, p := range g.peers.all() {
		p.tell(frameLost, body)
	}
}

// onLost takes the same from another member, for listeners that hear of all.
func (g *Gateway) onLost(r *packed.Reader) error {
	partition, lost := int32(r.Uint32()), int32(r.Uint32())
	var at cluster.MemberID
	if copy(at[:], r.Take(len(at))); r.Err() == nil {
		g.tellLost(partition, lost, at, false)
		version := int32(0)
		if r.Len() > 0 { // a member of an older version does not say it
			version = int32(r.Uint32())
		}
		g.noteLost(partition, version)
	}
	return r.Err()
}

func (g *Gateway) tellLost(partition, lost int32, at cluster.MemberID, here bool) {
	e := protocol.ClientAddPartitionLostListenerPartitionLostEvent{
		PartitionID: partition, LostBackupCount: lost, Source: protocol.UUID(at),
	}
	for _, l := range g.listeners.of(topicLost) {
		if here || !l.local {
			l.s.deliver(func(dst []byte) []byte {
				return protocol.AppendClientAddPartitionLostListenerPartitionLostEvent(dst, l.correlation, &e)
			})
		}
	}
	ofMap := protocol.MapAddPartitionLostListenerMapPartitionLostEvent{PartitionID: partition, UUID: protocol.UUID(at)}
	for _, l := range g.listeners.of(topicMapLost) {
		if here || !l.local {
			l.s.deliver(func(dst []byte) []byte {
				return protocol.AppendMapAddPartitionLostListenerMapPartitionLostEvent(dst, l.correlation, &ofMap)
			})
		}
	}
}

// Migration is one event of a migration process, which moves some replicas: its begin, a replica that has moved
// or could not, its end.
type Migration struct {
	// Kind is MigrationStarted, MigrationFinished or ReplicaMoved.
	Kind MigrationKind
	// Started is when the process began, in ms since 1970, Elapsed how long it took so far in ms; Planned and
	// Completed count its replicas.
	Started, Elapsed   int64
	Planned, Completed int32
	// Partition, Replica (its index), From, To, Success and Took (ms) are those of ReplicaMoved.
	Partition, Replica int32
	From, To           cluster.MemberID
	Success            bool
	Took               int64
}

// MigrationKind is a kind of migration event. Numbers are those of the protocol, and of the member protocol.
type MigrationKind uint8

// The kinds of migration events.
const (
	MigrationStarted  MigrationKind = 0
	MigrationFinished MigrationKind = 1
	ReplicaMoved      MigrationKind = 2
)

// Migration tells listeners everywhere of a migration. It is called on one member, the coordinator.
func (g *Gateway) Migration(e *Migration) {
	g.tellMigration(e, true)
	body := appendMigration(nil, e)
	for _, p := range g.peers.all() {
		p.tell(frameMigration, body)
	}
}

func appendMigration(b []byte, e *Migration) []byte {
	b = append(b, byte(e.Kind))
	b = packed.AppendInt64(packed.AppendInt64(packed.AppendInt64(b, e.Started), e.Elapsed), e.Took)
	for _, n := range [...]int32{e.Planned, e.Completed, e.Partition, e.Replica} {
		b = packed.AppendUint32(b, uint32(n))
	}
	b = append(append(b, e.From[:]...), e.To[:]...)
	return packed.AppendBool(b, e.Success)
}

func (g *Gateway) onMigration(r *packed.Reader) error {
	e := Migration{Kind: MigrationKind(r.Byte()), Started: r.Int64(), Elapsed: r.Int64(), Took: r.Int64()}
	e.Planned, e.Completed, e.Partition, e.Replica = int32(r.Uint32()), int32(r.Uint32()), int32(r.Uint32()), int32(r.Uint32())
	copy(e.From[:], r.Take(16))
	copy(e.To[:], r.Take(16))
	if e.Success = r.Bool(); r.Err() == nil {
		g.tellMigration(&e, false)
	}
	return r.Err()
}

func (g *Gateway) tellMigration(e *Migration, here bool) {
	state := protocol.MigrationState{
		StartTime: e.Started, PlannedMigrations: e.Planned, CompletedMigrations: e.Completed, TotalElapsedTime: e.Elapsed,
	}
	for _, l := range g.listeners.of(topicMigrations) {
		if !here && l.local {
			continue
		}
		l.s.deliver(func(dst []byte) []byte {
			if e.Kind != ReplicaMoved {
				return protocol.AppendClientAddMigrationListenerMigrationEvent(dst, l.correlation,
					&protocol.ClientAddMigrationListenerMigrationEvent{MigrationState: state, Type: int32(e.Kind)})
			}
			return protocol.AppendClientAddMigrationListenerReplicaMigrationEvent(dst, l.correlation,
				&protocol.ClientAddMigrationListenerReplicaMigrationEvent{
					MigrationState: state, PartitionID: e.Partition, ReplicaIndex: e.Replica, Success: e.Success,
					SourceUUID: protocol.UUID(e.From), DestUUID: protocol.UUID(e.To), ElapsedTime: e.Took,
				})
		})
	}
}
