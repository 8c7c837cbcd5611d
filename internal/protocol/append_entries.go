package protocol

import "github.com/filbertgrid/filbert/internal/wire"

// AppendEntryListIntegerInteger appends the entries as one frame.
func AppendEntryListIntegerInteger(dst []byte, entries []Pair[int32, int32]) []byte {
	dst = wire.AppendFrameHead(dst, 0, 8*len(entries))
	for _, e := range entries {
		dst = AppendInt(AppendInt(dst, e.Key), e.Value)
	}
	return dst
}

// AppendEntryListIntegerLong appends the entries as one frame.
func AppendEntryListIntegerLong(dst []byte, entries []Pair[int32, int64]) []byte {
	dst = wire.AppendFrameHead(dst, 0, 12*len(entries))
	for _, e := range entries {
		dst = AppendLong(AppendInt(dst, e.Key), e.Value)
	}
	return dst
}

// AppendEntryListIntegerUUID appends the entries as one frame.
func AppendEntryListIntegerUUID(dst []byte, entries []Pair[int32, UUID]) []byte {
	dst = wire.AppendFrameHead(dst, 0, (4+uuidSize)*len(entries))
	for _, e := range entries {
		dst = AppendUUID(AppendInt(dst, e.Key), e.Value)
	}
	return dst
}

// AppendEntryListUUIDLong appends the entries as one frame.
func AppendEntryListUUIDLong(dst []byte, entries []Pair[UUID, int64]) []byte {
	dst = wire.AppendFrameHead(dst, 0, (uuidSize+8)*len(entries))
	for _, e := range entries {
		dst = AppendLong(AppendUUID(dst, e.Key), e.Value)
	}
	return dst
}

// AppendEntryListUUIDUUID appends the entries as one frame.
func AppendEntryListUUIDUUID(dst []byte, entries []Pair[UUID, UUID]) []byte {
	dst = wire.AppendFrameHead(dst, 0, 2*uuidSize*len(entries))
	for _, e := range entries {
		dst = AppendUUID(AppendUUID(dst, e.Key), e.Value)
	}
	return dst
}

// AppendEntryListUUIDListInteger appends a structure with the values and behind it one frame with the keys.
func AppendEntryListUUIDListInteger(dst []byte, entries []Pair[UUID, []int32]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = AppendListInteger(dst, entries[i].Value)
	}
	dst = wire.AppendEnd(dst)
	dst = wire.AppendFrameHead(dst, 0, uuidSize*len(entries))
	for i := range entries {
		dst = AppendUUID(dst, entries[i].Key)
	}
	return dst
}

// AppendEntryListLongByteArray appends a structure with the values and behind it one frame with the keys.
func AppendEntryListLongByteArray(dst []byte, entries []Pair[int64, []byte]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = wire.AppendFrame(dst, entries[i].Value)
	}
	dst = wire.AppendEnd(dst)
	dst = wire.AppendFrameHead(dst, 0, 8*len(entries))
	for i := range entries {
		dst = AppendLong(dst, entries[i].Key)
	}
	return dst
}

// AppendEntryListDataData appends a structure with key and value in turn.
func AppendEntryListDataData(dst []byte, entries []Entry) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = wire.AppendFrame(wire.AppendFrame(dst, entries[i].Key), entries[i].Value)
	}
	return wire.AppendEnd(dst)
}

// AppendEntryListDataListData appends a structure with key and list in turn.
func AppendEntryListDataListData(dst []byte, entries []Pair[[]byte, [][]byte]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = AppendListData(wire.AppendFrame(dst, entries[i].Key), entries[i].Value)
	}
	return wire.AppendEnd(dst)
}

// AppendEntryListDataVectorDocument appends a structure with key and document in turn.
func AppendEntryListDataVectorDocument(dst []byte, entries []Pair[[]byte, VectorDocument]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = entries[i].Value.append(wire.AppendFrame(dst, entries[i].Key))
	}
	return wire.AppendEnd(dst)
}

// AppendEntryListStringString appends a structure with key and value in turn.
func AppendEntryListStringString(dst []byte, entries []Pair[string, string]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = wire.AppendString(wire.AppendString(dst, entries[i].Key), entries[i].Value)
	}
	return wire.AppendEnd(dst)
}

// AppendMapStringString appends a structure with key and value in turn.
func AppendMapStringString(dst []byte, entries []Pair[string, string]) []byte {
	return AppendEntryListStringString(dst, entries)
}

// AppendEntryListStringByteArray appends a structure with key and value in turn.
func AppendEntryListStringByteArray(dst []byte, entries []Pair[string, []byte]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = wire.AppendFrame(wire.AppendString(dst, entries[i].Key), entries[i].Value)
	}
	return wire.AppendEnd(dst)
}

// AppendMapStringData appends a structure with key and value in turn.
func AppendMapStringData(dst []byte, entries []Pair[string, []byte]) []byte {
	return AppendEntryListStringByteArray(dst, entries)
}

// AppendEntryListStringEntryListIntegerLong appends a structure with key and list in turn.
func AppendEntryListStringEntryListIntegerLong(dst []byte, entries []Pair[string, []Pair[int32, int64]]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = AppendEntryListIntegerLong(wire.AppendString(dst, entries[i].Key), entries[i].Value)
	}
	return wire.AppendEnd(dst)
}

// AppendMapEndpointQualifierAddress appends a structure with qualifier and address in turn.
func AppendMapEndpointQualifierAddress(dst []byte, entries []Pair[EndpointQualifier, Address]) []byte {
	dst = wire.AppendBegin(dst)
	for i := range entries {
		dst = entries[i].Value.append(entries[i].Key.append(dst))
	}
	return wire.AppendEnd(dst)
}
