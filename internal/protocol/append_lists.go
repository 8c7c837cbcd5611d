package protocol

import "github.com/filbertgrid/filbert/internal/wire"

// AppendLongArray appends the items as one frame.
func AppendLongArray(dst []byte, items []int64) []byte { return AppendListLong(dst, items) }

// AppendListLong appends the items as one frame.
func AppendListLong(dst []byte, items []int64) []byte {
	dst = wire.AppendFrameHead(dst, 0, 8*len(items))
	for _, v := range items {
		dst = AppendLong(dst, v)
	}
	return dst
}

// AppendListInteger appends the items as one frame.
func AppendListInteger(dst []byte, items []int32) []byte {
	dst = wire.AppendFrameHead(dst, 0, 4*len(items))
	for _, v := range items {
		dst = AppendInt(dst, v)
	}
	return dst
}

// AppendFloatArray appends the items as one frame.
func AppendFloatArray(dst []byte, items []float32) []byte {
	dst = wire.AppendFrameHead(dst, 0, 4*len(items))
	for _, v := range items {
		dst = AppendFloat(dst, v)
	}
	return dst
}

// AppendSetUUID appends the items as one frame.
func AppendSetUUID(dst []byte, items []UUID) []byte { return AppendListUUID(dst, items) }

// AppendListUUID appends the items as one frame.
func AppendListUUID(dst []byte, items []UUID) []byte {
	dst = wire.AppendFrameHead(dst, 0, uuidSize*len(items))
	for _, v := range items {
		dst = AppendUUID(dst, v)
	}
	return dst
}

// AppendListListUUID appends a structure with a frame for each list.
func AppendListListUUID(dst []byte, items [][]UUID) []byte {
	dst = wire.AppendBegin(dst)
	for _, v := range items {
		dst = AppendListUUID(dst, v)
	}
	return wire.AppendEnd(dst)
}

// AppendListData appends a structure with a frame for each item; none is null.
func AppendListData(dst []byte, items [][]byte) []byte {
	dst = wire.AppendBegin(dst)
	for _, v := range items {
		dst = wire.AppendFrame(dst, v)
	}
	return wire.AppendEnd(dst)
}

// AppendListCNData appends a structure with a frame for each item, of which some may be nil, which is null.
func AppendListCNData(dst []byte, items [][]byte) []byte {
	dst = wire.AppendBegin(dst)
	for _, v := range items {
		dst = wire.AppendNullable(dst, v)
	}
	return wire.AppendEnd(dst)
}

// AppendListListCNData appends a structure with a structure for each list.
func AppendListListCNData(dst []byte, items [][][]byte) []byte {
	dst = wire.AppendBegin(dst)
	for _, v := range items {
		dst = AppendListCNData(dst, v)
	}
	return wire.AppendEnd(dst)
}

// AppendListString appends a structure with a frame for each string.
func AppendListString(dst []byte, items []string) []byte {
	dst = wire.AppendBegin(dst)
	for _, v := range items {
		dst = wire.AppendString(dst, v)
	}
	return wire.AppendEnd(dst)
}
