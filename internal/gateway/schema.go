package gateway

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/fault"
	"github.com/filbertgrid/filbert/internal/packed"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// Limits of compact schemas: every member keeps all of them.
const (
	maxSchemaFields = 4096
	maxSchemas      = 65_536
	maxSchemaText   = 1 << 10 // bytes of a type's or field's name
)

// rabinEmpty is the fingerprint of nothing: CRC-64-AVRO, which is the Rabin fingerprint of Apache Avro's
// specification ("Schema Fingerprints"), with the same polynomial.
const rabinEmpty uint64 = 0xc15d213aa4d7a795

func rabin(fp uint64, b []byte) uint64 {
	for _, c := range b {
		fp ^= uint64(c)
		for range 8 {
			fp = fp>>1 ^ rabinEmpty&-(fp&1)
		}
	}
	return fp
}

// schemaID is the id that all clients compute for a schema: its fingerprint, over the type's name, the number of
// fields, and each field's name and kind in the order of names.
func schemaID(s *protocol.Schema) int64 {
	fields := slices.SortedFunc(slices.Values(s.Fields), func(a, b protocol.FieldDescriptor) int {
		return cmp.Compare(a.FieldName, b.FieldName)
	})
	var word [4]byte
	number := func(fp uint64, n int) uint64 {
		binary.LittleEndian.PutUint32(word[:], uint32(n))
		return rabin(fp, word[:])
	}
	str := func(fp uint64, s string) uint64 { return rabin(number(fp, len(s)), []byte(s)) }
	fp := number(str(rabinEmpty, s.TypeName), len(fields))
	for i := range fields {
		fp = number(str(fp, fields[i].FieldName), int(fields[i].Kind))
	}
	return int64(fp)
}

// packSchema is a schema as the cluster document keeps it.
func packSchema(s *protocol.Schema) (cluster.Schema, error) {
	if len(s.TypeName) > maxSchemaText || len(s.Fields) > maxSchemaFields {
		return cluster.Schema{}, fmt.Errorf("%w: schema with a name of %d bytes and %d fields, at most %d and %d",
			fault.ErrIllegalArgument, len(s.TypeName), len(s.Fields), maxSchemaText, maxSchemaFields)
	}
	b := packed.AppendString(nil, s.TypeName)
	b = packed.AppendUvarint(b, uint64(len(s.Fields)))
	for i := range s.Fields {
		if len(s.Fields[i].FieldName) > maxSchemaText {
			return cluster.Schema{}, fmt.Errorf("%w: field name of %d bytes, at most %d",
				fault.ErrIllegalArgument, len(s.Fields[i].FieldName), maxSchemaText)
		}
		b = packed.AppendString(b, s.Fields[i].FieldName)
		b = packed.AppendUint32(b, uint32(s.Fields[i].Kind))
	}
	return cluster.Schema{ID: schemaID(s), Body: b}, nil
}

func unpackSchema(body []byte) (*protocol.Schema, error) {
	r := packed.NewReader(body)
	s := &protocol.Schema{TypeName: r.String()}
	s.Fields = make([]protocol.FieldDescriptor, r.Count(5))
	for i := range s.Fields {
		s.Fields[i] = protocol.FieldDescriptor{FieldName: r.String(), Kind: int32(r.Uint32())}
	}
	return s, r.Err()
}

// addSchemas brings schemas to all members, but those that are there, and calls done once.
func (s *Session) addSchemas(schemas []protocol.Schema, done func(error)) error {
	d := s.g.Cluster.View().Document
	var changes []Change
	for i := range schemas {
		schema, err := packSchema(&schemas[i])
		if err != nil {
			return err
		}
		if d != nil && d.Schema(schema.ID) != nil {
			continue
		}
		changes = append(changes, Change{Kind: AddSchema, Schema: schema, Source: s.client.id})
	}
	if d != nil && len(d.Schemas)+len(changes) > maxSchemas {
		return fmt.Errorf("%w: more than %d schemas", fault.ErrIllegalState, maxSchemas)
	}
	s.g.change(changes, done)
	return nil
}

// sendSchema serves Client.sendSchema: the answer names the members that have it, and clients wait
// until it names all that they know.
func sendSchema(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientSendSchemaRequest
	if err := protocol.DecodeClientSendSchemaRequest(m, &q); err != nil {
		return err
	}
	return s.addSchemas([]protocol.Schema{q.Schema}, func(err error) {
		if err != nil {
			r.fail(err)
			return
		}
		var a protocol.ClientSendSchemaResponse
		list := s.g.Cluster.View().List
		for i := range list.Members {
			a.ReplicatedMembers = append(a.ReplicatedMembers, protocol.UUID(list.Members[i].ID))
		}
		r.send(func(dst []byte, correlation int64) []byte {
			return protocol.AppendClientSendSchemaResponse(dst, correlation, &a)
		})
	})
}

// sendAllSchemas serves Client.sendAllSchemas, what a client sends when it connects.
func sendAllSchemas(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientSendAllSchemasRequest
	if err := protocol.DecodeClientSendAllSchemasRequest(m, &q); err != nil {
		return err
	}
	return s.addSchemas(q.Schemas, func(err error) {
		if err != nil {
			r.fail(err)
			return
		}
		r.send(func(dst []byte, correlation int64) []byte {
			return protocol.AppendClientSendAllSchemasResponse(dst, correlation, &protocol.ClientSendAllSchemasResponse{})
		})
	})
}

// fetchSchema serves Client.fetchSchema from the cluster document.
func fetchSchema(s *Session, m wire.Message, r reply) error {
	var q protocol.ClientFetchSchemaRequest
	if err := protocol.DecodeClientFetchSchemaRequest(m, &q); err != nil {
		return err
	}
	var a protocol.ClientFetchSchemaResponse
	if d := s.g.Cluster.View().Document; d != nil {
		if found := d.Schema(q.SchemaID); found != nil {
			schema, err := unpackSchema(found.Body)
			if err != nil {
				return err
			}
			a.Schema = schema
		}
	}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendClientFetchSchemaResponse(dst, correlation, &a)
	})
	return nil
}
