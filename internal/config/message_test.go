package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// message is one way to go wrong: a text, and the one line it must give.
type message struct {
	name, text string
	// want is the warning, or the problem when kind is set.
	want string
	kind error
}

func yamlMessages() []message {
	return []message{
		{"unknown", "hazelcast:\n  netwrk: {}", `f.yaml:2: netwrk: unknown element, ignored (did you mean network?)`, nil},
		{"unknown below", "hazelcast:\n  map:\n    a:\n      foo: 1", `f.yaml:4: map/a/foo: unknown element, ignored`, nil},
		{"beside", "hazelcast: {}\nother: 1", `f.yaml:2: other: unknown element beside hazelcast, ignored`, nil},
		{"unsupported", "hazelcast:\n  sql: {}", `f.yaml:2: sql: known, but not supported yet: there is no SQL.`, nil},
		{"unsupported, off", "hazelcast:\n  jet: {enabled: false}", ``, nil},
		{
			"unsupported, once", "hazelcast:\n  queue: {a: {}, b: {}}\n  map:\n    a: {indexes: []}\n    b: {indexes: []}",
			"f.yaml:4: map/a/indexes: known, but not supported yet: there are no queries.\n" +
				"f.yaml:2: queue: known, but not supported yet: queues are not served.", nil,
		},
		{
			"java", "hazelcast:\n  map:\n    a: {map-store: {enabled: true, class-name: x.Y}}",
			`f.yaml:3: map/a/map-store: names Java classes, which mean nothing here: nothing is loaded or stored.`, nil,
		},
		{"java, off", "hazelcast:\n  map:\n    a: {map-store: {enabled: false}}", ``, nil},
		{
			"multicast", "hazelcast:\n  network:\n    join:\n      multicast: {enabled: true}",
			`f.yaml:4: network/join/multicast: known, but not supported yet: nobody is found by multicast; ` +
				`members of this machine are found by their ports.`, nil,
		},
		{
			"ssl", "hazelcast:\n  network:\n    ssl: {enabled: true}",
			`f.yaml:3: network/ssl: known, but not supported yet: connections are NOT encrypted.`, nil,
		},
		{
			"placeholder", "hazelcast:\n  cluster-name: ${x:y}",
			`f.yaml:2: cluster-name: placeholder "${x:y}" stays as it is: no system property "x:y" (JAVA_OPTS=-Dx:y=…)`, nil,
		},
		{"placeholder, open", "hazelcast:\n  cluster-name: \"${x\"", `f.yaml:2: cluster-name: placeholder "${x" has no closing }`, nil},
		{
			"property", "hazelcast:\n  properties: {hazelcast.foo: 1, filbert.foo: 2, my.foo: 3}",
			"f.yaml:2: properties/filbert.foo: unknown property, ignored\n" +
				"f.yaml:2: properties/hazelcast.foo: property is not used here, ignored", nil,
		},
		{
			"eviction without policy", "hazelcast:\n  map:\n    a: {eviction: {size: 3}}",
			`f.yaml:3: map/a/eviction: size has no effect without an eviction-policy; allowed: LRU, LFU, RANDOM`, nil,
		},
		{
			"overlapping patterns", "hazelcast:\n  map: {a*: {}, \"*a\": {}}",
			`f.yaml: map: patterns "*a" and "a*" fit some names equally well; a map of such a name cannot be used`, nil,
		},
		{
			"heartbeat", "hazelcast:\n  properties: {hazelcast.heartbeat.interval.seconds: 7}",
			`f.yaml:2: properties/hazelcast.heartbeat.interval.seconds: raises hazelcast.max.no.heartbeat.seconds to 14 s`, nil,
		},
		{
			"no clients", "hazelcast:\n  advanced-network: {enabled: true}",
			`f.yaml: advanced-network: has no client-server-socket-endpoint-config: no client is served`, nil,
		},
		{"ports", "hazelcast:\n  network: {port: 65500}", `f.yaml: port 65500 with port-count 100 ends at 65535`, nil},

		{"number", "hazelcast:\n  network:\n    port: {port: x}", `f.yaml:3: network/port/port: wrong value "x"; allowed: a whole number from 0 to 65535`, ErrValue},
		{"range", "hazelcast:\n  map: {a: {backup-count: 7}}", `f.yaml:2: map/a/backup-count: wrong value "7"; allowed: a whole number from 0 to 6 (copies)`, ErrValue},
		{"yes", "hazelcast:\n  lite-member: {enabled: yes}", `f.yaml:2: lite-member/enabled: wrong value "yes"; allowed: true or false`, ErrValue},
		{
			"enum", "hazelcast:\n  map: {a: {eviction: {eviction-policy: FIFO}}}",
			`f.yaml:2: map/a/eviction/eviction-policy: wrong value "FIFO"; allowed: NONE, LRU, LFU, RANDOM`, ErrValue,
		},
		{
			"merge policy", "hazelcast:\n  map: {a: {merge-policy: {class-name: com.example.Mine}}}",
			`f.yaml:2: map/a/merge-policy/class-name: wrong value "com.example.Mine"; allowed: DiscardMergePolicy, ExpirationTimeMergePolicy, ` +
				`HigherHitsMergePolicy, LatestAccessMergePolicy, LatestUpdateMergePolicy, PassThroughMergePolicy, PutIfAbsentMergePolicy`, ErrValue,
		},
		{
			"merge policies", "hazelcast:\n  map:\n    a: {merge-policy: {class-name: com.hazelcast.spi.merge.PassThroughMergePolicy}}\n" +
				"    b: {merge-policy: {class-name: HigherHitsMergePolicy, batch-size: 7}}", ``, nil,
		},
		{"empty name", "hazelcast:\n  cluster-name:", `f.yaml:2: cluster-name: wrong value ""; allowed: a text of 1 to 4096 bytes`, ErrValue},
		{
			"address", "hazelcast:\n  network: {public-address: \"h:70000\"}",
			`f.yaml:2: network/public-address: wrong value "h:70000"; allowed: host or host:port with a port from 1 to 65535, or nothing`, ErrValue,
		},
		{
			"member", "hazelcast:\n  network: {join: {tcp-ip: {member-list: [a b]}}}",
			`f.yaml:2: network/join/tcp-ip/member-list: wrong value "a b"; allowed: host, host:port, or an address with a range or * ` +
				`in its parts, at most 1000, separated by commas`, ErrValue,
		},
		{
			"pattern", "hazelcast:\n  network: {interfaces: {interfaces: [10.3.x.4]}}",
			`f.yaml:2: network/interfaces/interfaces: wrong value "10.3.x.4"; allowed: addresses such as 10.3.16.7, 10.3.16.* or 10.3.10.4-18, at most 1000`, ErrValue,
		},
		{
			"property value", "hazelcast:\n  properties:\n    hazelcast.partition.count: 0",
			`f.yaml:3: properties/hazelcast.partition.count: wrong value "0"; allowed: a whole number from 1 to 65535 (partitions)`, ErrValue,
		},
		{
			"version", "hazelcast:\n  properties:\n    filbert.server.version: new",
			`f.yaml:3: properties/filbert.server.version: wrong value "new"; allowed: a version such as 5.5.0`, ErrValue,
		},
		{
			"management", "hazelcast:\n  properties:\n    filbert.management.address: here",
			`f.yaml:3: properties/filbert.management.address: wrong value "here"; allowed: host:port with a port from 0 to 65535, or nothing for none`, ErrValue,
		},
		{
			"token", "hazelcast:\n  security: {realms: [{name: a, identity: {token: {encoding: base64, value: \"?\"}}}]}",
			`f.yaml:2: security/realms/identity/token: not base64; allowed: base64, or encoding none`, ErrValue,
		},

		{"list for mapping", "hazelcast:\n  network: [1]", `f.yaml:2: network: a list is not allowed here; allowed: a mapping`, ErrStructure},
		{"text for mapping", "hazelcast:\n  join: 1\n  lite-member: true", `f.yaml:3: lite-member: has the text "true"; allowed: enabled`, ErrStructure},
		{"mapping for text", "hazelcast:\n  cluster-name: {a: 1}", `f.yaml:2: cluster-name: is not a single value; allowed: a text of 1 to 4096 bytes`, ErrStructure},
		{"mapping for list", "hazelcast:\n  network: {join: {tcp-ip: {member-list: {a: b}}}}", `f.yaml:2: network/join/tcp-ip/member-list: is not a list; allowed: host, host:port, or an address with a range or * in its parts, at most 1000, separated by commas`, ErrStructure},
		{"text for maps", "hazelcast:\n  map: x", `f.yaml:2: map: has the text "x"; allowed: a mapping from names`, ErrStructure},
		{"text for properties", "hazelcast:\n  properties: x", `f.yaml:2: properties: has the text "x"; allowed: names with values`, ErrStructure},
		{"list for properties", "hazelcast:\n  properties: [x]", `f.yaml:2: properties: a list is not allowed here; allowed: names with values`, ErrStructure},
		{"mapping for property", "hazelcast:\n  properties: {x: {y: z}}", `f.yaml:2: properties/x: is not a single value; allowed: any text`, ErrStructure},
		{"list for kubernetes", "hazelcast:\n  network: {join: {kubernetes: [1]}}", `f.yaml:2: network/join/kubernetes: a list is not allowed here; allowed: a mapping`, ErrStructure},
		{"text for users", "hazelcast:\n  security: {realms: [{name: a, authentication: {simple: {users: x}}}]}", `f.yaml:2: security/realms/a/authentication/simple/users: has the text "x"; allowed: a list of mappings`, ErrStructure},
		{"user without name", "hazelcast:\n  security: {realms: [{name: a, authentication: {simple: {users: [{password: x}]}}}]}", `f.yaml:2: security/realms/simple/user: has no username; allowed: a text of 1 to 4096 bytes`, ErrStructure},
		{"realm without name", "hazelcast:\n  security: {realms: [{identity: {}}]}", `f.yaml:2: security/realms: has no name; allowed: a name of 1 to 4096 bytes`, ErrStructure},
		{"list for all", "hazelcast: [1]", `f.yaml:1: hazelcast is a list; allowed: a mapping`, ErrStructure},
		{"no root", "a: 1", `f.yaml:1: no element hazelcast at the top; allowed: a mapping that begins with hazelcast:`, ErrStructure},
		{"empty", "", `f.yaml:1: no element hazelcast at the top; allowed: a mapping that begins with hazelcast:`, ErrStructure},
		{"twice", "hazelcast:\n  cluster-name: a\n  cluster-name: b", `f.yaml:3: cluster-name: is set twice; allowed: once`, ErrStructure},

		{
			"percent", "hazelcast:\n  map:\n    a: {eviction: {size: 101, eviction-policy: LRU, max-size-policy: FREE_NATIVE_MEMORY_PERCENTAGE}}",
			`f.yaml:3: map/a/eviction/size: wrong value "101"; allowed with max-size-policy FREE_HEAP_PERCENTAGE: a whole number from 0 to 100 (percent)`, ErrValue,
		},
		{"sum", "hazelcast:\n  map: {a: {backup-count: 4, async-backup-count: 3}}", `f.yaml:2: map/a: backup-count and async-backup-count are more than 6 together; allowed: a sum from 0 to 6`, ErrConflict},
		{"two ways to join", "hazelcast:\n  network: {join: {tcp-ip: {enabled: true}, kubernetes: {enabled: true}}}", `f.yaml: network/join: tcp-ip and kubernetes are enabled; allowed: one of multicast, tcp-ip, kubernetes`, ErrConflict},
		{"two networks", "hazelcast:\n  advanced-network: {enabled: true, client-server-socket-endpoint-config: {}}\n  network: {}", `f.yaml:3: network: and an enabled advanced-network exclude one another; allowed: one of them`, ErrConflict},
		{"no such realm", "hazelcast:\n  security: {realms: [{name: a}], client-authentication: {realm: b}}", `f.yaml: security/client-authentication: no realm "b"; allowed: a`, ErrConflict},
		{"times", "hazelcast:\n  properties: {hazelcast.heartbeat.interval.seconds: 5, hazelcast.max.no.heartbeat.seconds: 9}", `f.yaml:2: properties/hazelcast.max.no.heartbeat.seconds: less than twice hazelcast.heartbeat.interval.seconds; allowed: at least 10 s`, ErrConflict},
		{"acknowledge", "hazelcast:\n  properties: {filbert.acknowledge.timeout.seconds: 10}", `f.yaml:2: properties/filbert.acknowledge.timeout.seconds: not more than hazelcast.max.no.heartbeat.seconds; allowed: more than 10 s`, ErrConflict},
		{"message limits", "hazelcast:\n  properties: {filbert.limit.message.bytes: 65536, filbert.limit.unauthenticated.message.bytes: 65537}", `f.yaml:2: properties/filbert.limit.message.bytes: less than filbert.limit.unauthenticated.message.bytes; allowed: at least that`, ErrConflict},

		{"not YAML", "hazelcast:\n  a: b: c", `f.yaml:2: not well-formed YAML: mapping values are not allowed in this context`, ErrSyntax},
		{"two documents", "hazelcast: {}\n---\nhazelcast: {}", `f.yaml:2: a second document; allowed: one`, ErrSyntax},
		{"key", "hazelcast:\n  [a]: b", `f.yaml:2: a key that is not a plain text`, ErrSyntax},
		{"endless alias", "hazelcast:\n  map: &a\n    x: *a", `f.yaml:3: alias "a" contains itself`, ErrSyntax},
	}
}

