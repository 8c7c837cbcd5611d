package cluster

import (
	"bytes"
	"errors"
	"testing"

	"github.com/filbertgrid/filbert/internal/packed"
)

func TestVersions(t *testing.T) {
	if FirstVersion() != (Version{0, 1}) || CurrentVersion().Spoken().Oldest.Protocol()+1 != CurrentVersion().Protocol() {
		t.Errorf("a build speaks %s", CurrentVersion().Spoken())
	}
	for _, c := range []struct {
		build  Version
		speaks string
		has    []Version
		not    []Version
	}{
		{Version{0, 1}, "0.1", []Version{{0, 1}}, []Version{{0, 2}, {}}},
		{Version{0, 2}, "0.1 to 0.2", []Version{{0, 1}, {0, 2}}, []Version{{0, 3}, {1, 0}, {}}},
	} {
		s := c.build.Spoken()
		if s.String() != c.speaks {
			t.Errorf("%s speaks %s", c.build, s)
		}
		for _, v := range c.has {
			if !s.Has(v) {
				t.Errorf("%s does not speak %s", c.build, v)
			}
		}
		for _, v := range c.not {
			if s.Has(v) {
				t.Errorf("%s speaks %s", c.build, v)
			}
		}
	}
	if (Spoken{}).Has(FirstVersion()) {
		t.Error("a member that was not heard of speaks something")
	}
	for _, text := range []string{"0.1", "0.2", "12.255"} {
		if v, err := ParseVersion(text); err != nil || v.String() != text {
			t.Errorf("%s: %s, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "1", "0.0", "00.1", "0.2.0", "0.256", "-1.2", "a.b", "0. 2"} {
		if _, err := ParseVersion(text); !errors.Is(err, ErrBadVersion) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A document of 0.1 is the same bytes as ever: members of 0.1 wrote them, and whoever reads it may be one. What the first
// version reads of a newer document is the same, too, since the tail stands behind it.
func TestVersionOfDocument(t *testing.T) {
	d := &Document{Version: 1, ClusterID: UUID{7}, PartitionCount: 3, ClusterVersion: FirstVersion()}
	old := AppendDocument(nil, d)
	frozen := append([]byte{1, 0, 0, 0, 7}, append(make([]byte, 15), 3, 0, 0, 0, 0, 0)...)
	if !bytes.Equal(old, frozen) {
		t.Errorf("a document of 0.1 is %v", old)
	}
	raised := d.WithVersion(Version{0, 2})
	if raised.Version != 2 || d.ClusterVersion != FirstVersion() || raised.WithVersion(FirstVersion()) != raised {
		t.Errorf("raised to %+v from %+v", raised, d)
	}
	b := AppendDocument(nil, raised)
	if !bytes.Equal(b[1:len(old)], old[1:]) {
		t.Error("a newer document begins with something else")
	}
	for _, c := range []struct {
		name  string
		bytes []byte
		want  Version
		fails bool
	}{
		{"of 0.1", old, Version{0, 1}, false},
		{"of 0.2", b, Version{0, 2}, false},
		{"of 0.2, more fields in its tail", append(append(b[:len(old):len(old)], 4, 0, 2), "xy"...), Version{0, 2}, false},
		{"half a version", append(b[:len(old):len(old)], 1, 0), Version{}, true},
	} {
		r := packed.NewReader(c.bytes)
		got := ReadDocument(&r)
		if (r.Err() != nil) != c.fails || (!c.fails && (got.ClusterVersion != c.want || r.Len() > 0)) {
			t.Errorf("%s: version %s, error %v, %d bytes left", c.name, got.ClusterVersion, r.Err(), r.Len())
		}
	}
}

// Each version has what those before it have.
func TestDialects(t *testing.T) {
	for name, has := range map[string]func(Version) bool{
		"version": Version.HasVersion, "merge": Version.HasMerge, "first backups": Version.HasFirstBackups, "unheard report": Version.HasUnheardReport,
	} {
		if has(FirstVersion()) || !has(CurrentVersion()) {
			t.Errorf("%s: 0.1 %v, %s %v", name, has(FirstVersion()), CurrentVersion(), has(CurrentVersion()))
		}
	}
}
