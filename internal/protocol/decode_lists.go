package protocol

import (
	"encoding/binary"
	"math"
)

// The reading side of the built-in list types; the names are those of the catalogue.

func (d *decoder) longArray(field string, into []int64) []int64 { return d.listLong(field, into) }

func (d *decoder) listLong(field string, into []int64) []int64 {
	into = emptied(into)
	for b := d.items(field, 8); len(b) > 0; b = b[8:] {
		into = append(into, int64(binary.LittleEndian.Uint64(b)))
	}
	return into
}

func (d *decoder) listInteger(field string, into []int32) []int32 {
	into = emptied(into)
	for b := d.items(field, 4); len(b) > 0; b = b[4:] {
		into = append(into, int32(binary.LittleEndian.Uint32(b)))
	}
	return into
}

func (d *decoder) floatArray(field string, into []float32) []float32 {
	into = emptied(into)
	for b := d.items(field, 4); len(b) > 0; b = b[4:] {
		into = append(into, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return into
}

func (d *decoder) setUUID(field string, into []UUID) []UUID { return d.listUUID(field, into) }

func (d *decoder) listUUID(field string, into []UUID) []UUID {
	into = emptied(into)
	for b := d.items(field, uuidSize); len(b) > 0; b = b[uuidSize:] {
		into = append(into, d.uuidOf(field, b[:uuidSize]))
	}
	return into
}

func (d *decoder) listListUUID(field string, into [][]UUID) [][]UUID {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, d.listUUID(field, nil))
	}
	return into
}

func (d *decoder) listData(field string, into [][]byte) [][]byte {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, d.bytes(field))
	}
	return into
}

// listCNData reads a list whose items may be null.
func (d *decoder) listCNData(field string, into [][]byte) [][]byte {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, d.nullableBytes(field))
	}
	return into
}

func (d *decoder) listListCNData(field string, into [][][]byte) [][][]byte {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, d.listCNData(field, nil))
	}
	return into
}

func (d *decoder) listString(field string, into []string) []string {
	into = emptied(into)
	d.begin(field)
	for d.inside(field) {
		into = append(into, d.string(field))
	}
	return into
}