func xmlMessages() []message {
	wrap := func(s string) string { return "<hazelcast>\n" + s + "</hazelcast>" }
	return []message{
		{"unknown", wrap("<netwrk/>"), `f.xml:2: netwrk: unknown element, ignored (did you mean network?)`, nil},
		{"unknown attribute", wrap("<cluster-name id='1'>a</cluster-name>"), `f.xml:2: cluster-name/id: unknown attribute, ignored`, nil},
		{"unknown item", wrap("<network><join><tcp-ip><member-list><mamber>a</mamber></member-list></tcp-ip></join></network>"), `f.xml:2: network/join/tcp-ip/member-list/mamber: unknown element, ignored (did you mean member?)`, nil},
		{"unknown property", wrap("<properties><a>1</a></properties>"), `f.xml:2: properties/a: unknown element, ignored`, nil},
		{"unsupported", wrap("<wan-replication name='a'/><wan-replication name='b'/>"), `f.xml:2: wan-replication: known, but not supported yet: nothing is replicated to other clusters.`, nil},
		{"serializers", wrap("<serialization><serializers/></serialization>"), `f.xml:2: serialization/serializers: names Java classes, which mean nothing here: values are kept as clients send them.`, nil},

		{"value", wrap("<network>\n<port>70000</port></network>"), `f.xml:3: network/port: wrong value "70000"; allowed: a whole number from 0 to 65535`, ErrValue},
		{"long value", wrap("<instance-name>" + strings.Repeat("x", maxValueBytes+1) + "</instance-name>"), `f.xml:2: instance-name: longer than 64 KiB`, ErrValue},
		{"long name", wrap("<map name='" + strings.Repeat("x", 5000) + "'/>"), `f.xml:2: map: name "` + strings.Repeat("x", maxQuoted) + `…" is too long; allowed: 1 to 4096 bytes`, ErrValue},
		{"map without name", wrap("<map/>"), `f.xml:2: map: has no name; allowed: a name of 1 to 4096 bytes`, ErrStructure},
		{"property without name", wrap("<properties><property>1</property></properties>"), `f.xml:2: properties: property without a name; allowed: <property name="…">`, ErrStructure},
		{"text", wrap("<lite-member>x</lite-member>"), `f.xml:2: lite-member: has the text "x"; allowed: enabled`, ErrStructure},
		{"text in the root", wrap("x"), `f.xml:1: has the text "x"; allowed: elements only`, ErrStructure},
		{"twice", wrap("<network/><network/>"), `f.xml:2: network: is set twice; allowed: once`, ErrStructure},
		{"root", "<hazelcast-client/>", `f.xml:1: root element is "hazelcast-client"; allowed: hazelcast`, ErrStructure},

		{"empty", "", `f.xml:1: no root element; allowed: <hazelcast>`, ErrSyntax},
		{"not closed", "<hazelcast>\n<a>", `f.xml:2: not well-formed XML: unexpected EOF`, ErrSyntax},
		{"two roots", "<hazelcast/>\n<hazelcast/>", `f.xml:2: a second root element "hazelcast"`, ErrSyntax},
		{"text outside", "<hazelcast/>\nx", `f.xml:2: text outside of the root element`, ErrSyntax},
		{"entity", wrap("<cluster-name>&boom;</cluster-name>"), `f.xml:2: not well-formed XML: invalid character entity &boom;`, ErrSyntax},
		{"encoding", "<?xml version='1.0' encoding='latin1'?><hazelcast/>", `f.xml:1: opening charset "latin1": not well-formed: encoding "latin1": only UTF-8 is read`, ErrSyntax},
		{"UTF-16", "\xFF\xFE<\x00", `f.xml:1: is UTF-16; allowed: UTF-8`, ErrSyntax},
		{"deep", strings.Repeat("<hazelcast>", 100), `f.xml:1: elements are nested deeper than 64`, ErrSyntax},
	}
}

