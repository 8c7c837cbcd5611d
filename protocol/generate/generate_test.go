package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the folder of go.mod, seen from here.
var root = filepath.Join("..", "..")

// TestNothingIsStale holds that generating again changes nothing, and that no generated file is left over.
func TestNothingIsStale(t *testing.T) {
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Errorf("%v; run go generate ./internal/protocol", err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is stale; run go generate ./internal/protocol", name)
		}
	}
	onDisk, err := filepath.Glob(filepath.Join(root, "internal", "protocol", "*.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range onDisk {
		if files[filepath.Join("internal", "protocol", filepath.Base(path))] == nil {
			t.Errorf("%s is left over", path)
		}
	}
}

// TestCatalogueIsWhole counts what protocol 2.10 has.
func TestCatalogueIsWhole(t *testing.T) {
	cat, err := readCatalogue(filepath.Join(root, "protocol", "catalogue"))
	if err != nil {
		t.Fatal(err)
	}
	methods, events, params := 0, 0, 0
	for _, svc := range cat.services {
		methods += len(svc.methods)
		for _, m := range svc.methods {
			events += len(m.events)
			for _, msg := range m.messages() {
				params += len(msg.params)
			}
		}
	}
	for _, typ := range cat.types {
		params += len(typ.params)
	}
	got := [...]int{len(cat.services), methods, events, len(cat.types), params}
	if want := [...]int{39, 474, 37, 75, 2340}; got != want {
		t.Errorf("services, methods, events, types, fields: %v, want %v", got, want)
	}
}

// smallCatalogue writes files into a folder of the test's own.
func smallCatalogue(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestParse(t *testing.T) {
	dir := smallCatalogue(t, map[string]string{
		"door.txt": "# a comment\nservice Door 9\n\nopen 1 since=2.1 partition=key retryable\n" +
			"  in name String, key Data?,\n      hand int@2.4\n  out response Lock?\n  event Opened since=2.3 : by UUID?\n" +
			"close 2\n",
		"types.txt": "types\n\nLock since=2.2\n  fields turns int\n",
	})
	cat, err := readCatalogue(dir)
	if err != nil {
		t.Fatal(err)
	}
	open := cat.services[0].methods[0]
	if open.label() != "Door.open" || open.since != "2.1" || open.partition != "key" || !open.retryable {
		t.Errorf("method %+v", open)
	}
	for i, want := range []param{
		{name: "name", typ: "String", since: "2.1"},
		{name: "key", typ: "Data", nullable: true, since: "2.1"},
		{name: "hand", typ: "int", since: "2.4", newer: true},
	} {
		if got := *open.request.params[i]; got != want {
			t.Errorf("field %d: %+v, want %+v", i, got, want)
		}
	}
	event := open.events[0]
	if event.goName() != "DoorOpenOpenedEvent" || event.id != 0x090102 || event.since != "2.3" {
		t.Errorf("event %s, %#x, %s", event.goName(), event.id, event.since)
	}
	second := cat.services[0].methods[1]
	if second.request.id != 0x090200 || second.response.id != 0x090201 || second.since != firstVersion {
		t.Errorf("method %+v", second)
	}
	if src, err := formatted("door", serviceFile(cat, cat.services[0])); err != nil {
		t.Errorf("%v\n%s", err, src)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, names string }{
		{"no head", "put 1\n", "put 1"},
		{"empty", "\n", "empty"},
		{"a line before any method", "service A 1\n  in a int\n", "no method"},
		{"no id", "service A 1\nput\n", "put"},
		{"id too large", "service A 1\nput 256\n", "256"},
		{"two methods with one id", "service A 1\nput 1\nget 1\n", "have the id 1"},
		{"unknown word", "service A 1\nput 1 quickly\n", "quickly"},
		{"unknown line", "service A 1\nput 1\n  inout a int\n", "inout"},
		{"unknown type", "service A 1\nput 1\n  in a Ship\n", "Ship"},
		{"field without type", "service A 1\nput 1\n  in a\n", "field"},
		{"number that may be null", "service A 1\nput 1\n  in a int?\n", "null"},
		{"field twice", "service A 1\nput 1\n  in a int, a long\n", "twice"},
		{"older behind newer", "service A 1\nput 1\n  in a int@2.1, b int\n", "newer"},
		{"event without a colon", "service A 1\nput 1\n  event E a int\n", "colon"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readCatalogue(smallCatalogue(t, map[string]string{"a.txt": tt.text}))
			if !errors.Is(err, errSyntax) || !strings.Contains(err.Error(), tt.names) {
				t.Errorf("error %v, want one that names %q", err, tt.names)
			}
		})
	}
}

func TestServed(t *testing.T) {
	dir := smallCatalogue(t, map[string]string{"a.txt": "service A 1\nput 1\nget 2\n"})
	cat, err := readCatalogue(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text   string
		served int
		names  string
	}{
		{"# none\n\n", 0, ""},
		{"A.put\n", 1, ""},
		{"A.put\nA.get\n", 2, ""},
		{"A.put\nA.put\n", 0, "twice"},
		{"A.swim\n", 0, "A.swim"},
	} {
		path := filepath.Join(smallCatalogue(t, map[string]string{"served.txt": tt.text}), "served.txt")
		served, err := readServed(path, cat)
		if len(served) != tt.served || (err == nil) != (tt.names == "") || err != nil && !strings.Contains(err.Error(), tt.names) {
			t.Errorf("%q: %v, %v", tt.text, served, err)
		}
		if page := string(compatibility(cat, served)); err == nil && strings.Count(page, "| yes |") != tt.served {
			t.Errorf("%q: the page does not say so:\n%s", tt.text, page)
		}
	}
}

func TestGoField(t *testing.T) {
	for in, want := range map[string]string{
		"threadId": "ThreadID", "ttl": "TTL", "sourceUuids": "SourceUUIDs", "memberUUID": "MemberUUID",
		"eTag": "ETag", "bTreeIndexConfig": "BTreeIndexConfig", "cpToApUuids": "CPToApUUIDs", "identifier": "Identifier",
		"maxRolledFileSizeInMB": "MaxRolledFileSizeInMB", "xid": "Xid", "partitionUuidList": "PartitionUUIDList",
	} {
		if got := goField(in); got != want {
			t.Errorf("goField(%q) = %q, want %q", in, got, want)
		}
	}
}
