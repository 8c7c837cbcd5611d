package config

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// yamlSource and xmlSource make a Source of a text.
func yamlSource(text string) Source { return Source{File: "f.yaml", FileBytes: []byte(text)} }
func xmlSource(text string) Source  { return Source{File: "f.xml", FileBytes: []byte(text)} }

// mustLoad fails the test when s does not load.
func mustLoad(t *testing.T, s Source) (*Config, []Warning) {
	t.Helper()
	c, warnings, err := Load(s)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c, warnings
}

// show renders a configuration for comparison; the file's name is left out.
func show(t *testing.T, c *Config) string {
	t.Helper()
	shown := *c
	shown.File = ""
	text, err := json.MarshalIndent(shown, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFormatsAgree loads pairs of files that say the same and wants equal
// configurations, unequal to the default one.
func TestFormatsAgree(t *testing.T) {
	pairs := map[string][2]string{
		"cluster name": {"cluster-name: a", "<cluster-name>a</cluster-name>"},
		"instance":     {"instance-name: i", "<instance-name> i\n</instance-name>"},
		"lite member":  {"lite-member:\n    enabled: true", `<lite-member enabled="true"/>`},
		"lite member as element": {
			"lite-member: {enabled: TRUE}", "<lite-member><enabled>true</enabled></lite-member>",
		},
		"port":          {"network: {port: {port: 1}}", "<network><port>1</port></network>"},
		"port, shorter": {"network: {port: 1}", "<network><port>1</port></network>"},
		"port attributes": {
			"network: {port: {auto-increment: false, port-count: 3}}",
			`<network><port auto-increment="false" port-count="3"/></network>`,
		},
		"public address": {"network: {public-address: h:1}", "<network><public-address>h:1</public-address></network>"},
		"members": {
			"network: {join: {tcp-ip: {enabled: true, member-list: [a, b]}}}",
			`<network><join><tcp-ip enabled="true"><member>a</member><member>b</member></tcp-ip></join></network>`,
		},
		"members by commas": {
			`network: {join: {tcp-ip: {members: "a, b ,"}}}`,
			"<network><join><tcp-ip><member-list><member>a</member><member>b</member></member-list></tcp-ip></join></network>",
		},
		"attribute": {
			"member-attributes: {a: {value: 1}}",
			`<member-attributes><attribute name="a">1</attribute></member-attributes>`,
		},
		"properties": {
			"properties: {hazelcast.partition.count: 7}",
			`<properties><property name="hazelcast.partition.count">7</property></properties>`,
		},
		"map": {"map: {a: {backup-count: 3}}", `<map name="a"><backup-count>3</backup-count></map>`},
		"map twice": {
			"map: {a: {backup-count: 3, async-backup-count: 1}}",
			`<map name="a"><backup-count>3</backup-count></map><map name="a"><async-backup-count>1</async-backup-count></map>`,
		},
		"case of names": {"Map: {a: {backup-count: 3}}", `<MAP name="a"><Backup-Count>3</Backup-Count></MAP>`},
		"alias": {
			"map: {a: &a {backup-count: 3}, b: *a}",
			`<map name="a"><backup-count>3</backup-count></map><map name="b"><backup-count>3</backup-count></map>`,
		},
		"placeholder": {"cluster-name: x-${who}-${who}", "<cluster-name>x-${who}-${who}</cluster-name>"},
		"security": {
			"security: {enabled: true, realms: [{name: r, identity: {username-password: {username: u, password: p}}}], " +
				"member-authentication: {realm: r}}",
			`<security enabled="true"><realms><realm name="r"><identity><username-password username="u" password="p"/></identity>` +
				`</realm></realms><member-authentication realm="r"/></security>`,
		},
	}
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			y := yamlSource("hazelcast:\n  " + pair[0])
			x := xmlSource("\uFEFF<?xml version='1.0'?><!DOCTYPE hazelcast><hazelcast>" + pair[1] + "</hazelcast>")
			y.SystemProperties = map[string]string{"who": "${me}"}
			x.SystemProperties = y.SystemProperties
			fromYAML, warnings := mustLoad(t, y)
			fromXML, more := mustLoad(t, x)
			if all := append(warnings, more...); len(all) > 0 {
				t.Errorf("warnings: %v", all)
			}
			if a, b := show(t, fromYAML), show(t, fromXML); a != b {
				t.Errorf("YAML gives\n%s\nXML gives\n%s", a, b)
			}
			if show(t, fromYAML) == show(t, Default()) {
				t.Error("nothing was set")
			}
		})
	}
}

