package cluster

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/filbertgrid/filbert/internal/packed"
)

func lineage(n byte) UUID { return UUID{n} }

func TestAgainst(t *testing.T) {
	l := &List{Mark: Mark{lineage(3), 9}, Chain: []Mark{{lineage(1), 4}, {lineage(2), 7}}}
	for _, c := range []struct {
		have Mark
		want Relation
	}{
		{Mark{lineage(3), 9}, Same},
		{Mark{lineage(3), 8}, Newer},
		{Mark{lineage(3), 10}, Older},
		{Mark{lineage(2), 7}, Newer},
		{Mark{lineage(1), 2}, Newer},
		{Mark{lineage(2), 8}, Foreign}, // published by the old coordinator after the take-over had begun
		{Mark{lineage(9), 1}, Foreign},
	} {
		if got := l.Against(c.have); got != c.want {
			t.Errorf("against %v: %d, want %d", c.have, got, c.want)
		}
	}
}

// Founding depends on a total order of addresses that is the same everywhere.
func TestAddressOrder(t *testing.T) {
	ordered := []Address{
		{"9.0.0.1", 5701},
		{"10.0.0.2", 5701},
		{"10.0.0.2", 5702},
		{"10.0.0.10", 5701},
		{"::1", 1},
		{"a.example", 5701},
		{"b.example", 5700},
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%v against %v: %d", a, b, got)
			}
		}
	}
}

func TestUUID(t *testing.T) {
	u := NewUUID([16]byte{0xff, 1, 2, 3, 4, 5, 0xff, 7, 0xff, 9, 10, 11, 12, 13, 14, 15})
	if want := "ff010203-0405-4f07-bf09-0a0b0c0d0e0f"; u.String() != want {
		t.Errorf("%s, want %s", u, want)
	}
	if back, err := ParseUUID(u.String()); err != nil || back != u {
		t.Errorf("read back: %s, %v", back, err)
	}
	for _, bad := range []string{"", "ff010203-0405-4f07-bf09-0a0b0c0d0e0", "ff010203-0405-4f07-bf09-0a0b0c0d0e0g", "ff010203x0405-4f07-bf09-0a0b0c0d0e0f"} {
		if _, err := ParseUUID(bad); !errors.Is(err, ErrBadUUID) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestEncodings(t *testing.T) {
	list := &List{
		Mark: Mark{lineage(1), 3}, Chain: []Mark{{lineage(2), 1}},
		Members: []Member{
			{ID: lineage(5), Address: Address{"h", 1}, Client: Address{"c", 2}, Lite: true, Build: [3]byte{5, 5, 0}, Attributes: []Attribute{{"k", "v"}}},
			{ID: lineage(6), Leaving: true},
		},
	}
	table := &Table{Version: 8, Partitions: []Assignment{
		{Epoch: 3, Replicas: []Replica{{lineage(5), InSync}, {lineage(6), CatchingUp}}},
		{Epoch: 1, Replicas: []Replica{{MemberID{}, CatchingUp}, {lineage(6), InSync}}},
		{},
	}}
	document := &Document{
		Version: 2, ClusterID: lineage(7), PartitionCount: 3, ClusterVersion: Version{0, 2},
		Objects: []ObjectEntry{{Object{"s", "n"}, []byte("{}")}}, Schemas: []Schema{{-4, []byte("schema")}},
	}
	b := AppendDocument(AppendTable(AppendList(nil, list), table), document)
	r := packed.NewReader(b)
	if got := ReadList(&r); !reflect.DeepEqual(got, list) {
		t.Errorf("list %+v", got)
	}
	if got := ReadTable(&r); !reflect.DeepEqual(got, table) {
		t.Errorf("table %+v", got)
	}
	if got := ReadDocument(&r); !reflect.DeepEqual(got, document) || r.Err() != nil || r.Len() > 0 {
		t.Errorf("document %+v, error %v, %d bytes left", got, r.Err(), r.Len())
	}
	for cut := range b {
		if cut == len(b)-3 {
			continue // a document of 0.1: TestVersionOfDocument
		}
		r := packed.NewReader(b[:cut])
		ReadList(&r)
		ReadTable(&r)
		if ReadDocument(&r); r.Err() == nil {
			t.Fatalf("cut at %d: no error", cut)
		}
	}
}

// A document that was published does not change; changes that change nothing make no new one.
func TestDocumentIsImmutable(t *testing.T) {
	d := &Document{Version: 1}
	for _, name := range []string{"b", "a", "c"} {
		d = d.WithObject(ObjectEntry{Object: Object{"s", name}})
	}
	d = d.WithSchema(Schema{ID: 2}).WithSchema(Schema{ID: 1})
	before := d.WithoutObject(Object{"s", "nobody"})
	if before != d || d.WithObject(ObjectEntry{Object: Object{"s", "a"}}) != d || d.WithSchema(Schema{ID: 1}) != d {
		t.Error("a change that changes nothing has made a new document")
	}
	without := d.WithoutObject(Object{"s", "b"})
	names := func(d *Document) (n []string) {
		for _, o := range d.Objects {
			n = append(n, o.Name)
		}
		return n
	}
	if !slices.Equal(names(d), []string{"a", "b", "c"}) || !slices.Equal(names(without), []string{"a", "c"}) || without.Version != d.Version+1 {
		t.Errorf("documents %v and %v", names(d), names(without))
	}
	if d.Schema(1) == nil || d.Schema(2) == nil || d.Schema(3) != nil {
		t.Error("schemas are not found by their ids")
	}
}
