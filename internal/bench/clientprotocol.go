package bench

import (
	"encoding/binary"
	"fmt"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Data of a String and of a byte[] have the header and the length in front of what is counted as key or value size.
const dataHead = serial.HeaderSize + 4

// keyData appends the Data of a String.
func keyData(key []byte) []byte { return serial.AppendString(nil, string(key)) }

// valueData returns the Data of a byte[].
func valueData(value []byte) []byte {
	id := serial.TypeByteArray
	b := binary.BigEndian.AppendUint32(nil, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(id))
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// allData returns the Data of keys and values.
func allData(keys, values [][]byte) (keyBlobs, valueBlobs [][]byte) {
	for i := range keys {
		keyBlobs, valueBlobs = append(keyBlobs, keyData(keys[i])), append(valueBlobs, valueData(values[i]))
	}
	return keyBlobs, valueBlobs
}

// A keyFormat knows the partition of a key. It is read by all connections and never written.
type keyFormat struct {
	data       []byte // the Data of key 0
	digits     int
	partitions int32
}

// maxKeyData bounds the room that a key takes on a stack.
const maxKeyData = dataHead + maxKeySize

// partition returns where a key belongs.
func (f *keyFormat) partition(key uint32) int32 {
	var room [maxKeyData]byte
	if len(f.data) <= 64 {
		return f.partitionIn(room[:64], key)
	}
	return f.partitionIn(room[:], key)
}

func (f *keyFormat) partitionIn(room []byte, key uint32) int32 {
	b := room[:copy(room, f.data)]
	putDigits(b, key, f.digits)
	return serial.PartitionID(serial.Hash(b), f.partitions)
}

// clientRequest encodes the requests of the client protocol, with a head to be written over.
func clientRequest(k kind, name string, keys, values [][]byte) []byte {
	keys, values = allData(keys, values)
	n := []byte(name)
	switch k {
	case kindGet:
		return protocol.AppendMapGetRequest(nil, 0, 0, &protocol.MapGetRequest{Name: n, Key: keys[0], ThreadID: threadID})
	case kindSet:
		return protocol.AppendMapSetRequest(nil, 0, 0, &protocol.MapSetRequest{Name: n, Key: keys[0], Value: values[0], ThreadID: threadID, TTL: -1})
	case kindPutAll:
		entries := make([]protocol.Entry, len(keys))
		for i := range keys {
			entries[i] = protocol.Entry{Key: keys[i], Value: values[i]}
		}
		return protocol.AppendMapPutAllRequest(nil, 0, 0, &protocol.MapPutAllRequest{Name: n, Entries: entries, TriggerMapLoader: true})
	case kindGetAll:
		return protocol.AppendMapGetAllRequest(nil, 0, 0, &protocol.MapGetAllRequest{Name: n, Keys: keys})
	case kindLock:
		return protocol.AppendMapLockRequest(nil, 0, 0, &protocol.MapLockRequest{Name: n, Key: keys[0], ThreadID: threadID, TTL: -1})
	case kindUnlock:
		return protocol.AppendMapUnlockRequest(nil, 0, 0, &protocol.MapUnlockRequest{Name: n, Key: keys[0], ThreadID: threadID})
	}
	return nil
}

// clientResponse encodes what a member answers to a hit: for the sizes of the echo.
func clientResponse(k kind, keys, values [][]byte) []byte {
	keys, values = allData(keys, values)
	switch k {
	case kindGet:
		return protocol.AppendMapGetResponse(nil, 0, &protocol.MapGetResponse{Response: values[0]})
	case kindGetAll:
		entries := make([]protocol.Entry, len(keys))
		for i := range keys {
			entries[i] = protocol.Entry{Key: keys[i], Value: values[i]}
		}
		return protocol.AppendMapGetAllResponse(nil, 0, &protocol.MapGetAllResponse{Response: entries})
	case kindSet, kindPutAll, kindLock, kindUnlock: // a head and nothing more
	}
	return protocol.AppendMapSetResponse(nil, 0, &protocol.MapSetResponse{})
}

// threadID is the caller's thread in every request but those of locks, where each slot is a thread.
const threadID = 1

// Where fields lie in a request; thread and reference ids stand behind the partition, in locks with the TTL between.
const (
	atCorrelation = wire.FrameHeaderSize + 4
	atPartition   = wire.FrameHeaderSize + 12
	atThread      = wire.FrameHeaderSize + wire.RequestHeadSize
	atLockRef     = atThread + 16
	atUnlockRef   = atThread + 8
)

// responseType is the type of the answer to each kind of request.
func responseType(k kind) int32 {
	return [...]int32{
		protocol.MapGetResponseType, protocol.MapSetResponseType, protocol.MapPutAllResponseType,
		protocol.MapGetAllResponseType, protocol.MapLockResponseType, protocol.MapUnlockResponseType,
	}[k]
}

// clientDialect speaks the protocol of Hazelcast's clients. A correlation id is the slot's serial and its number, so
// answers find their slots in any order, and one for an operation that is over finds none.
type clientDialect struct {
	templates *templates
	shape     shape
	keys      *keyFormat
	maps      uint32 // how many
	mapDigits int    // 0 for one map
	nameSize  int
	answers   protocol.MapGetAllResponse // reused
}

func (d *clientDialect) append(dst []byte, number int, s *slot) []byte {
	dst, at := d.templates[s.kind].append(dst, s.keys)
	b := dst[at:]
	binary.LittleEndian.PutUint64(b[atCorrelation:], uint64(correlation(s.serial, number)))
	partition := s.partition
	if partition < 0 {
		partition = d.keys.partition(s.keys[0])
	}
	binary.LittleEndian.PutUint32(b[atPartition:], uint32(partition))
	if d.mapDigits > 0 { // the name is the first frame behind the head
		end := int(binary.LittleEndian.Uint32(b)) + wire.FrameHeaderSize + d.nameSize
		putDigits(b[:end], s.keys[0]%d.maps, d.mapDigits)
	}
	switch s.kind {
	case kindLock:
		binary.LittleEndian.PutUint64(b[atThread:], uint64(number+1))
		binary.LittleEndian.PutUint64(b[atLockRef:], uint64(correlation(s.serial, number)))
	case kindUnlock:
		binary.LittleEndian.PutUint64(b[atThread:], uint64(number+1))
		binary.LittleEndian.PutUint64(b[atUnlockRef:], uint64(correlation(s.serial, number)))
	case kindGet, kindSet, kindPutAll, kindGetAll: // the thread in the template does for all
	}
	return dst
}

// firstSerial keeps correlation ids clear of those that opening a connection takes.
const firstSerial = 1

func correlation(serial uint32, number int) int64 { return int64(serial)<<16 | int64(number) }

func (d *clientDialect) cut(in []byte, slots []slot) (answer, error) {
	m, _, _, err := wire.Cut(in, wire.Limits{})
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errStream, err)
	}
	if m == nil {
		return answer{}, nil
	}
	a := answer{size: len(m), slot: int(m.CorrelationID() & 0xffff)}
	if !m.Flags().Has(wire.FlagUnfragmented) || m.Flags().Has(wire.FlagEvent) ||
		a.slot >= len(slots) || !slots[a.slot].busy || correlation(slots[a.slot].serial, a.slot) != m.CorrelationID() {
		return answer{}, fmt.Errorf("%w: message of type %#x that nobody asked for", errStream, m.Type())
	}
	s := &slots[a.slot]
	switch m.Type() {
	case responseType(s.kind):
		d.judge(m, s, &a)
	case protocol.ErrorType:
		a.verdict, a.reason = refusal(m)
	default:
		a.verdict, a.reason = failed, "answer of another type"
	}
	return a, nil
}

