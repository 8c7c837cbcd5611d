package protocol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/wire"
)

// unhex reads annotated bytes: spaces and newlines are for the reader.
func unhex(t *testing.T, s string) wire.Message {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return wholeMessage(t, b)
}

const (
	goldenCorrelation = 77

	// headOf77 is the correlation id 77 and the partition -1.
	headOf77 = "4d00000000000000 ffffffff "
	// goldenUUIDBytes is goldenUUID on the wire: not null, then each half little-endian.
	goldenUUIDBytes = "00 0807060504030201 1817161514131211 "
)

var goldenUUID = NewUUID(0x0102030405060708, 0x1112131415161718)

// The requests are bytes that the official Go client 1.4.2 sends for these values.
var goldenRequests = []struct {
	name  string
	bytes string
	want  any
}{
	{
		"authentication of a client that knows nothing newer than 2.0",
		"28000000 00c0 00010000" + headOf77 + goldenUUIDBytes + "01" +
			"09000000 0000 646576 06000000 0004 06000000 0004 09000000 0000 474f4f 0b000000 0000 312e342e32" +
			"08000000 0000 636c 06000000 0010 07000000 0000 61 07000000 0000 62 06000000 0028",
		&ClientAuthenticationRequest{
			ClusterName: []byte("dev"), UUID: goldenUUID, ClientType: []byte("GOO"), SerializationVersion: 1,
			ClientHazelcastVersion: []byte("1.4.2"), ClientName: []byte("cl"), Labels: [][]byte{[]byte("a"), []byte("b")},
		},
	},
	{
		"put",
		"26000000 00c0 00010100" + headOf77 + "0500000000000000 ffffffffffffffff 07000000 0000 6d" +
			"0f000000 0000 6b65796b65796b6579 10000000 0020 76616c756576616c7565",
		&MapPutRequest{Name: []byte("m"), Key: []byte("keykeykey"), Value: []byte("valuevalue"), ThreadID: 5, TTL: -1},
	},
	{
		"get",
		"1e000000 00c0 00020100" + headOf77 + "0500000000000000 07000000 0000 6d 0f000000 0020 6b65796b65796b6579",
		&MapGetRequest{Name: []byte("m"), Key: []byte("keykeykey"), ThreadID: 5},
	},
	{
		"putAll",
		"17000000 00c0 002c0100" + headOf77 + "01 07000000 0000 6d 06000000 0010" +
			"0f000000 0000 6b65796b65796b6579 10000000 0000 76616c756576616c7565" +
			"10000000 0000 76616c756576616c7565 0f000000 0000 6b65796b65796b6579 06000000 0028",
		&MapPutAllRequest{
			Name: []byte("m"), TriggerMapLoader: true, HasTriggerMapLoader: true,
			Entries: []Entry{
				{Key: []byte("keykeykey"), Value: []byte("valuevalue")}, {Key: []byte("valuevalue"), Value: []byte("keykeykey")},
			},
		},
	},
	{
		"getAll",
		"16000000 00c0 00230100" + headOf77 + "07000000 0000 6d 06000000 0010" +
			"0f000000 0000 6b65796b65796b6579 10000000 0000 76616c756576616c7565 06000000 0028",
		&MapGetAllRequest{Name: []byte("m"), Keys: [][]byte{[]byte("keykeykey"), []byte("valuevalue")}},
	},
	{
		"addEntryListener",
		"1c000000 00c0 00190100" + headOf77 + "01 ff000000 00 07000000 0020 6d",
		&MapAddEntryListenerRequest{Name: []byte("m"), IncludeValue: true, ListenerFlags: 255},
	},
	{
		"lock",
		"2e000000 00c0 00100100" + headOf77 + "0500000000000000 60ea000000000000 0800000000000000" +
			"07000000 0000 6d 0f000000 0020 6b65796b65796b6579",
		&MapLockRequest{Name: []byte("m"), Key: []byte("keykeykey"), ThreadID: 5, TTL: 60000, ReferenceID: 8},
	},
	{
		"fetchNearCacheInvalidationMetadata",
		"27000000 00c0 003d0100" + headOf77 + goldenUUIDBytes +
			"06000000 0010 07000000 0000 6d 07000000 0000 6e 06000000 0028",
		&MapFetchNearCacheInvalidationMetadataRequest{Names: [][]byte{[]byte("m"), []byte("n")}, UUID: goldenUUID},
	},
	{
		"addIndex with a structure in a structure and an absent newer field",
		"16000000 00c0 00290100" + headOf77 + "07000000 0000 6d 06000000 0010 0a000000 0000 01000000" +
			"08000000 0000 6978 06000000 0010 07000000 0000 61 06000000 0008" +
			"06000000 0010 0a000000 0000 00000000 06000000 0000 06000000 0008 06000000 0028",
		&MapAddIndexRequest{Name: []byte("m"), IndexConfig: IndexConfig{
			Name: Text("ix"), Type: 1, Attributes: []string{"a"}, BitmapIndexOptions: &BitmapIndexOptions{},
		}},
	},
	{
		"PN counter get with a list of pairs of fixed size",
		"27000000 00c0 0001 1d00" + headOf77 + goldenUUIDBytes + "07000000 0000 63" +
			"1f000000 0020" + goldenUUIDBytes + "0900000000000000",
		&PNCounterGetRequest{
			Name: []byte("c"), ReplicaTimestamps: []Pair[UUID, int64]{{goldenUUID, 9}}, TargetReplicaUUID: goldenUUID,
		},
	},
	{
		"readMany with a null filter",
		"26000000 00c0 00091700" + headOf77 + "0100000000000000 02000000 03000000 07000000 0000 72 06000000 0024",
		&RingbufferReadManyRequest{Name: []byte("r"), StartSequence: 1, MinCount: 2, MaxCount: 3},
	},
	{
		"ping",
		"16000000 00e0 000b0000" + headOf77,
		&ClientPingRequest{},
	},
}

