package bench

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/serial"
	"github.com/filbertgrid/filbert/internal/wire"
)

// keyOf and valueOf write out what a template is meant to hold.
func keyOf(s shape, key uint32) []byte { return fmt.Appendf(nil, "%0*d", s.keySize, key) }

func valueOf(s shape, key uint32) []byte {
	v := s.value()
	if len(v) >= numberSize {
		binary.LittleEndian.PutUint64(v, uint64(key))
	}
	return v
}

// Every request that is made of a template is what encoding it would have given, but for the head of the client
// protocol.
func TestTemplates(t *testing.T) {
	keys := []uint32{7, 99_999, 0, 31_415, 8}
	for _, size := range []int{0, 7, 8, 100, 3000} {
		for k := range kind(kinds) {
			for _, p := range []string{Client, RESP} {
				if p == RESP && k >= kindLock {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%d", p, k, size), func(t *testing.T) {
					o := Defaults()
					o.Protocol, o.ValueSize, o.Batch = p, size, len(keys)
					encode := func(keys, values [][]byte) []byte {
						if p == RESP {
							return o.respRequest(k, keys, values)
						}
						return clientRequest(k, o.Map, keys, values)
					}
					s, n := o.shape(), o.batchOf(k)
					var wantKeys, wantValues [][]byte
					for _, key := range keys[:n] {
						wantKeys, wantValues = append(wantKeys, keyOf(s, key)), append(wantValues, valueOf(s, key))
					}
					want := encode(wantKeys, wantValues)
					tpl := newTemplate(s, n, k == kindSet || k == kindPutAll, encode)
					for range 2 { // nothing stays in the template
						got, at := tpl.append([]byte("before"), keys[:n])
						if at != len("before") || !bytes.Equal(got[at:], want) {
							t.Fatalf("at %d\ngot  %q\nwant %q", at, got[at:], want)
						}
					}
				})
			}
		}
	}
}

// What the dialect writes into the head is what decoding finds.
func TestClientRequestHeads(t *testing.T) {
	o := Defaults()
	o.Batch = 3
	s := o.shape()
	format := &keyFormat{data: keyData(s.key()), digits: s.digits, partitions: 271}
	p := &phase{options: &o, target: &target{keys: format}, kinds: []kind{kindGet, kindSet, kindPutAll, kindGetAll, kindLock, kindUnlock}, batch: 3}
	d := p.dialect(p.templates())
	wantKey := keyData(keyOf(s, 4711))
	partition := serial.PartitionID(serial.Hash(wantKey), 271)
	for _, k := range p.kinds {
		slot := slot{kind: k, serial: 12, partition: -1, keys: []uint32{4711, 1, 2}[:o.batchOf(k)]}
		m := wire.Message(d.append(nil, 5, &slot))
		if m.CorrelationID() != 12<<16|5 || m.PartitionID() != partition {
			t.Errorf("%s: correlation %#x, partition %d, want %d", k, m.CorrelationID(), m.PartitionID(), partition)
		}
		slot.partition = 7 // the source knew
		if got := wire.Message(d.append(nil, 5, &slot)).PartitionID(); got != 7 {
			t.Errorf("%s: partition %d, want 7", k, got)
		}
		if !bytes.Contains(m, wantKey) {
			t.Errorf("%s: no key %q in %q", k, wantKey, m)
		}
	}
	var lock protocol.MapLockRequest
	slot := slot{kind: kindLock, serial: 12, keys: []uint32{1}}
	if err := protocol.DecodeMapLockRequest(d.append(nil, 5, &slot), &lock); err != nil || lock.ThreadID != 6 || lock.TTL != -1 || lock.ReferenceID != 12<<16|5 {
		t.Errorf("lock: %+v, %v", lock, err)
	}
	var unlock protocol.MapUnlockRequest
	slot.kind = kindUnlock
	if err := protocol.DecodeMapUnlockRequest(d.append(nil, 5, &slot), &unlock); err != nil || unlock.ThreadID != 6 || unlock.ReferenceID != 12<<16|5 {
		t.Errorf("unlock: %+v, %v", unlock, err)
	}
}

