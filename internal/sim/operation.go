package sim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/wire"
)

// kind is a kind of operation.
type kind string

// The kinds.
const (
	opPut         kind = "put"
	opSet         kind = "set"
	opGet         kind = "get"
	opRemove      kind = "remove"
	opDelete      kind = "delete"
	opPutIfAbsent kind = "putIfAbsent"
	opReplace     kind = "replace"
	opReplaceIf   kind = "replaceIfSame"
	opRemoveIf    kind = "removeIfSame"
	opContains    kind = "containsKey"
	opGetAll      kind = "getAll"
	opEntrySet    kind = "entrySet"
	opSize        kind = "size"
	opTryLock     kind = "tryLock"
	opUnlock      kind = "unlock"
	// opRelease is the cluster's: it takes a client for gone.
	opRelease kind = "release"
	// opLoss is the cluster's: a member ends, and with it the latest writes that nobody waited for.
	opLoss kind = "loss"
)

// The maps. A write to the main one waits for all backups in sync, whatever its backup-count above 0; the strict one has
// a synchronous backup on each of them. A write to the loose one waits for nobody, and may be lost with its primary.
const (
	mainMap   = "sim"
	strictMap = "strict"
	looseMap  = "loose"
)

// mapOf is the map that a key belongs to, by its prefix.
func mapOf(key string) string {
	name, _, ok := strings.Cut(key, ":")
	if !ok {
		return mainMap
	}
	return name
}

// operation is one that a client asks for. Values are numbers, 0 means no entry.
type operation struct {
	kind  kind
	key   string
	keys  []string // of getAll and entrySet, key is the first
	value int
	// pad makes a value larger, by a part of it that depends on the number; the same for all operations of a world.
	pad   string
	test  int // what replaceIfSame and removeIfSame compare with
	began time.Duration
	tries int
	// ttl of a put or set in ms, 0 for none. Such keys have no history: when they go depends on many clocks.
	ttl int64
	// reference identifies a lock operation when it is sent again.
	reference int64
	// done, if set, is told what came of it.
	done func(outcome)
}

// outcome is what became of it.
type outcome struct {
	// unknown: it may have been executed.
	unknown bool
	// value is the answer's value, 0 for none; yes its truth value; values those of getAll.
	value   int
	yes     bool
	refused bool
	values  map[string]int
}

func (o *operation) String() string {
	return fmt.Sprintf("%s %s %d %d", o.kind, o.key, o.value, o.test)
}

func (o outcome) String() string {
	if o.unknown {
		return "unknown"
	}
	return fmt.Sprintf("%d %v %v %v", o.value, o.yes, o.refused, len(o.values))
}

func blob(s string) []byte { return serial.AppendString(nil, s) }

// number is the serialized form of a value: its digits, and then a part of pad that makes it as large as values are.
func number(n int, pad string) []byte {
	digits := strconv.Itoa(n)
	if pad != "" {
		digits += "/" + pad[:n*7919%len(pad)]
	}
	return blob(digits)
}

// unblob reads what number wrote; 0 for null.
func unblob(b []byte) (int, error) {
	if b == nil {
		return 0, nil
	}
	const length = 4 // of the string, behind the header
	p := serial.Payload(b)
	digits, _, _ := strings.Cut(string(p[min(length, len(p)):]), "/")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, fmt.Errorf("value % .100x: %w", b, err)
	}
	return n, nil
}

// life is the TTL as the protocol has it.
func (o *operation) life() int64 {
	if o.ttl == 0 {
		return -1
	}
	return o.ttl
}

// data is the key's serialized form.
func (o *operation) data() []byte { return blob(o.key) }

