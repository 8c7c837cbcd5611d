package cluster

import (
	"cmp"
	"slices"
	"strings"
)

// Object is a distributed object: a service (e.g. hz:impl:mapService) and a name.
type Object struct{ Service, Name string }

// Compare orders objects by service, then name.
func (o Object) Compare(p Object) int {
	return cmp.Or(strings.Compare(o.Service, p.Service), strings.Compare(o.Name, p.Name))
}

// ObjectEntry is a distributed object and the configuration fixed at its
// first use, in the encoding of its structure (empty: it has none).
type ObjectEntry struct {
	Object
	Config []byte
}

// Schema is a compact schema by its fingerprint; Body is the client's encoding,
// kept as it came.
type Schema struct {
	ID   int64
	Body []byte
}

// Document is the one versioned document of a cluster: changed by the
// coordinator, given to joiners before they serve, immutable once published.
type Document struct {
	Version        int32
	ClusterID      UUID
	PartitionCount int32
	// ClusterVersion is what the members talk in. It never falls.
	ClusterVersion Version
	// Objects are ordered by Object.Compare, Schemas by ID.
	Objects []ObjectEntry
	Schemas []Schema
}

// Find returns the place of an object and whether it is there.
func (d *Document) Find(o Object) (int, bool) {
	return slices.BinarySearchFunc(d.Objects, o, func(e ObjectEntry, o Object) int { return e.Compare(o) })
}

// Schema returns the schema with that fingerprint, or nil.
func (d *Document) Schema(id int64) *Schema {
	i, ok := slices.BinarySearchFunc(d.Schemas, id, func(s Schema, id int64) int { return cmp.Compare(s.ID, id) })
	if !ok {
		return nil
	}
	return &d.Schemas[i]
}

// WithVersion returns the next document, with the cluster's version raised.
func (d *Document) WithVersion(v Version) *Document {
	if d.ClusterVersion.AtLeast(v) {
		return d
	}
	next := *d
	next.Version++
	next.ClusterVersion = v
	return &next
}

// WithObject returns the next document, with the object added.
func (d *Document) WithObject(e ObjectEntry) *Document {
	next := *d
	next.Version++
	i, ok := d.Find(e.Object)
	if ok {
		return d
	}
	next.Objects = slices.Insert(slices.Clone(d.Objects), i, e)
	return &next
}

// WithoutObject returns the next document, with the object gone.
func (d *Document) WithoutObject(o Object) *Document {
	i, ok := d.Find(o)
	if !ok {
		return d
	}
	next := *d
	next.Version++
	next.Objects = slices.Delete(slices.Clone(d.Objects), i, i+1)
	return &next
}

// WithSchema returns the next document, with the schema added.
func (d *Document) WithSchema(s Schema) *Document {
	i, ok := slices.BinarySearchFunc(d.Schemas, s.ID, func(e Schema, id int64) int { return cmp.Compare(e.ID, id) })
	if ok {
		return d
	}
	next := *d
	next.Version++
	next.Schemas = slices.Insert(slices.Clone(d.Schemas), i, s)
	return &next
}
