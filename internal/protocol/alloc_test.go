package protocol

import (
	"testing"

	"github.com/filbertgrid/filbert/internal/wire"
)

// TestAllocations holds that the ways of a get and a set allocate nothing here.
func TestAllocations(t *testing.T) {
	key, value := make([]byte, 20), make([]byte, 1000)
	put := wire.Message(AppendMapPutRequest(nil, 1, 2, &MapPutRequest{Name: key, Key: key, Value: value}))
	get := wire.Message(AppendMapGetRequest(nil, 1, 2, &MapGetRequest{Name: key, Key: key}))
	set := wire.Message(AppendMapSetRequest(nil, 1, 2, &MapSetRequest{Name: key, Key: key, Value: value}))
	getAll := wire.Message(AppendMapGetAllRequest(nil, 1, 2, &MapGetAllRequest{Name: key, Keys: [][]byte{key, key, key}}))
	putAll := wire.Message(AppendMapPutAllRequest(nil, 1, 2,
		&MapPutAllRequest{Name: key, Entries: []Entry{{key, value}, {key, value}}}))
	var (
		putRequest    MapPutRequest
		getRequest    MapGetRequest
		setRequest    MapSetRequest
		getAllRequest MapGetAllRequest
		putAllRequest MapPutAllRequest
		out           = make([]byte, 0, 8<<10)
	)
	tests := []struct {
		name string
		run  func() error
	}{
		{"decode put", func() error { return DecodeMapPutRequest(put, &putRequest) }},
		{"decode get", func() error { return DecodeMapGetRequest(get, &getRequest) }},
		{"decode set", func() error { return DecodeMapSetRequest(set, &setRequest) }},
		{"decode getAll, again", func() error { return DecodeMapGetAllRequest(getAll, &getAllRequest) }},
		{"decode putAll, again", func() error { return DecodeMapPutAllRequest(putAll, &putAllRequest) }},
		{"append put", func() error {
			out = AppendMapPutResponse(out[:0], 1, &MapPutResponse{Response: value})
			return nil
		}},
		{"append get", func() error {
			out = AppendMapGetResponse(out[:0], 1, &MapGetResponse{Response: value})
			return nil
		}},
		{"append set", func() error {
			out = AppendMapSetResponse(out[:0], 1, &MapSetResponse{})
			return nil
		}},
		{"append event", func() error {
			out = AppendMapAddEntryListenerEntryEvent(out[:0], 1, &MapAddEntryListenerEntryEvent{Key: key, Value: value})
			return nil
		}},
		{"describe", func() error {
			if _, ok := Describe(MapGetRequestType); !ok {
				t.Fatal("get is not described")
			}
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := testing.AllocsPerRun(100, func() {
				if err := tt.run(); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}

func BenchmarkDecodeMapPutRequest(b *testing.B) {
	m := wire.Message(AppendMapPutRequest(nil, 1, 2,
		&MapPutRequest{Name: []byte("map"), Key: make([]byte, 20), Value: make([]byte, 100)}))
	var r MapPutRequest
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeMapPutRequest(m, &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendMapGetResponse(b *testing.B) {
	r := MapGetResponse{Response: make([]byte, 100)}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = AppendMapGetResponse(out[:0], 1, &r)
	}
}