func TestGoldenRequests(t *testing.T) {
	for _, tt := range goldenRequests {
		t.Run(tt.name, func(t *testing.T) {
			m := unhex(t, tt.bytes)
			c := checkOf(t, m.Type())
			got := c.empty()
			if err := c.decode(m, got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			again := wire.Message(c.append(nil, tt.want))
			again.SetCorrelationID(goldenCorrelation)
			again.SetPartitionID(-1)
			// What a client of an older version does not send, this version appends.
			if len(again) == len(m) && !bytes.Equal(again, m) {
				t.Errorf("appended\n%x\nwant\n%x", again, m)
			}
		})
	}
}

func checkOf(t *testing.T, messageType int32) check {
	t.Helper()
	for _, c := range checks {
		if c.messageType == messageType {
			return c
		}
	}
	t.Fatalf("no message has the type %#x", messageType)
	return check{}
}

// The answers are bytes that the official Go client 1.4.2 reads as these values.
func TestGoldenAnswers(t *testing.T) {
	const correlation = "4d00000000000000 "
	member := MemberInfo{
		Address: Address{Host: "h", Port: 5701}, UUID: goldenUUID, LiteMember: true,
		Attributes: []Pair[string, string]{{"k", "v"}}, Version: MemberVersion{Major: 5, Minor: 5},
		AddressMap: []Pair[EndpointQualifier, Address]{{EndpointQualifier{Type: 1}, Address{Host: "p", Port: 5702}}},
	}
	memberBytes := "06000000 0010 18000000 0000" + goldenUUIDBytes + "01" +
		"06000000 0010 0a000000 0000 45160000 07000000 0000 68 06000000 0008" + // address
		"06000000 0010 07000000 0000 6b 07000000 0000 76 06000000 0008" + // attributes
		"06000000 0010 09000000 0000 050500 06000000 0008" + // version
		"06000000 0010 06000000 0010 0a000000 0000 01000000 06000000 0004 06000000 0008" + // qualifier
		"06000000 0010 0a000000 0000 46160000 07000000 0000 70 06000000 0008 06000000 0008" + // address
		"06000000 0008"
	tests := []struct {
		name  string
		got   []byte
		bytes string
	}{
		{
			"put, null",
			AppendMapPutResponse(nil, goldenCorrelation, &MapPutResponse{}),
			"13000000 00c0 01010100" + correlation + "00 06000000 0024",
		},
		{
			"put, a value",
			AppendMapPutResponse(nil, goldenCorrelation, &MapPutResponse{Response: []byte("old")}),
			"13000000 00c0 01010100" + correlation + "00 09000000 0020 6f6c64",
		},
		{
			"containsKey",
			AppendMapContainsKeyResponse(nil, goldenCorrelation, &MapContainsKeyResponse{Response: true}),
			"14000000 00e0 01060100" + correlation + "00 01",
		},
		{
			"members view event",
			AppendClientAddClusterViewListenerMembersViewEvent(nil, goldenCorrelation,
				&ClientAddClusterViewListenerMembersViewEvent{Version: 3, MemberInfos: []MemberInfo{member}}),
			"1a000000 00c2 02030000" + headOf77 + "03000000 06000000 0010" + memberBytes + "06000000 0028",
		},
		{
			"partitions view event",
			AppendClientAddClusterViewListenerPartitionsViewEvent(nil, goldenCorrelation,
				&ClientAddClusterViewListenerPartitionsViewEvent{
					Version: 9, Partitions: []Pair[UUID, []int32]{{goldenUUID, []int32{0, 2}}},
				}),
			"1a000000 00c2 03030000" + headOf77 + "09000000 06000000 0010 0e000000 0000 00000000 02000000 06000000 0008" +
				"17000000 0020" + goldenUUIDBytes,
		},
		{
			"entry event",
			AppendMapAddEntryListenerEntryEvent(nil, goldenCorrelation, &MapAddEntryListenerEntryEvent{
				Key: []byte("k"), Value: []byte("v"), EventType: 1, UUID: goldenUUID, NumberOfAffectedEntries: 1,
			}),
			"2f000000 00c2 02190100" + headOf77 + "01000000" + goldenUUIDBytes + "01000000" +
				"07000000 0000 6b 07000000 0000 76 06000000 0004 06000000 0024",
		},
		{
			"invalidation metadata",
			AppendMapFetchNearCacheInvalidationMetadataResponse(nil, goldenCorrelation,
				&MapFetchNearCacheInvalidationMetadataResponse{
					NamePartitionSequenceList: []Pair[string, []Pair[int32, int64]]{{"m", []Pair[int32, int64]{{1, 2}}}},
					PartitionUUIDList:         []Pair[int32, UUID]{{1, goldenUUID}},
				}),
			"13000000 00c0 013d0100" + correlation + "00 06000000 0010 07000000 0000 6d" +
				"12000000 0000 01000000 0200000000000000 06000000 0008 1b000000 0020 01000000" + goldenUUIDBytes,
		},
		{
			"error with a cause",
			AppendError(nil, goldenCorrelation, []ErrorHolder{
				{ErrorCode: 62, ClassName: "c", Message: Text("m"), StackTraceElements: []StackTraceElement{
					{ClassName: "d", MethodName: "f", LineNumber: 7},
				}},
				{ErrorCode: 1, ClassName: "e"},
			}),
			"13000000 00c0 00000000" + correlation + "00 06000000 0010" +
				"06000000 0010 0a000000 0000 3e000000 07000000 0000 63 07000000 0000 6d 06000000 0010" +
				"06000000 0010 0a000000 0000 07000000 07000000 0000 64 07000000 0000 66 06000000 0004 06000000 0008" +
				"06000000 0008 06000000 0008" +
				"06000000 0010 0a000000 0000 01000000 07000000 0000 65 06000000 0004 06000000 0010 06000000 0008" +
				"06000000 0008 06000000 0028",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if want := unhex(t, tt.bytes); !bytes.Equal(tt.got, want) {
				t.Errorf("got  %x\nwant %x", tt.got, want)
			}
		})
	}
}

