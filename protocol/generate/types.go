package main

import "strings"

// goType says what a type of the catalogue is in Go. The reading function is a method of decoder that takes the name
// of the field (for errors) and, if reuse is set, the old value, whose room it may use; the writing function takes and
// returns the buffer.
type goType struct {
	size     int    // in bytes if the type stands in the first frame, else 0
	name     string // the Go type
	null     string // the Go type where null is allowed, if it differs
	read     string
	readNull string // where null is allowed
	write    string
	// writeNull is for where null is allowed; empty if a nil slice is written as null by a check in the caller.
	writeNull string
	reuse     bool
	ends      ending
	custom    bool // a structure of the catalogue: null is a nil pointer
}

// ending says where the last frame of a value begins, which is what marking a message as finished needs.
type ending int

const (
	endsSingle ending = iota // the value is one frame
	endsEmpty                // the value's last frame is an empty one: the end of a structure
	endsKeys                 // a structure and behind it one frame with the keys
)

// fixedSize returns the bytes that a type has in the first frame, 0 if it has frames of its own.
func fixedSize(typ string) int { return scalars()[typ].size }

// scalars are the types that stand in the first frame.
func scalars() map[string]goType {
	return map[string]goType{
		"boolean": {size: 1, name: "bool", read: "boolean", write: "AppendBoolean"},
		"byte":    {size: 1, name: "byte", read: "byte", write: "AppendByte"},
		"int":     {size: 4, name: "int32", read: "int", write: "AppendInt"},
		"long":    {size: 8, name: "int64", read: "long", write: "AppendLong"},
		"float":   {size: 4, name: "float32", read: "float", write: "AppendFloat"},
		"UUID": {
			size: 17, name: "UUID", read: "uuid", readNull: "nullableUUID",
			write: "AppendUUID", writeNull: "AppendNullableUUID",
		},
	}
}

// singles are the types that are one frame; the value is the Go type.
func singles() map[string]string {
	return map[string]string{
		"longArray":                 "[]int64",
		"floatArray":                "[]float32",
		"List_Integer":              "[]int32",
		"List_Long":                 "[]int64",
		"List_UUID":                 "[]UUID",
		"Set_UUID":                  "[]UUID",
		"EntryList_Integer_Integer": "[]Pair[int32, int32]",
		"EntryList_Integer_Long":    "[]Pair[int32, int64]",
		"EntryList_Integer_UUID":    "[]Pair[int32, UUID]",
		"EntryList_UUID_Long":       "[]Pair[UUID, int64]",
		"EntryList_UUID_UUID":       "[]Pair[UUID, UUID]",
	}
}

// structured are the types that are a structure with hand-written functions; the value is the Go type.
func structured() map[string]string {
	return map[string]string{
		"List_Data":                               "[][]byte",
		"ListCN_Data":                             "[][]byte",
		"List_ListCN_Data":                        "[][][]byte",
		"List_List_UUID":                          "[][]UUID",
		"EntryList_Data_Data":                     "[]Entry",
		"EntryList_Data_List_Data":                "[]Pair[[]byte, [][]byte]",
		"EntryList_Data_VectorDocument":           "[]Pair[[]byte, VectorDocument]",
		"EntryList_String_String":                 "[]Pair[string, string]",
		"Map_String_String":                       "[]Pair[string, string]",
		"EntryList_String_byteArray":              "[]Pair[string, []byte]",
		"Map_String_Data":                         "[]Pair[string, []byte]",
		"EntryList_String_EntryList_Integer_Long": "[]Pair[string, []Pair[int32, int64]]",
		"Map_EndpointQualifier_Address":           "[]Pair[EndpointQualifier, Address]",
	}
}

// keyed are the types whose values stand in a structure and whose keys in one frame behind it.
func keyed() map[string]string {
	return map[string]string{
		"EntryList_UUID_List_Integer": "[]Pair[UUID, []int32]",
		"EntryList_Long_byteArray":    "[]Pair[int64, []byte]",
	}
}

// lookup returns what a type is where strings are copied: in responses, events and structures.
func (c *catalogue) lookup(typ string) (goType, bool) {
	if t, ok := scalars()[typ]; ok {
		return t, true
	}
	switch typ {
	case "Data", "byteArray":
		return goType{
			name: "[]byte", read: "bytes", readNull: "nullableBytes",
			write: "wire.AppendFrame", writeNull: "wire.AppendNullable",
		}, true
	case "String":
		return goType{
			name: "string", null: "NullString", read: "string", readNull: "nullableString",
			write: "wire.AppendString", writeNull: "AppendNullString",
		}, true
	case "List_String":
		return goType{name: "[]string", read: "listString", write: "AppendListString", reuse: true, ends: endsEmpty}, true
	case "SqlPage":
		return goType{name: "SqlPage", read: "sqlPage", write: "appendSqlPage", ends: endsEmpty, custom: true}, true
	}
	if name, ok := singles()[typ]; ok {
		return goType{name: name, read: readName(typ), write: writeName(typ), reuse: true}, true
	}
	if name, ok := structured()[typ]; ok {
		return goType{name: name, read: readName(typ), write: writeName(typ), reuse: true, ends: endsEmpty}, true
	}
	if name, ok := keyed()[typ]; ok {
		return goType{name: name, read: readName(typ), write: writeName(typ), reuse: true, ends: endsKeys}, true
	}
	if t := c.byType[typ]; t != nil {
		return goType{name: typ, ends: endsEmpty, custom: true}, true
	}
	if item, ok := strings.CutPrefix(typ, "List_"); ok && c.byType[item] != nil {
		return goType{name: "[]" + item, reuse: true, ends: endsEmpty}, true
	}
	return goType{}, false
}

// view returns what a type is in requests, where strings are views on the buffer.
func (c *catalogue) view(typ string) goType {
	t, _ := c.lookup(typ)
	switch typ {
	case "String":
		data, _ := c.lookup("Data")
		return data
	case "List_String":
		t.name, t.read, t.write = "[][]byte", "listData", "AppendListData"
	}
	return t
}

// listItem returns the structure that typ is a list of, "" if it is none.
func (c *catalogue) listItem(typ string) string {
	if item, ok := strings.CutPrefix(typ, "List_"); ok && c.byType[item] != nil {
		return item
	}
	return ""
}

// writeName is the function that appends a type, readName the decoder's method: the type's name in camel case.
func writeName(typ string) string {
	var name strings.Builder
	name.WriteString("Append")
	for part := range strings.SplitSeq(typ, "_") {
		name.WriteString(upperFirst(part))
	}
	return name.String()
}

func readName(typ string) string {
	name := strings.TrimPrefix(writeName(typ), "Append")
	return strings.ToLower(name[:1]) + name[1:]
}
