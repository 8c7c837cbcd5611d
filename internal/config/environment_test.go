package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVariables(t *testing.T) {
	file := "hazelcast:\n  cluster-name: file\n  network: {join: {tcp-ip: {member-list: [f]}, kubernetes: {service-dns: f}}}\n" +
		"  map: {myMap: {backup-count: 2, async-backup-count: 1}}\n  properties: {hazelcast.partition.count: 5}"
	tests := map[string]struct {
		env   []string
		check func(c *Config) bool
	}{
		"cluster name":   {[]string{"HZ_CLUSTERNAME=e"}, func(c *Config) bool { return c.ClusterName == "e" }},
		"port":           {[]string{"HZ_NETWORK_PORT_PORT=1"}, func(c *Config) bool { return c.Network.Port == 1 }},
		"auto-increment": {[]string{"HZ_NETWORK_PORT_AUTOINCREMENT=false"}, func(c *Config) bool { return !c.Network.PortAutoIncrement }},
		"public address": {[]string{"HZ_NETWORK_PUBLICADDRESS=h:1"}, func(c *Config) bool { return c.Network.PublicAddress == "h:1" }},
		"tcp-ip":         {[]string{"HZ_NETWORK_JOIN_TCPIP_ENABLED=true"}, func(c *Config) bool { return c.Network.Join.TCPIP.Enabled }},
		"members": {
			[]string{"HZ_NETWORK_JOIN_TCPIP_MEMBERS=a:1,b:2"},
			func(c *Config) bool { return slices.Equal(c.Network.Join.TCPIP.Members, []string{"a:1", "b:2"}) },
		},
		"member list": {
			[]string{"HZ_NETWORK_JOIN_TCPIP_MEMBERLIST_10=z", "HZ_NETWORK_JOIN_TCPIP_MEMBERLIST_9=y", "HZ_NETWORK_JOIN_TCPIP_MEMBERLIST_0=x"},
			func(c *Config) bool { return slices.Equal(c.Network.Join.TCPIP.Members, []string{"x", "y", "z"}) },
		},
		"auto-detection": {
			[]string{"HZ_NETWORK_JOIN_AUTODETECTION_ENABLED=false"},
			func(c *Config) bool { return !c.Network.Join.AutoDetection.Enabled },
		},
		"multicast": {
			[]string{"HZ_NETWORK_JOIN_MULTICAST_ENABLED=false"},
			func(c *Config) bool { return c.Join().Method() == JoinAuto },
		},
		"kubernetes": {
			[]string{"HZ_NETWORK_JOIN_KUBERNETES_ENABLED=true", "HZ_NETWORK_JOIN_KUBERNETES_SERVICEDNS=e"},
			func(c *Config) bool {
				return c.Network.Join.Kubernetes.Enabled && c.Network.Join.Kubernetes.ServiceDNS == "e"
			},
		},
		"advanced-network": {
			[]string{
				"HZ_ADVANCEDNETWORK_ENABLED=true", "HZ_ADVANCEDNETWORK_JOIN_TCPIP_ENABLED=true", "HZ_ADVANCEDNETWORK_JOIN_TCPIP_MEMBERS=q",
				"HZ_ADVANCEDNETWORK_CLIENTSERVERSOCKETENDPOINTCONFIG_PORT_PORT=9", "HZ_ADVANCEDNETWORK_MEMBERSERVERSOCKETENDPOINTCONFIG.PUBLICADDRESS=p",
			},
			func(c *Config) bool {
				client, ok := c.ClientEndpoint()
				return ok && client.Port == 9 && c.MemberEndpoint().PublicAddress == "p" && c.Join().Method() == JoinTCPIP
			},
		},
		"map of the file": {
			[]string{"HZ_MAP_MYMAP_BACKUPCOUNT=3"},
			func(c *Config) bool { return c.Maps["myMap"].BackupCount == 3 && c.Maps["myMap"].AsyncBackupCount == 1 },
		},
		"new map": {
			[]string{"HZ_MAP_DEFAULT_TIMETOLIVESECONDS=4"},
			func(c *Config) bool { return c.Maps["default"].TimeToLive == 4*time.Second },
		},
		"lite member": {[]string{"HZ_LITEMEMBER_ENABLED=true"}, func(c *Config) bool { return c.LiteMember }},
		"attribute":   {[]string{"HZ_MEMBERATTRIBUTES_RACK_VALUE=r"}, func(c *Config) bool { return c.MemberAttributes["rack"] == "r" }},
		"property": {
			[]string{"HZ_PROPERTIES_HAZELCAST_PARTITION_COUNT=6"},
			func(c *Config) bool { return c.PartitionCount == 6 },
		},
		"realm": {
			[]string{
				"HZ_SECURITY_ENABLED=true", "HZ_SECURITY_REALMS_0_NAME=r", "HZ_SECURITY_CLIENTAUTHENTICATION_REALM=r",
				"HZ_SECURITY_REALMS_0_AUTHENTICATION_SIMPLE_USERS_0_USERNAME=u", "HZ_SECURITY_REALMS_0_AUTHENTICATION_SIMPLE_USERS_0_PASSWORD=p",
			},
			func(c *Config) bool { return c.Security.ClientAuthentication().AcceptsPassword("u", "p", true) },
		},
		"log level":  {[]string{"LOGGING_LEVEL=trace"}, func(c *Config) bool { return c.Logging.Level == LogTrace }},
		"log format": {[]string{"LOGGING_FORMAT=JSON"}, func(c *Config) bool { return c.Logging.Format == LogJSON }},
		"others":     {[]string{"HZ_HOME=/x", "HZ_VERSION=1", "HOME=/", "BAD"}, func(c *Config) bool { return c.ClusterName == "file" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := yamlSource(file)
			s.Env = test.env
			c, warnings, err := Load(s)
			if err != nil {
				t.Fatal(err)
			}
			if !test.check(c) {
				t.Errorf("configuration is %s", show(t, c))
			}
			for _, w := range warnings {
				if strings.Contains(w.Message, "names no element") {
					t.Errorf("warning: %v", w)
				}
			}
		})
	}
}

