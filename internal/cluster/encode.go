package cluster

import (
	"github.com/filbertgrid/filbert/internal/packed"
)

// The encodings below are part of the member protocol (docs/formats).

// AppendUUID appends 16 bytes.
func AppendUUID(dst []byte, u UUID) []byte { return append(dst, u[:]...) }

// ReadUUID reads 16 bytes.
func ReadUUID(r *packed.Reader) (u UUID) {
	copy(u[:], r.Take(len(u)))
	return u
}

// AppendAddress appends host and port.
func AppendAddress(dst []byte, a Address) []byte {
	return packed.AppendUint32(packed.AppendString(dst, a.Host), uint32(a.Port))
}

// ReadAddress reads what AppendAddress wrote.
func ReadAddress(r *packed.Reader) Address {
	return Address{Host: r.String(), Port: uint16(r.Uint32())}
}

// AppendMember appends one member.
func AppendMember(dst []byte, m *Member) []byte {
	dst = AppendUUID(dst, m.ID)
	dst = AppendAddress(dst, m.Address)
	dst = AppendAddress(dst, m.Client)
	dst = packed.AppendBool(dst, m.Lite)
	dst = append(dst, m.marks())
	dst = append(dst, m.Build[:]...)
	dst = packed.AppendUvarint(dst, uint64(len(m.Attributes)))
	for _, a := range m.Attributes {
		dst = packed.AppendString(packed.AppendString(dst, a.Key), a.Value)
	}
	return dst
}

// What a member is at the moment. For 0.1 the byte is a truth value: leaving or not.
const (
	markLeaving  = 1 << 0
	markCarrying = 1 << 1
)

func (m *Member) marks() (b byte) {
	if m.Leaving {
		b |= markLeaving
	}
	if m.Carrying {
		b |= markCarrying
	}
	return b
}

// ReadMember reads what AppendMember wrote.
func ReadMember(r *packed.Reader) Member {
	m := Member{ID: ReadUUID(r), Address: ReadAddress(r), Client: ReadAddress(r), Lite: r.Bool()}
	marks := r.Byte()
	m.Leaving, m.Carrying = marks&markLeaving != 0, marks&markCarrying != 0
	copy(m.Build[:], r.Take(len(m.Build)))
	if n := r.Count(2); n > 0 {
		m.Attributes = make([]Attribute, 0, n)
		for range n {
			m.Attributes = append(m.Attributes, Attribute{Key: r.String(), Value: r.String()})
		}
	}
	return m
}

// AppendMark appends lineage and version.
func AppendMark(dst []byte, m Mark) []byte {
	return packed.AppendUint32(AppendUUID(dst, m.Lineage), uint32(m.Version))
}

// ReadMark reads what AppendMark wrote.
func ReadMark(r *packed.Reader) Mark {
	return Mark{Lineage: ReadUUID(r), Version: int32(r.Uint32())}
}

// AppendList appends a member list.
func AppendList(dst []byte, l *List) []byte {
	dst = AppendMark(dst, l.Mark)
	dst = packed.AppendUvarint(dst, uint64(len(l.Chain)))
	for _, m := range l.Chain {
		dst = AppendMark(dst, m)
	}
	dst = packed.AppendUvarint(dst, uint64(len(l.Members)))
	for i := range l.Members {
		dst = AppendMember(dst, &l.Members[i])
	}
	return dst
}

// ReadList reads what AppendList wrote.
func ReadList(r *packed.Reader) *List {
	l := &List{Mark: ReadMark(r)}
	for range r.Count(20) {
		l.Chain = append(l.Chain, ReadMark(r))
	}
	for range r.Count(30) {
		l.Members = append(l.Members, ReadMember(r))
	}
	return l
}