// TestFullFiles loads the two files that name every element.
func TestFullFiles(t *testing.T) {
	y, yw := mustLoad(t, Source{File: "testdata/full.yaml"})
	x, xw := mustLoad(t, Source{File: "testdata/full.xml"})
	if a, b := show(t, y), show(t, x); a != b {
		t.Errorf("YAML gives\n%s\nXML gives\n%s", a, b)
	}
	if len(yw) != len(xw) {
		t.Errorf("%d warnings for YAML, %d for XML", len(yw), len(xw))
	}
	for _, w := range append(yw, xw...) {
		if strings.Contains(w.Message, "unknown") || w.Place.Line == 0 {
			t.Errorf("unexpected: %v", w)
		}
	}
	m, err := y.Map("orders-1@key")
	if err != nil {
		t.Fatal(err)
	}
	want := MapConfig{
		Name: "orders-1", Pattern: "orders-*", AsyncBackupCount: 3, TimeToLive: time.Minute, MaxIdle: 30 * time.Second,
		Eviction:             Eviction{Policy: EvictLFU, MaxSizePolicy: UsedHeapSize, Size: 512},
		PerEntryStatsEnabled: true, ReadBackupData: true, MapStore: true, InMemoryFormat: FormatObject,
		SplitBrainProtectionRef: "three", MergePolicy: "LatestUpdateMergePolicy", MergeBatchSize: 50,
	}
	if m != want {
		t.Errorf("map is %+v, want %+v", m, want)
	}
	if got := y.Network.Join.TCPIP.Members; strings.Join(got, " ") != "10.0.0.2 10.0.0.3:5801 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7" {
		t.Errorf("members are %v", got)
	}
}

// TestFullFilesAreFull wants every name of the table in both files.
func TestFullFilesAreFull(t *testing.T) {
	onlyYAML := map[string]bool{"users": true, "roles": true, "value": true}
	onlyXML := map[string]bool{"user": true, "role": true}
	for file, except := range map[string]map[string]bool{"testdata/full.yaml": onlyXML, "testdata/full.xml": onlyYAML} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := formatOf(file)
		if err != nil {
			t.Fatal(err)
		}
		root, err := parse(f, file, content)
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]bool{}
		collectNames(root, have)
		for _, row := range rows(table(Default()), "") {
			if !have[row.name] && !except[row.name] {
				t.Errorf("%s has no %s", file, row.path)
			}
		}
	}
}

func collectNames(n *node, into map[string]bool) {
	into[n.name] = true
	for _, c := range n.children {
		collectNames(c, into)
	}
}

// row is an element with its path in the table.
type row struct {
	element
	path string
}

// rows lists a table in its order, names of items as NAME.
func rows(s scope, above string) []row {
	var all []row
	for _, e := range s.elements {
		r := row{e, above + e.name}
		all = append(all, r)
		if e.open == nil {
			continue
		}
		below := r.path + "/"
		if e.kind == kindNamed {
			below += "NAME/"
		}
		all = append(all, rows(e.open("NAME"), below)...)
	}
	return all
}

func TestDefault(t *testing.T) {
	c, warnings := mustLoad(t, Source{Dir: t.TempDir()})
	if show(t, c) != show(t, Default()) || len(warnings) > 0 || c.File != "" {
		t.Errorf("without any source: %s %v", show(t, c), warnings)
	}
	if c.ClusterName != "dev" || c.PartitionCount != 271 || c.Network.Port != 5701 || c.ServerVersion != "5.5.0" ||
		!c.Network.PortAutoIncrement || c.Network.PortCount != 100 || c.GracefulShutdownMaxWait != 10*time.Minute {
		t.Errorf("defaults are %s", show(t, c))
	}
	if c.Join().Method() != JoinAuto {
		t.Errorf("join is %s", c.Join().Method())
	}
}

// TestLevels holds slog's order of the levels.
func TestLevels(t *testing.T) {
	levels := logLevels()
	for i := 1; i < len(levels); i++ {
		if levels[i-1].Slog() <= levels[i].Slog() {
			t.Errorf("%s is not above %s", levels[i-1], levels[i])
		}
	}
}
