package config

import (
	"os"
	"strings"
	"testing"
)

// checkLoad loads text and wants one line per message and bounded numbers of
// them, whatever the text is.
func checkLoad(t *testing.T, s Source) {
	t.Helper()
	c, warnings, err := Load(s)
	if (c == nil) != (err != nil) {
		t.Fatalf("configuration %v with error %v", c, err)
	}
	if err != nil && (strings.ContainsRune(err.Error(), '\n') || len(err.Error()) > 8192) {
		t.Fatalf("error is not one line: %q", err)
	}
	if len(warnings) > maxWarnings {
		t.Fatalf("%d warnings", len(warnings))
	}
	for _, w := range warnings {
		if strings.ContainsRune(w.String(), '\n') || w.String() == "" {
			t.Fatalf("warning is not one line: %q", w)
		}
	}
	if c == nil {
		return
	}
	for name := range c.Maps {
		m, err := c.Map(name)
		if err == nil && (m.BackupCount+m.AsyncBackupCount > MaxBackupCount || m.TimeToLive < 0 || m.Eviction.Bytes() < 0) {
			t.Fatalf("map %+v", m)
		}
	}
	if c.ClusterName == "" || c.PartitionCount < 1 || c.HeartbeatInterval*2 > c.MaxNoHeartbeat {
		t.Fatalf("configuration %+v", c)
	}
}

func seed(f *testing.F, file string) {
	f.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
}

func FuzzYAML(f *testing.F) {
	seed(f, "testdata/full.yaml")
	for _, m := range yamlMessages() {
		f.Add([]byte(m.text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if content != nil {
			checkLoad(t, Source{File: "f.yaml", FileBytes: content, SystemProperties: map[string]string{"x": "y"}})
		}
	})
}

func FuzzXML(f *testing.F) {
	seed(f, "testdata/full.xml")
	for _, m := range xmlMessages() {
		if len(m.text) < 1000 {
			f.Add([]byte(m.text))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if content != nil {
			checkLoad(t, Source{File: "f.xml", FileBytes: content, SystemProperties: map[string]string{"x": "y"}})
		}
	})
}

func FuzzVariables(f *testing.F) {
	f.Add("HZ_NETWORK_PORT_PORT=1", "-Da=b -Dhz.map.x.backup-count=3")
	f.Add("HZ_MAP_A_EVICTION_SIZE=1", `"-Dhazelcast.partition.count=`)
	f.Add("HZ___=", "-Dhz...=")
	f.Add("HZ_SECURITY_REALMS_0_NAME=a", "-Dhz.properties.a=b")
	f.Fuzz(func(t *testing.T, variable, options string) {
		if strings.Contains(options, "hazelcast.config") {
			return
		}
		checkLoad(t, Source{File: "f.yaml", FileBytes: []byte("hazelcast: {}"), Env: []string{variable, "JAVA_OPTS=" + options}})
	})
}
