package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSearch adds files in the order from last to first and wants each new one
// to be found before those that were there.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	s := Source{Dir: dir}
	expect := func(name string) {
		t.Helper()
		if c, _ := mustLoad(t, s); c.ClusterName != name {
			t.Errorf("cluster name is %s, want %s", c.ClusterName, name)
		}
	}
	expect("dev")
	writeFile(t, dir, "hazelcast.yml", "hazelcast: {cluster-name: yml}")
	expect("yml")
	writeFile(t, dir, "hazelcast.yaml", "hazelcast: {cluster-name: yaml}")
	expect("yaml")
	writeFile(t, dir, "hazelcast.xml", "<hazelcast><cluster-name>xml</cluster-name></hazelcast>")
	expect("xml")
	property := writeFile(t, dir, "p.yaml", "hazelcast: {cluster-name: property}")
	for _, form := range []string{property, "p.yaml", "file:" + property, "file://" + property} {
		s.Env = []string{"JAVA_OPTS=-Dhazelcast.config=" + form}
		expect("property")
	}
	s.File = writeFile(t, dir, "flag.YAML", "hazelcast: {cluster-name: flag}")
	expect("flag")
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	big := writeFile(t, dir, "big.xml", strings.Repeat(" ", maxFileBytes+1))
	tests := map[string]struct {
		source Source
		want   string
	}{
		"absent":      {Source{File: "none.yaml", Dir: dir}, "none.yaml: cannot read the configuration: no such file or directory"},
		"a folder":    {Source{File: dir}, dir + ": cannot read the configuration: is a directory"},
		"large":       {Source{File: big}, big + ": cannot read the configuration: larger than 4 MiB"},
		"large bytes": {Source{File: "b.xml", FileBytes: make([]byte, maxFileBytes+1)}, "b.xml: cannot read the configuration: larger than 4 MiB"},
		"no format": {
			Source{File: "f.json", FileBytes: []byte("{}")},
			"f.json: the name does not tell the format; allowed: a name that ends in .xml, .yaml or .yml",
		},
		"property": {
			Source{Dir: dir, SystemProperties: map[string]string{"hazelcast.config": "none.xml"}},
			"-Dhazelcast.config=none.xml: cannot read the configuration: no such file or directory",
		},
		"class path": {
			Source{SystemProperties: map[string]string{"hazelcast.config": "classpath:a.xml"}},
			`-Dhazelcast.config: "classpath:a.xml" is not a file; allowed: a path that ends in .xml, .yaml or .yml`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := Load(test.source)
			if err == nil || err.Error() != test.want || !errors.Is(err, ErrFile) {
				t.Errorf("error is %v, want %s", err, test.want)
			}
		})
	}
	if _, _, err := Load(Source{File: "none.yaml", Dir: dir}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not wrap the cause", err)
	}
}

func TestCheckFile(t *testing.T) {
	dir := t.TempDir()
	good := CheckFile(writeFile(t, dir, "good.xml", "<hazelcast><jet enabled='true'/></hazelcast>"))
	if !good.OK() || good.Config == nil || len(good.Warnings) != 1 {
		t.Errorf("good: %+v", good)
	}
	bad := CheckFile(writeFile(t, dir, "bad.xml", "<hazelcast><jet>"))
	if bad.OK() || bad.Config != nil || len(bad.Problems) != 1 {
		t.Errorf("bad: %+v", bad)
	}
}
