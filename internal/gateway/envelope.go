package gateway

import (
	"errors"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/link"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/partition"
)

// lane is the one that the gateways speak on.
const lane = link.Forward

// Frames between gateways, in the encoding of package packed. Each begins with its kind. Numbers are part of the member
// protocol (versioned by the hello of the connection): append only.
const (
	// frameCall: version, call id, client, partition, table version, deadline of waiting (cluster time in ms, 0 not yet
	// waiting), flags; the client's message.
	frameCall = 1
	// frameCalls: version, first call id, client, table version, flags, partitions; the client's message. As many calls
	// with the next ids as there are partitions.
	frameCalls = 2
	// frameAnswer: call id; the answer.
	frameAnswer = 3
	// frameElsewhere: call id, table version, deadline: not executed, and not here.
	frameElsewhere = 4
	// frameAsk: call id, operation; its body. Answered by frameAnswer.
	frameAsk = 5
	// frameEvent: registration, the event.
	frameEvent = 6
	// framePresent: whether the list is complete, clients that are connected to the sender.
	framePresent = 7
	// frameAbsent: a client that has no connection to the sender any more.
	frameAbsent = 8
	// frameLost: partition, lost backups, member, list version: a partition was lost, for listeners that hear of all members' events.
	frameLost = 9
	// frameMigration: a migration event, for the same.
	frameMigration = 10
)

// Operations of frameAsk.
const (
	// askListen: registration, of a listener at the sender.
	askListen = 1
	// askUnlisten: service, name, registration id.
	askUnlisten = 2
	// askMetadata: a client's message Map.fetchNearCacheInvalidationMetadata; answered with its response.
	askMetadata = 3
	// askForget: service, name: the object is destroyed, its listeners go.
	askForget = 4
	// askMerge: partition, table version; a batch of entries of another cluster (merge.go).
	askMerge = 5
	// askLosses: nothing; answered with the partitions that the cluster has lost (lost.go).
	askLosses = 6
)

// callVersion is the version of the envelopes frameCall and frameCalls.
const callVersion = 1

const flagOnBackup = 1 << 0

// maxForwarded is the largest message, answer or event that goes to another member: what the lane takes, less room for
// the envelope. A frame over the lane's limit would end the connection with everything that is on its way there.
func maxForwarded() int { return link.Limits{}.WithDefaults().Frames[lane] - 1<<10 }

var (
	errFrame   = errors.New("gateway: malformed frame of another member")
	errVersion = errors.New("gateway: envelope of an unknown version")
)

// appendCall appends the envelope of one request.
func appendCall(dst []byte, c *call) []byte {
	q := &c.request
	dst = append(dst, frameCall, callVersion)
	dst = packed.AppendUvarint(dst, c.id)
	dst = append(dst, q.Client[:]...)
	dst = packed.AppendUvarint(dst, uint64(q.Partition))
	dst = packed.AppendUint32(dst, uint32(c.table))
	dst = packed.AppendVarint(dst, q.Deadline)
	dst = append(dst, flagsOf(q))
	return append(dst, q.Message...)
}

func flagsOf(q *partition.Request) byte {
	if q.OnBackup {
		return flagOnBackup
	}
	return 0
}

// readCall fills q from an envelope.
func readCall(r *packed.Reader, q *partition.Request) error {
	if v := r.Byte(); r.Err() == nil && v != callVersion {
		return errVersion
	}
	q.Token = r.Uvarint()
	copy(q.Client[:], r.Take(len(q.Client)))
	id := r.Uvarint()
	q.Table = int32(r.Uint32())
	q.Deadline = r.Varint()
	q.OnBackup = r.Byte()&flagOnBackup != 0
	q.Message = r.Rest()
	if r.Err() == nil && id > 1<<30 {
		return errFrame
	}
	q.Partition = partition.ID(id)
	return r.Err()
}

// appendCalls appends the envelope of requests that differ in their partitions only.
func appendCalls(dst []byte, first uint64, calls []*call) []byte {
	q := &calls[0].request
	dst = append(dst, frameCalls, callVersion)
	dst = packed.AppendUvarint(dst, first)
	dst = append(dst, q.Client[:]...)
	dst = packed.AppendUint32(dst, uint32(calls[0].table))
	dst = append(dst, flagsOf(q))
	dst = packed.AppendUvarint(dst, uint64(len(calls)))
	for _, c := range calls {
		dst = packed.AppendUvarint(dst, uint64(c.request.Partition))
	}
	return append(dst, q.Message...)
}

// readCalls fills q but for the partition, and returns the partitions.
func readCalls(r *packed.Reader, q *partition.Request) ([]partition.ID, error) {
	if v := r.Byte(); r.Err() == nil && v != callVersion {
		return nil, errVersion
	}
	q.Token = r.Uvarint()
	copy(q.Client[:], r.Take(len(q.Client)))
	q.Table = int32(r.Uint32())
	q.OnBackup = r.Byte()&flagOnBackup != 0
	ids := make([]partition.ID, r.Count(1))
	for i := range ids {
		id := r.Uvarint()
		if id > 1<<30 {
			return nil, errFrame
		}
		ids[i] = partition.ID(id)
	}
	q.Message = r.Rest()
	return ids, r.Err()
}

func appendAsk(dst []byte, id uint64, op byte, body []byte) []byte {
	dst = packed.AppendUvarint(append(dst, frameAsk), id)
	return append(append(dst, op), body...)
}

// appendRegistration appends a listener, without its sink.
func appendRegistration(dst []byte, reg *event.Registration) []byte {
	dst = append(dst, reg.ID[:]...)
	dst = packed.AppendString(dst, reg.Service)
	dst = packed.AppendString(dst, reg.Name)
	dst = packed.AppendUint32(dst, uint32(reg.Types))
	dst = packed.AppendNullable(dst, reg.Key)
	return packed.AppendBool(dst, reg.IncludeValue)
}

func readRegistration(r *packed.Reader) (reg event.Registration) {
	copy(reg.ID[:], r.Take(len(reg.ID)))
	reg.Service, reg.Name = r.String(), r.String()
	reg.Types = event.Type(r.Uint32())
	if key := r.Nullable(); key != nil {
		reg.Key = append([]byte{}, key...)
	}
	reg.IncludeValue = r.Bool()
	return reg
}

// appendEvent appends a registration id and an event for it.
func appendEvent(dst []byte, id cluster.UUID, e *event.Event) []byte {
	dst = append(dst, id[:]...)
	dst = packed.AppendUint32(dst, uint32(e.Type))
	dst = packed.AppendNullable(dst, e.Key)
	dst = packed.AppendNullable(dst, e.Value)
	dst = packed.AppendNullable(dst, e.OldValue)
	dst = packed.AppendUint32(dst, uint32(e.Count))
	dst = append(dst, e.Source[:]...)
	dst = append(dst, e.Member[:]...)
	dst = packed.AppendUint32(dst, uint32(e.Partition))
	dst = append(dst, e.PartitionUUID[:]...)
	return packed.AppendInt64(dst, e.Sequence)
}

func readEvent(r *packed.Reader) (id cluster.UUID, e event.Event) {
	copy(id[:], r.Take(len(id)))
	e.Type = event.Type(r.Uint32())
	e.Key, e.Value, e.OldValue = r.Nullable(), r.Nullable(), r.Nullable()
	e.Count = int32(r.Uint32())
	copy(e.Source[:], r.Take(16))
	copy(e.Member[:], r.Take(16))
	e.Partition = int32(r.Uint32())
	copy(e.PartitionUUID[:], r.Take(16))
	e.Sequence = r.Int64()
	return id, e
}
