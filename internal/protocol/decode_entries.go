package protocol

import "encoding/binary"

// The reading side of the built-in lists of entries; the names are those of the catalogue. Where both sides are of
// fixed size, the list is one frame of pairs; else the entries stand in a structure, key before value. Two types put
// the values into a structure and the keys into one frame behind it.

func (d *decoder) entryListIntegerInteger(field string, into []Pair[int32, int32]) []Pair[int32, int32] {
	into = emptied(into)
	for b := d.items(field, 8); len(b) > 0; b = b[8:] {
		key, value := int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:]))
		into = append(into, Pair[int32, int32]{key, value})
	}
	return into
}

func (d *decoder) entryListIntegerLong(field string, into []Pair[int32, int64]) []Pair[int32, int64] {
	into = emptied(into)
	for b := d.items(field, 12); len(b) > 0; b = b[12:] {
		key, value := int32(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint64(b[4:]))
		into = append(into, Pair[int32, int64]{key, value})
	}
	return into
}

func (d *decoder) entryListIntegerUUID(field string, into []Pair[int32, UUID]) []Pair[int32, UUID] {
	const size = 4 + uuidSize
	into = emptied(into)
	for b := d.items(field, size); len(b) > 0; b = b[size:] {
		key, value := int32(binary.LittleEndian.Uint32(b)), d.uuidOf(field, b[4:size])
		into = append(into, Pair[int32, UUID]{key, value})
	}
	return into
}

func (d *decoder) entryListUUIDLong(field string, into []Pair[UUID, int64]) []Pair[UUID, int64] {
	const size = uuidSize + 8
	into = emptied(into)
	for b := d.items(field, size); len(b) > 0; b = b[size:] {
		key, value := d.uuidOf(field, b[:uuidSize]), int64(binary.LittleEndian.Uint64(b[uuidSize:]))
		into = append(into, Pair[UUID, int64]{key, value})
	}
	return into
}

func (d *decoder) entryListUUIDUUID(field string, into []Pair[UUID, UUID]) []Pair[UUID, UUID] {
	const size = 2 * uuidSize
	into = emptied(into)
	for b := d.items(field, size); len(b) > 0; b = b[size:] {
		key, value := d.uuidOf(field, b[:uuidSize]), d.uuidOf(field, b[uuidSize:size])
		into = append(into, Pair[UUID, UUID]{key, value})
	}
	return into
}

func (d *decoder) entryListUUIDListInteger(field string, into []Pair[UUID, []int32]) []Pair[UUID, []int32] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, Pair[UUID, []int32]{Value: d.listInteger(field, nil)})
	}
	keys := d.items(field, uuidSize)
	if !d.sameLength(field, len(into), len(keys)/uuidSize) {
		return into[:0]
	}
	for i := range into {
		into[i].Key = d.uuidOf(field, keys[i*uuidSize:(i+1)*uuidSize])
	}
	return into
}

func (d *decoder) entryListLongByteArray(field string, into []Pair[int64, []byte]) []Pair[int64, []byte] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, Pair[int64, []byte]{Value: d.bytes(field)})
	}
	keys := d.items(field, 8)
	if !d.sameLength(field, len(into), len(keys)/8) {
		return into[:0]
	}
	for i := range into {
		into[i].Key = int64(binary.LittleEndian.Uint64(keys[8*i:]))
	}
	return into
}

func (d *decoder) sameLength(field string, values, keys int) bool {
	if d.err == nil && values != keys {
		d.malformed(field, "keys and values differ in number")
	}
	return d.err == nil
}

func (d *decoder) entryListDataData(field string, into []Entry) []Entry {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		key := d.bytes(field)
		into = append(into, Entry{Key: key, Value: d.bytes(field)})
	}
	return into
}

func (d *decoder) entryListDataListData(field string, into []Pair[[]byte, [][]byte]) []Pair[[]byte, [][]byte] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		key := d.bytes(field)
		into = append(into, Pair[[]byte, [][]byte]{key, d.listData(field, nil)})
	}
	return into
}

func (d *decoder) entryListDataVectorDocument(field string, into []Pair[[]byte, VectorDocument]) []Pair[[]byte, VectorDocument] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, Pair[[]byte, VectorDocument]{Key: d.bytes(field)})
		into[len(into)-1].Value.decode(d, field)
	}
	return into
}

func (d *decoder) entryListStringString(field string, into []Pair[string, string]) []Pair[string, string] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		key := d.string(field)
		into = append(into, Pair[string, string]{key, d.string(field)})
	}
	return into
}

func (d *decoder) mapStringString(field string, into []Pair[string, string]) []Pair[string, string] {
	return d.entryListStringString(field, into)
}

func (d *decoder) entryListStringByteArray(field string, into []Pair[string, []byte]) []Pair[string, []byte] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		key := d.string(field)
		into = append(into, Pair[string, []byte]{key, d.bytes(field)})
	}
	return into
}

func (d *decoder) mapStringData(field string, into []Pair[string, []byte]) []Pair[string, []byte] {
	return d.entryListStringByteArray(field, into)
}

func (d *decoder) entryListStringEntryListIntegerLong(field string, into []Pair[string, []Pair[int32, int64]]) []Pair[string, []Pair[int32, int64]] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		key := d.string(field)
		into = append(into, Pair[string, []Pair[int32, int64]]{key, d.entryListIntegerLong(field, nil)})
	}
	return into
}

func (d *decoder) mapEndpointQualifierAddress(field string, into []Pair[EndpointQualifier, Address]) []Pair[EndpointQualifier, Address] {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, Pair[EndpointQualifier, Address]{})
		last := &into[len(into)-1]
		last.Key.decode(d, field)
		last.Value.decode(d, field)
	}
	return into
}