// AppendTable appends a partition table: first the members that occur in it, then
// for each partition its replicas as places among them. Place 0 is nobody.
func AppendTable(dst []byte, t *Table) []byte {
	var ids []MemberID
	place := map[MemberID]int{{}: 0}
	for i := range t.Partitions {
		for _, r := range t.Partitions[i].Replicas {
			if _, ok := place[r.Member]; !ok {
				ids = append(ids, r.Member)
				place[r.Member] = len(ids)
			}
		}
	}
	dst = packed.AppendUint32(dst, uint32(t.Version))
	dst = packed.AppendUvarint(dst, uint64(len(ids)))
	for _, id := range ids {
		dst = AppendUUID(dst, id)
	}
	dst = packed.AppendUvarint(dst, uint64(len(t.Partitions)))
	for i := range t.Partitions {
		a := &t.Partitions[i]
		dst = packed.AppendUvarint(dst, a.Epoch)
		dst = packed.AppendUvarint(dst, uint64(len(a.Replicas)))
		for _, r := range a.Replicas {
			dst = packed.AppendUvarint(dst, uint64(place[r.Member]))
			dst = append(dst, byte(r.State))
		}
	}
	return dst
}

// ReadTable reads what AppendTable wrote.
func ReadTable(r *packed.Reader) *Table {
	t := &Table{Version: int32(r.Uint32())}
	ids := []MemberID{{}}
	for range r.Count(16) {
		ids = append(ids, ReadUUID(r))
	}
	n := r.Count(2)
	t.Partitions = make([]Assignment, 0, n)
	for range n {
		a := Assignment{Epoch: r.Uvarint()}
		if k := r.Count(2); k > 0 {
			a.Replicas = make([]Replica, 0, k)
			for range k {
				i := min(r.Uvarint(), uint64(len(ids)-1))
				a.Replicas = append(a.Replicas, Replica{Member: ids[i], State: ReplicaState(r.Byte())})
			}
		}
		t.Partitions = append(t.Partitions, a)
	}
	return t
}

// AppendDocument appends the cluster document. It is the last thing in every message, but what a version after 0.1
// has: that is behind its tail, which has a length of its own. Version 0.1 has no tail.
func AppendDocument(dst []byte, d *Document) []byte {
	dst = packed.AppendUint32(dst, uint32(d.Version))
	dst = AppendUUID(dst, d.ClusterID)
	dst = packed.AppendUint32(dst, uint32(d.PartitionCount))
	dst = packed.AppendUvarint(dst, uint64(len(d.Objects)))
	for i := range d.Objects {
		o := &d.Objects[i]
		dst = packed.AppendString(packed.AppendString(dst, o.Service), o.Name)
		dst = packed.AppendBytes(dst, o.Config)
	}
	dst = packed.AppendUvarint(dst, uint64(len(d.Schemas)))
	for i := range d.Schemas {
		dst = packed.AppendInt64(dst, d.Schemas[i].ID)
		dst = packed.AppendBytes(dst, d.Schemas[i].Body)
	}
	if d.ClusterVersion.HasVersion() {
		dst = packed.AppendBytes(dst, AppendVersion(nil, d.ClusterVersion))
	}
	return dst
}

// ReadDocument reads what AppendDocument wrote.
func ReadDocument(r *packed.Reader) *Document {
	d := &Document{Version: int32(r.Uint32()), ClusterID: ReadUUID(r), PartitionCount: int32(r.Uint32())}
	for range r.Count(3) {
		d.Objects = append(d.Objects, ObjectEntry{
			Object: Object{Service: r.String(), Name: r.String()}, Config: append([]byte(nil), r.Bytes()...),
		})
	}
	for range r.Count(9) {
		d.Schemas = append(d.Schemas, Schema{ID: r.Int64(), Body: append([]byte(nil), r.Bytes()...)})
	}
	d.ClusterVersion = FirstVersion()
	if r.Len() > 0 {
		tail := packed.NewReader(r.Bytes())
		if d.ClusterVersion = ReadVersion(&tail); tail.Err() != nil {
			r.Take(-1) // a version cut in half makes the document unreadable
		}
	}
	return d
}