// TestMessages wants exactly the lines of the tables.
func TestMessages(t *testing.T) {
	for _, m := range yamlMessages() {
		t.Run("yaml/"+m.name, func(t *testing.T) { m.check(t, yamlSource(m.text)) })
	}
	for _, m := range xmlMessages() {
		t.Run("xml/"+m.name, func(t *testing.T) { m.check(t, xmlSource(m.text)) })
	}
}

func (m message) check(t *testing.T, s Source) {
	t.Helper()
	if s.FileBytes == nil {
		s.FileBytes = []byte{}
	}
	c, warnings, err := Load(s)
	if m.kind != nil {
		if err == nil {
			t.Fatalf("no error, want %s", m.want)
		}
		if !errors.Is(err, m.kind) || err.Error() != m.want || c != nil {
			t.Errorf("error is\n%v\nof kind %v: %v, want\n%s", err, m.kind, errors.Is(err, m.kind), m.want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, w := range warnings {
		lines = append(lines, w.String())
	}
	slices.Sort(lines)
	want := strings.Split(m.want, "\n")
	slices.Sort(want)
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("warnings are\n%s\nwant\n%s", strings.Join(lines, "\n"), m.want)
	}
}

// TestSeveralProblems wants all of them from Check and one line from Load.
func TestSeveralProblems(t *testing.T) {
	s := yamlSource("hazelcast:\n  network: {port: x}\n  lite-member: {enabled: x}\n  map: {a: {backup-count: x}}")
	report := Check(s)
	if report.OK() || len(report.Problems) != 3 || report.Config != nil {
		t.Errorf("report is %+v", report)
	}
	_, _, err := Load(s)
	want := `f.yaml:2: network/port: wrong value "x"; allowed: a whole number from 0 to 65535 (and 2 more)`
	if err == nil || err.Error() != want || !errors.Is(err, ErrValue) {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestOneLine wants texts of the operator not to break a line.
func TestOneLine(t *testing.T) {
	_, _, err := Load(yamlSource("hazelcast:\n  lite-member: {enabled: \"a\\nb\\e[31m\"}\n  \"x\\ny\": 1"))
	if err == nil || strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Errorf("error is %q", err)
	}
	report := Check(yamlSource("hazelcast:\n  \"x\\ny\\e\": 1"))
	if len(report.Warnings) != 1 || strings.ContainsAny(report.Warnings[0].String(), "\n\x1b") {
		t.Errorf("warnings are %q", report.Warnings)
	}
}

// TestAliasBomb wants nine levels of nine aliases refused, not unfolded.
func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i < 10; i++ {
		n, before := string(rune('0'+i)), string(rune('0'+i-1))
		b.WriteString("a" + n + ": &a" + n + " [" + strings.Repeat("*a"+before+",", 9) + "]\n")
	}
	_, _, err := Load(yamlSource(b.String() + "hazelcast: {}\n"))
	if !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "too large: more than 100000 elements") {
		t.Errorf("error is %v", err)
	}
}