// judge looks at the values of a success.
func (d *clientDialect) judge(m wire.Message, s *slot, a *answer) {
	switch s.kind {
	case kindGet:
		var r protocol.MapGetResponse
		switch err := protocol.DecodeMapGetResponse(m, &r); {
		case err != nil:
			a.verdict, a.reason = failed, "malformed answer"
		case r.Response == nil:
			a.misses = 1
		case len(r.Response) < dataHead || !d.shape.holds(r.Response[dataHead:], s.keys[0]):
			a.verdict, a.reason = failed, wrongValue
		}
	case kindGetAll:
		if err := protocol.DecodeMapGetAllResponse(m, &d.answers); err != nil {
			a.verdict, a.reason = failed, "malformed answer"
			return
		}
		a.misses = max(0, distinct(s.keys)-len(d.answers.Response))
		for _, e := range d.answers.Response {
			if !d.holds(e) {
				a.verdict, a.reason = failed, wrongValue
			}
		}
	case kindSet, kindPutAll, kindLock, kindUnlock: // nothing to look at
	}
}

// holds reports whether an entry's value is that of its key.
func (d *clientDialect) holds(e protocol.Entry) bool {
	if len(e.Key) < dataHead+d.shape.digits || len(e.Value) < dataHead {
		return false
	}
	key, ok := number(e.Key[len(e.Key)-d.shape.digits:])
	return ok && d.shape.holds(e.Value[dataHead:], key)
}

// distinct is the number of different keys of a batch, which is a run of a circle: it may have gone round.
func distinct(keys []uint32) int {
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[0] {
			return i
		}
	}
	return len(keys)
}

// refusal reads an answer that carries an error.
func refusal(m wire.Message) (verdict, string) {
	holders, err := protocol.DecodeError(m, nil)
	if err != nil || len(holders) == 0 {
		return failed, "malformed answer"
	}
	reason := holders[0].ClassName
	if fault.Retryable(fault.OfCode(holders[0].ErrorCode)) {
		return refused, reason
	}
	return failed, reason
}