// message encodes the request. Every client has one thread.
func (o *operation) message(correlation int64, partition int32) wire.Message {
	name, key := []byte(mapOf(o.key)), o.data()
	var value, test []byte
	if o.kind != opGet && o.kind != opSize && o.kind != opEntrySet {
		value = number(o.value, o.pad)
	}
	if o.kind == opReplaceIf || o.kind == opRemoveIf {
		test = number(o.test, o.pad)
	}
	switch o.kind {
	case opPut:
		return protocol.AppendMapPutRequest(nil, correlation, partition, &protocol.MapPutRequest{Name: name, Key: key, Value: value, ThreadID: 1, TTL: o.life()})
	case opSet:
		return protocol.AppendMapSetRequest(nil, correlation, partition, &protocol.MapSetRequest{Name: name, Key: key, Value: value, ThreadID: 1, TTL: o.life()})
	case opGet:
		return protocol.AppendMapGetRequest(nil, correlation, partition, &protocol.MapGetRequest{Name: name, Key: key, ThreadID: 1})
	case opRemove:
		return protocol.AppendMapRemoveRequest(nil, correlation, partition, &protocol.MapRemoveRequest{Name: name, Key: key, ThreadID: 1})
	case opDelete:
		return protocol.AppendMapDeleteRequest(nil, correlation, partition, &protocol.MapDeleteRequest{Name: name, Key: key, ThreadID: 1})
	case opPutIfAbsent:
		return protocol.AppendMapPutIfAbsentRequest(nil, correlation, partition, &protocol.MapPutIfAbsentRequest{Name: name, Key: key, Value: value, ThreadID: 1, TTL: o.life()})
	case opReplace:
		return protocol.AppendMapReplaceRequest(nil, correlation, partition, &protocol.MapReplaceRequest{Name: name, Key: key, Value: value, ThreadID: 1})
	case opReplaceIf:
		return protocol.AppendMapReplaceIfSameRequest(nil, correlation, partition, &protocol.MapReplaceIfSameRequest{Name: name, Key: key, TestValue: test, Value: value, ThreadID: 1})
	case opRemoveIf:
		return protocol.AppendMapRemoveIfSameRequest(nil, correlation, partition, &protocol.MapRemoveIfSameRequest{Name: name, Key: key, Value: test, ThreadID: 1})
	case opContains:
		return protocol.AppendMapContainsKeyRequest(nil, correlation, partition, &protocol.MapContainsKeyRequest{Name: name, Key: key, ThreadID: 1})
	case opGetAll:
		var keys [][]byte
		for _, k := range o.keys {
			keys = append(keys, blob(k))
		}
		return protocol.AppendMapGetAllRequest(nil, correlation, partition, &protocol.MapGetAllRequest{Name: name, Keys: keys})
	case opEntrySet:
		return protocol.AppendMapEntrySetRequest(nil, correlation, -1, &protocol.MapEntrySetRequest{Name: name})
	case opSize:
		return protocol.AppendMapSizeRequest(nil, correlation, -1, &protocol.MapSizeRequest{Name: name})
	case opTryLock:
		return protocol.AppendMapTryLockRequest(nil, correlation, partition, &protocol.MapTryLockRequest{
			Name: name, Key: key, ThreadID: 1, Lease: -1, Timeout: int64(o.value), ReferenceID: o.reference,
		})
	case opUnlock:
		return protocol.AppendMapUnlockRequest(nil, correlation, partition, &protocol.MapUnlockRequest{Name: name, Key: key, ThreadID: 1, ReferenceID: o.reference})
	case opRelease, opLoss:
	}
	return nil
}

// retryable tells whether clients send it again when they do not know what has become of it.
func (o *operation) retryable() bool {
	small := *o
	small.pad = ""
	info, _ := protocol.Describe(small.message(1, 0).Type())
	return info.Retryable
}

// decode reads the answer.
func (o *operation) decode(m wire.Message) (out outcome, err error) {
	switch o.kind {
	case opPut:
		var r protocol.MapPutResponse
		err = protocol.DecodeMapPutResponse(m, &r)
		return out.of(r.Response, err)
	case opGet:
		var r protocol.MapGetResponse
		err = protocol.DecodeMapGetResponse(m, &r)
		return out.of(r.Response, err)
	case opRemove:
		var r protocol.MapRemoveResponse
		err = protocol.DecodeMapRemoveResponse(m, &r)
		return out.of(r.Response, err)
	case opPutIfAbsent:
		var r protocol.MapPutIfAbsentResponse
		err = protocol.DecodeMapPutIfAbsentResponse(m, &r)
		return out.of(r.Response, err)
	case opReplace:
		var r protocol.MapReplaceResponse
		err = protocol.DecodeMapReplaceResponse(m, &r)
		return out.of(r.Response, err)
	case opReplaceIf:
		var r protocol.MapReplaceIfSameResponse
		err = protocol.DecodeMapReplaceIfSameResponse(m, &r)
		out.yes = r.Response
	case opRemoveIf:
		var r protocol.MapRemoveIfSameResponse
		err = protocol.DecodeMapRemoveIfSameResponse(m, &r)
		out.yes = r.Response
	case opContains:
		var r protocol.MapContainsKeyResponse
		err = protocol.DecodeMapContainsKeyResponse(m, &r)
		out.yes = r.Response
	case opTryLock:
		var r protocol.MapTryLockResponse
		err = protocol.DecodeMapTryLockResponse(m, &r)
		out.yes = r.Response
	case opSize:
		var r protocol.MapSizeResponse
		err = protocol.DecodeMapSizeResponse(m, &r)
		out.value = int(r.Response)
	case opGetAll:
		var r protocol.MapGetAllResponse
		if err = protocol.DecodeMapGetAllResponse(m, &r); err == nil {
			out.values, err = o.found(r.Response)
		}
	case opEntrySet:
		var r protocol.MapEntrySetResponse
		if err = protocol.DecodeMapEntrySetResponse(m, &r); err == nil {
			out.values, err = o.found(r.Response)
		}
	case opSet, opDelete, opUnlock, opRelease, opLoss:
		if want := o.message(1, 0).Type() + 1; m.Type() != want {
			err = fmt.Errorf("%w: type %#x, not %#x", wire.ErrMalformed, m.Type(), want)
		}
	}
	return out, err
}

func (o outcome) of(b []byte, err error) (outcome, error) {
	if err != nil {
		return o, err
	}
	o.value, err = unblob(b)
	return o, err
}

// errTwice is the error of a list that has a key twice.
var errTwice = errors.New("a key is listed twice")

// found is what a list of entries says of the operation's keys.
func (o *operation) found(entries []protocol.Entry) (map[string]int, error) {
	listed := map[string][]byte{}
	for _, e := range entries {
		if _, twice := listed[string(e.Key)]; twice {
			return nil, fmt.Errorf("%w: %q", errTwice, e.Key)
		}
		listed[string(e.Key)] = e.Value
	}
	values := map[string]int{}
	for _, k := range o.keys {
		n, err := unblob(listed[string(blob(k))])
		if err != nil {
			return nil, err
		}
		values[k] = n
	}
	return values, nil
}
