package config

import (
	"errors"
	"fmt"
	"testing"
)

func TestPartitionGroupForms(t *testing.T) {
	want := "{true CUSTOM [[10.1.*.* a.example] [10.2.1.4-18]]}"
	text := `hazelcast: {partition-group: {enabled: true, group-type: custom, member-group: [["10.1.*.*", a.example], [10.2.1.4-18]]}}`
	for name, s := range map[string]Source{
		"YAML":           yamlSource(text),
		"YAML, mappings": yamlSource(`hazelcast: {partition-group: {enabled: true, group-type: CUSTOM, member-group: [{interface: "10.1.*.*, a.example"}, 10.2.1.4-18]}}`),
		"XML": xmlSource(`<hazelcast><partition-group enabled="true" group-type="CUSTOM"><member-group><interface>10.1.*.*</interface>
			<interface>a.example</interface></member-group><member-group><interface>10.2.1.4-18</interface></member-group></partition-group></hazelcast>`),
		"variables": {Dir: t.TempDir(), Env: []string{
			"HZ_PARTITIONGROUP_ENABLED=true", "HZ_PARTITIONGROUP_GROUPTYPE=CUSTOM", "HZ_PARTITIONGROUP_MEMBERGROUP_0_0=10.1.*.*",
			"HZ_PARTITIONGROUP_MEMBERGROUP_0_1=a.example", "HZ_PARTITIONGROUP_MEMBERGROUP_1=10.2.1.4-18",
		}},
		"variables win": {
			File: "f.yaml", FileBytes: []byte(`hazelcast: {partition-group: {group-type: CUSTOM, member-group: [[10.9.9.9]]}}`),
			Env: []string{
				"HZ_PARTITIONGROUP_ENABLED=true", "HZ_PARTITIONGROUP_MEMBERGROUP_0_0=10.1.*.*", "HZ_PARTITIONGROUP_MEMBERGROUP_0_1=a.example",
				"HZ_PARTITIONGROUP_MEMBERGROUP_1_0=10.2.1.4-18",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, warnings := mustLoad(t, s)
			if got := fmt.Sprint(c.PartitionGroup); got != want || len(warnings) > 0 {
				t.Errorf("%s, warnings %v, want %s", got, warnings, want)
			}
		})
	}
	c, _ := mustLoad(t, Source{Dir: t.TempDir(), Env: []string{"HZ_PARTITIONGROUP_GROUPTYPE=ZONE_AWARE"}})
	if c.PartitionGroup.Rule() != GroupPerMember {
		t.Errorf("a type that is not enabled is in effect: %v", c.PartitionGroup)
	}
}

func TestPartitionGroupMessages(t *testing.T) {
	in := func(s string) string { return "hazelcast:\n  partition-group: {enabled: true, " + s + "}" }
	const hosts = "addresses such as 10.3.16.7, 10.3.16.* or 10.3.10.4-18, or host names such as *.east.example.com, at most 1000"
	for _, m := range []message{
		{
			"type", in("group-type: RACK_AWARE"), `f.yaml:2: partition-group/group-type: wrong value "RACK_AWARE"; allowed: ` +
				`PER_MEMBER, HOST_AWARE, NODE_AWARE, ZONE_AWARE, CUSTOM`, ErrValue,
		},
		{
			"type not supported", in("group-type: spi"), `f.yaml: partition-group/group-type: known, but not supported yet: SPI; ` +
				`each member is a group of its own. Supported: PER_MEMBER, HOST_AWARE, NODE_AWARE, ZONE_AWARE, CUSTOM`, nil,
		},
		{"switched off", "hazelcast:\n  partition-group: {enabled: false, group-type: PLACEMENT_AWARE}", ``, nil},
		{"no groups", in("group-type: CUSTOM"), `f.yaml: partition-group: CUSTOM has no member-group; allowed: one for each set of members that may be lost together`, ErrConflict},
		{"idle groups", in("group-type: ZONE_AWARE, member-group: [[10.1.1.1]]"), `f.yaml: partition-group/member-group: has no effect with group-type ZONE_AWARE; CUSTOM reads it`, nil},
		{"empty group", in("group-type: CUSTOM, member-group: [[]]"), `f.yaml:2: partition-group/member-group: has no interface; allowed: ` + hosts, ErrStructure},
		{"address", in("group-type: CUSTOM, member-group: [[10.1.1]]"), `f.yaml:2: partition-group/member-group: wrong value "10.1.1"; allowed: ` + hosts, ErrValue},
		{"range", in("group-type: CUSTOM, member-group: [[10.1.1.9-3]]"), `f.yaml:2: partition-group/member-group: wrong value "10.1.1.9-3"; allowed: ` + hosts, ErrValue},
		{"name", in("group-type: CUSTOM, member-group: [[\"a b.example\"]]"), `f.yaml:2: partition-group/member-group: wrong value "a b.example"; allowed: ` + hosts, ErrValue},
		{"no list", in("group-type: CUSTOM, member-group: 10.1.1.1"), `f.yaml:2: partition-group/member-group: has the text "10.1.1.1"; allowed: a list of lists`, ErrStructure},
		{"a group in a group", in("group-type: CUSTOM, member-group: [[[10.1.1.1]]]"), `f.yaml:2: partition-group/member-group: has no interface; allowed: ` + hosts, ErrStructure},
		{"enabled", "hazelcast:\n  partition-group: {enabled: yes}", `f.yaml:2: partition-group/enabled: wrong value "yes"; allowed: true or false`, ErrValue},
	} {
		t.Run(m.name, func(t *testing.T) { m.check(t, yamlSource(m.text)) })
	}
	_, _, err := Load(xmlSource("<hazelcast><partition-group enabled='true' group-type='CUSTOM'>\n<member-group/></partition-group></hazelcast>"))
	if err == nil || err.Error() != "f.xml:2: partition-group/member-group: has no interface; allowed: "+hosts || !errors.Is(err, ErrStructure) {
		t.Errorf("error is %v", err)
	}
}

func TestFindMemberGroup(t *testing.T) {
	g := PartitionGroup{Enabled: true, Type: GroupCustom, MemberGroups: [][]string{
		{"10.1.1.*", "fe80::1"}, {"10.1.*.4-18", "*.east.example.com"}, {"10.1.1.7", "*", "host"},
	}}
	for host, want := range map[string]int{
		"10.1.1.7": 0, "10.1.2.4": 1, "10.1.2.19": -1, "fe80::1": 0, "fe80:0::1": 0, "::ffff:10.1.1.1": 0,
		"a.EAST.example.com": 1, "a.b.east.example.com": -1, "host": 2, "other": 2, "a.west.example.com": -1, "": -1,
	} {
		if got := g.Find(host); got != want && host != "" {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
	other := g
	other.MemberGroups = other.MemberGroups[1:]
	if g.String() == other.String() || g.String() != (&PartitionGroup{true, GroupCustom, g.MemberGroups}).String() {
		t.Errorf("%s and %s", g.String(), other.String())
	}
}