func TestErrorRoundTrip(t *testing.T) {
	want := []ErrorHolder{{ErrorCode: 62, ClassName: "c", Message: Text(""), StackTraceElements: []StackTraceElement{}}}
	got, err := DecodeError(AppendError(nil, 5, want), nil)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := DecodeError(AppendMapPutResponse(nil, 5, &MapPutResponse{}), nil); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("a response was read as an error: %v", err)
	}
}

// TestRefusals gives decoders what a client must not send; the error names message and field.
func TestRefusals(t *testing.T) {
	containsKey := wire.Message(AppendMapContainsKeyResponse(nil, 1, &MapContainsKeyResponse{Response: true}))
	containsKey[len(containsKey)-1] = 2

	null := wire.AppendRequestHead(nil, MapGetRequestType, 1, 0, 8)
	null = wire.AppendNull(wire.AppendString(AppendLong(null, 1), "m"))
	null = wire.FinishEmpty(null)

	list := wire.AppendRequestHead(nil, MapGetAllRequestType, 1, 0, 0)
	list = wire.AppendBegin(wire.AppendString(list, "m"))
	list = wire.FinishEmpty(wire.AppendNull(list))

	noEnd := wire.AppendRequestHead(nil, MapGetAllRequestType, 1, 0, 0)
	noEnd = wire.FinishEmpty(wire.AppendBegin(wire.AppendString(noEnd, "m")))

	value := wire.AppendRequestHead(nil, MapGetAllRequestType, 1, 0, 0)
	last := len(value) + wire.FrameHeaderSize + 1
	value = wire.Finish(wire.AppendString(wire.AppendString(value, "m"), "k"), last)

	struc := wire.AppendRequestHead(nil, MapGetRequestType, 1, 0, 8)
	struc = wire.AppendBegin(wire.AppendString(AppendLong(struc, 1), "m"))
	struc = wire.FinishEmpty(wire.AppendEnd(struc))

	nullUUID := wire.AppendRequestHead(nil, MapRemoveEntryListenerRequestType, 1, 0, uuidSize)
	last = len(nullUUID) + uuidSize
	nullUUID = wire.Finish(wire.AppendString(AppendNullableUUID(nullUUID, UUID{}), "m"), last)

	pairs := wire.AppendRequestHead(nil, MapFetchEntriesRequestType, 1, 0, 4)
	last = len(pairs) + 4 + wire.FrameHeaderSize + 1
	pairs = wire.Finish(wire.AppendString(wire.AppendString(AppendInt(pairs, 1), "m"), "seven b"), last)

	short := wire.FinishEmpty(wire.AppendNull(wire.AppendRequestHead(nil, MapPutRequestType, 1, 0, 0)))

	tests := []struct {
		name  string
		m     wire.Message
		want  error
		named string
	}{
		{"boolean 2", containsKey, wire.ErrMalformed, "Map.containsKey response: field response"},
		{"null key", null, fault.ErrNullPointer, "Map.get request: field key"},
		{"null in a list", list, fault.ErrNullPointer, "Map.getAll request: field keys"},
		{"list without end", noEnd, wire.ErrMalformed, "Map.getAll request: field keys"},
		{"value in place of a list", value, wire.ErrMalformed, "Map.getAll request: field keys"},
		{"structure in place of a value", struc, wire.ErrMalformed, "Map.get request: field key"},
		{"null UUID", nullUUID, fault.ErrNullPointer, "Map.removeEntryListener request: field registrationId"},
		{"half a pair", pairs, wire.ErrMalformed, "Map.fetchEntries request: field iterationPointers"},
		{"short head", short, wire.ErrMalformed, "Map.put request: field threadId"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := checkOf(t, tt.m.Type())
			err := c.decode(wholeMessage(t, tt.m), c.empty())
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.named) {
				t.Errorf("error %v, want %v naming %q", err, tt.want, tt.named)
			}
		})
	}
}

func TestNullAndEmptyDiffer(t *testing.T) {
	for _, want := range []NullString{{}, Text("")} {
		var got MapAddIndexRequest
		in := &MapAddIndexRequest{Name: []byte{}, IndexConfig: IndexConfig{Name: want}}
		if err := DecodeMapAddIndexRequest(AppendMapAddIndexRequest(nil, 1, 1, in), &got); err != nil || got.IndexConfig.Name != want {
			t.Errorf("sent %+v, got %+v, %v", want, got.IndexConfig.Name, err)
		}
	}
	for _, want := range [][]byte{nil, {}} {
		var got MapPutResponse
		m := AppendMapPutResponse(nil, 1, &MapPutResponse{Response: want})
		if err := DecodeMapPutResponse(m, &got); err != nil || (got.Response == nil) != (want == nil) {
			t.Errorf("sent %#v, got %#v, %v", want, got.Response, err)
		}
	}
}