// Answers of the client protocol: who they are for, and whether they are right.
func TestClientAnswers(t *testing.T) {
	o := Defaults()
	s := o.shape()
	p := &phase{options: &o, target: &target{keys: &keyFormat{data: keyData(s.key()), digits: s.digits, partitions: 271}}, kinds: []kind{kindGet}}
	entry := func(key, value uint32) protocol.Entry {
		return protocol.Entry{Key: keyData(keyOf(s, key)), Value: valueData(valueOf(s, value))}
	}
	failure := func(code int32, class string) []byte {
		return protocol.AppendError(nil, 3<<16|1, []protocol.ErrorHolder{{ErrorCode: code, ClassName: class}})
	}
	get := func(value []byte) []byte {
		return protocol.AppendMapGetResponse(nil, 3<<16|1, &protocol.MapGetResponse{Response: value})
	}
	getAll := func(entries ...protocol.Entry) []byte {
		return protocol.AppendMapGetAllResponse(nil, 3<<16|1, &protocol.MapGetAllResponse{Response: entries})
	}
	tests := []struct {
		name string
		kind kind
		keys []uint32
		in   []byte
		want answer
		err  bool
	}{
		{"hit", kindGet, []uint32{5}, get(entry(5, 5).Value), answer{}, false},
		{"miss", kindGet, []uint32{5}, get(nil), answer{misses: 1}, false},
		{"value of another key", kindGet, []uint32{5}, get(entry(5, 6).Value), answer{verdict: failed, reason: wrongValue}, false},
		{"short value", kindGet, []uint32{5}, get([]byte("short")), answer{verdict: failed, reason: wrongValue}, false},
		{"set", kindSet, []uint32{5}, protocol.AppendMapSetResponse(nil, 3<<16|1, &protocol.MapSetResponse{}), answer{}, false},
		{"other type", kindSet, []uint32{5}, get(nil), answer{verdict: failed, reason: "answer of another type"}, false},
		{"all there", kindGetAll, []uint32{5, 6}, getAll(entry(6, 6), entry(5, 5)), answer{}, false},
		{"one missing", kindGetAll, []uint32{5, 6}, getAll(entry(6, 6)), answer{misses: 1}, false},
		{"asked twice", kindGetAll, []uint32{5, 6, 5}, getAll(entry(6, 6), entry(5, 5)), answer{}, false},
		{"one wrong", kindGetAll, []uint32{5, 6}, getAll(entry(6, 6), entry(5, 6)), answer{verdict: failed, reason: wrongValue}, false},
		{"refused", kindSet, []uint32{5}, failure(39, "Migrating"), answer{verdict: refused, reason: "Migrating"}, false},
		{"failed", kindSet, []uint32{5}, failure(43, "Full"), answer{verdict: failed, reason: "Full"}, false},
		{"slot of nobody", kindSet, []uint32{5}, protocol.AppendMapSetResponse(nil, 3<<16, &protocol.MapSetResponse{}), answer{}, true},
		{"slot that does not exist", kindSet, []uint32{5}, protocol.AppendMapSetResponse(nil, 3<<16|9, &protocol.MapSetResponse{}), answer{}, true},
		{"operation that is over", kindSet, []uint32{5}, protocol.AppendMapSetResponse(nil, 2<<16|1, &protocol.MapSetResponse{}), answer{}, true},
		{"HTTP", kindSet, []uint32{5}, []byte("HTTP/1.1 400 Bad Request\r\n"), answer{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := p.dialect(&templates{})
			slots := []slot{{}, {kind: tt.kind, keys: tt.keys, serial: 3, busy: true}}
			if !tt.err {
				for n := range tt.in {
					if a, err := d.cut(tt.in[:n], slots); a.size != 0 || err != nil {
						t.Fatalf("%d of %d bytes: %+v, %v", n, len(tt.in), a, err)
					}
				}
				tt.want.size, tt.want.slot = len(tt.in), 1
			}
			a, err := d.cut(append(bytes.Clone(tt.in), "next"...), slots)
			if a != tt.want || (err != nil) != tt.err {
				t.Errorf("%+v, %v; want %+v", a, err, tt.want)
			}
		})
	}
}
