package protocol

import "github.com/filbertgrid/filbert/internal/wire"

// SqlPage is a page of the rows of a SQL result, column by column. How a column is written depends on its type: most
// are one frame with a bit mask of the nulls, some a list. This package carries them as they stand on the wire.
//
//nolint:revive,staticcheck // the spelling of the catalogue, as for all messages and structures
type SqlPage struct {
	// Last tells that no page follows.
	Last bool
	// ColumnTypes are the ids of the columns' SQL types.
	ColumnTypes []int32
	// Columns are the frames of all columns, one after the other; in a decoded page a view on the message.
	Columns []byte
}

func (v *SqlPage) decode(d *decoder, field string) {
	d.begin(field)
	d.head(field)
	v.Last = d.boolean(field)
	v.ColumnTypes = d.listInteger(field, v.ColumnTypes)
	if d.err != nil {
		return
	}
	whole := d.frames.Rest()
	d.end(field)
	v.Columns = whole[:max(0, len(whole)-len(d.frames.Rest())-wire.FrameHeaderSize)]
}

func (v *SqlPage) append(dst []byte) []byte {
	dst = wire.AppendBegin(dst)
	dst = wire.AppendFrameHead(dst, 0, 1)
	dst = AppendBoolean(dst, v.Last)
	dst = AppendListInteger(dst, v.ColumnTypes)
	dst = append(dst, v.Columns...)
	return wire.AppendEnd(dst)
}