// TestEveryValueByVariable sets every value of the table by its variable.
func TestEveryValueByVariable(t *testing.T) {
	count := 0
	for _, row := range rows(table(Default()), "") {
		if row.kind != kindValue && row.kind != kindList || row.support == javaOnly || row.support == unsupported {
			continue
		}
		count++
		name := variableName(row.path)
		set := "nonsense !"
		c, warnings, err := Load(Source{Dir: t.TempDir(), Env: []string{name + "=" + set}})
		switch {
		case err != nil && !strings.Contains(err.Error(), name+": ") && !strings.Contains(err.Error(), "no realm"):
			t.Errorf("%s: error is %v", name, err)
		case err == nil && len(warnings) > 0 && strings.Contains(warnings[0].Message, "names no element"):
			t.Errorf("%s is not known", name)
		case err == nil && show(t, c) == show(t, Default()) && row.support == supported && !strings.HasSuffix(name, "ROLESEPARATOR"):
			t.Errorf("%s sets nothing", name)
		}
	}
	if count < 60 {
		t.Errorf("only %d values in the table", count)
	}
}

// variableName returns the variable that sets the element at path.
func variableName(path string) string {
	path = strings.ReplaceAll(path, "/users/", "/users/0/")
	path = strings.ReplaceAll(path, "/user/", "/users/0/")
	return envPrefix + strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(path, "-", ""), "/", "_"))
}

// TestServiceLinks wants no service link to be taken for a setting.
func TestServiceLinks(t *testing.T) {
	links := []string{
		"HZ_SERVICE_HOST=10.0.0.1", "HZ_SERVICE_PORT=5701", "HZ_SERVICE_PORT_HAZELCAST=5701", "HZ_PORT=tcp://10.0.0.1:5701",
		"HZ_PORT_5701_TCP=tcp://10.0.0.1:5701", "HZ_PORT_5701_TCP_PROTO=tcp", "HZ_PORT_5701_TCP_PORT=5701", "HZ_PORT_5701_TCP_ADDR=10.0.0.1",
		"HZ_HAZELCAST_SERVICE_HOST=10.0.0.1", "HZ_HAZELCAST_SERVICE_PORT=5701", "HZ_HAZELCAST_SERVICE_PORT_HZ_CLIENT=5701",
		"HZ_HAZELCAST_PORT=tcp://10.0.0.1:5701", "HZ_HAZELCAST_PORT_5701_TCP=tcp://10.0.0.1:5701", "HZ_HAZELCAST_PORT_5701_TCP_ADDR=10.0.0.1",
		"HZ_HAZELCAST_PORT_53_UDP_PROTO=udp", "HZ_NETWORK_PORT=tcp://10.0.0.1:5701", "HZ_NETWORK_PORT_PORT=udp://10.0.0.1:53",
		"HZ_MAP_SERVICE_HOST=10.0.0.1", "HZ_NETWORK_PORT_5701_TCP_PORT=5701", "HZ_CLUSTERNAME_SERVICE_HOST=1.1.1.1",
	}
	c, warnings := mustLoad(t, Source{Dir: t.TempDir(), Env: links})
	if show(t, c) != show(t, Default()) || len(warnings) > 0 {
		t.Errorf("links gave %s %v", show(t, c), warnings)
	}
	settings := []string{"HZ_NETWORK_PORT_PORT=5801", "HZ_NETWORK_PORT=5801"}
	for _, s := range settings {
		if c, _ := mustLoad(t, Source{Dir: t.TempDir(), Env: []string{s}}); c.Network.Port != 5801 {
			t.Errorf("%s was taken for a link", s)
		}
	}
}

func TestVariableMessages(t *testing.T) {
	tests := map[string]struct {
		env      []string
		system   map[string]string
		warnings string
		err      string
		kind     error
	}{
		"unknown":     {env: []string{"HZ_CLUSTER_NAME=a"}, warnings: "HZ_CLUSTER_NAME: names no element of the configuration, ignored"},
		"too deep":    {env: []string{"HZ_CLUSTERNAME_A_B=a"}, warnings: "HZ_CLUSTERNAME_A_B: names no element of the configuration, ignored"},
		"not a value": {env: []string{"HZ_NETWORK=a"}, warnings: "HZ_NETWORK: names no element of the configuration, ignored"},
		"unsupported": {env: []string{"HZ_JET_ENABLED=true"}, warnings: "HZ_JET_ENABLED: jet: known, but not supported yet: there are no pipelines."},
		"java options": {
			env: []string{`JAVA_OPTS=-Dx="y`}, warnings: "JAVA_OPTS: has a quotation mark that is not closed",
		},
		"value": {
			env: []string{"HZ_NETWORK_PORT_PORT=a"}, kind: ErrValue,
			err: `HZ_NETWORK_PORT_PORT: network/port/port: wrong value "a"; allowed: a whole number from 0 to 65535`,
		},
		"system value": {
			system: map[string]string{"hz.network.port.port": "a"}, kind: ErrValue,
			err: `-Dhz.network.port.port: network/port/port: wrong value "a"; allowed: a whole number from 0 to 65535`,
		},
		"property": {
			system: map[string]string{"hazelcast.graceful.shutdown.max.wait": "long"}, kind: ErrValue,
			err: `-Dhazelcast.graceful.shutdown.max.wait: properties/hazelcast.graceful.shutdown.max.wait: wrong value "long"; ` +
				`allowed: a whole number from 0 to 2147483647 (seconds)`,
		},
		"level": {
			env: []string{"LOGGING_LEVEL=LOUD"}, kind: ErrValue,
			err: `LOGGING_LEVEL: wrong value "LOUD"; allowed: OFF, FATAL, ERROR, WARN, INFO, DEBUG, TRACE`,
		},
		"conflict": {
			env: []string{"HZ_CLUSTERNAME=a"}, system: map[string]string{"hz.cluster-name": "b"}, kind: ErrConflict,
			err: `HZ_CLUSTERNAME: and -Dhz.cluster-name set the same; allowed: one of them`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := Load(Source{Dir: t.TempDir(), Env: test.env, SystemProperties: test.system})
			if test.kind != nil {
				if err == nil || err.Error() != test.err || !errors.Is(err, test.kind) {
					t.Errorf("error is %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || len(warnings) != 1 || warnings[0].String() != test.warnings {
				t.Errorf("warnings are %v (error %v), want %s", warnings, err, test.warnings)
			}
		})
	}
}

func TestSystemProperties(t *testing.T) {
	s := yamlSource("hazelcast:\n  cluster-name: ${name}\n  properties: {hazelcast.partition.count: 5}")
	s.Env = []string{
		`JAVA_OPTS=-Xmx1g -Dname="from opts" -Dhazelcast.graceful.shutdown.max.wait=7 -Dhazelcast.partition.count=6 -Dhz.network.port.port=1`,
	}
	s.Args = []string{"start", "-Dhazelcast.graceful.shutdown.max.wait=8", "-D", "-Dempty"}
	s.SystemProperties = map[string]string{"filbert.server.version": "5.4.1"}
	c, warnings := mustLoad(t, s)
	if c.ClusterName != "from opts" || c.GracefulShutdownMaxWait != 8*time.Second || c.Network.Port != 1 || c.ServerVersion != "5.4.1" {
		t.Errorf("configuration is %s", show(t, c))
	}
	// As in Hazelcast the file's properties win over those of the Java machine.
	want := "f.yaml:3: properties/hazelcast.partition.count: wins over -Dhazelcast.partition.count=6, as in Hazelcast"
	if c.PartitionCount != 5 || len(warnings) != 1 || warnings[0].String() != want {
		t.Errorf("%d partitions, warnings %v", c.PartitionCount, warnings)
	}
}

func TestSplitWords(t *testing.T) {
	tests := map[string]struct {
		words  []string
		closed bool
	}{
		"":                         {nil, true},
		"  a\tb\n":                 {[]string{"a", "b"}, true},
		`a" b"c`:                   {[]string{"a bc"}, true},
		`'a "b'`:                   {[]string{`a "b`}, true},
		`"a 'b \" \\ \n \$"`:       {[]string{`a 'b " \ \n $`}, true},
		`a\ b`:                     {[]string{"a b"}, true},
		`''`:                       {[]string{""}, true},
		`-Da="1 2" '-Db=3 4' -Dc=`: {[]string{"-Da=1 2", "-Db=3 4", "-Dc="}, true},
		`"a b`:                     {[]string{"a b"}, false},
		`a\`:                       {[]string{`a\`}, true},
	}
	for text, want := range tests {
		words, closed := splitWords(text)
		if !slices.Equal(words, want.words) || closed != want.closed {
			t.Errorf("%q: %q %v, want %q %v", text, words, closed, want.words, want.closed)
		}
	}
}
