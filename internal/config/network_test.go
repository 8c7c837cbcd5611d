package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	tests := map[string]struct {
		host string
		port int
		ok   bool
	}{
		"h": {"h", 9, true}, "h:1": {"h", 1, true}, "10.0.0.1:65535": {"10.0.0.1", 65535, true},
		"::1": {"::1", 9, true}, "[::1]": {"::1", 9, true}, "[::1]:5": {"::1", 5, true},
		"": {}, ":1": {}, "h:": {}, "h:0": {}, "h:65536": {}, "h:x": {}, "a b": {}, "[::1": {}, "[::1]x": {}, "h/x": {}, "[]:1": {},
	}
	for text, want := range tests {
		host, port, err := ParseAddress(text, 9)
		if want.ok != (err == nil) || want.ok && (host != want.host || port != want.port) || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %q %d %v", text, host, port, err)
		}
	}
}

func TestInterfacesMatch(t *testing.T) {
	tests := []struct {
		pattern, address string
		want             bool
	}{
		{"10.3.16.7", "10.3.16.7", true},
		{"10.3.16.7", "10.3.16.8", false},
		{"10.3.16.*", "10.3.16.200", true},
		{"10.3.*.1", "10.3.16.2", false},
		{"10.3.10.4-18", "10.3.10.18", true},
		{"10.3.10.4-18", "10.3.10.19", false},
		{"*.*.*.*", "1.2.3.4", true},
		{"10.3.16.*", "::1", false},
		{"::1", "::1", true},
		{"10.3.16.7", "::ffff:10.3.16.7", true},
		{"10.3.16", "10.3.16.7", false},
	}
	for _, test := range tests {
		i := Interfaces{Patterns: []string{test.pattern}}
		if got := i.Match(netip.MustParseAddr(test.address)); got != test.want {
			t.Errorf("%s %s: %v", test.pattern, test.address, got)
		}
	}
}

func TestListenHost(t *testing.T) {
	local := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.3.16.7")}
	patterns := func(p string) Endpoint {
		return Endpoint{Interfaces: Interfaces{Enabled: true, Patterns: []string{p}}}
	}
	tests := map[string]struct {
		change func(c *Config)
		e      Endpoint
		want   string
	}{
		"default":       {func(*Config) {}, Endpoint{}, "127.0.0.1"},
		"any":           {func(c *Config) { c.Network.BindAny = true }, patterns("10.3.16.*"), "0.0.0.0"},
		"local address": {func(c *Config) { c.Network.BindAny, c.Network.BindAddress = true, "10.1.1.1" }, Endpoint{}, "10.1.1.1"},
		"interfaces":    {func(*Config) {}, patterns("10.3.16.*"), "10.3.16.7"},
		"none fits":     {func(*Config) {}, patterns("10.4.*.*"), ""},
	}
	for name, test := range tests {
		c := Default()
		test.change(c)
		got, err := c.ListenHost(test.e, local)
		if got != test.want || (err != nil) != (test.want == "") || err != nil && !errors.Is(err, ErrNoInterface) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestJoinMethod(t *testing.T) {
	tests := map[JoinMethod]Join{
		JoinTCPIP:      {TCPIP: TCPIP{Enabled: true}, AutoDetection: AutoDetection{Enabled: true}},
		JoinKubernetes: {Kubernetes: Kubernetes{Enabled: true}, AutoDetection: AutoDetection{Enabled: true}},
		JoinAuto:       {Multicast: Multicast{Enabled: true}},
		JoinNone:       {},
	}
	for want, join := range tests {
		if got := join.Method(); got != want {
			t.Errorf("%+v: %s, want %s", join, got, want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	c := Default()
	c.Network.Port = 1
	c.AdvancedNetwork.Member.Port = 2
	c.AdvancedNetwork.Client.Port = 3
	c.AdvancedNetwork.HasClient = true
	if _, own := c.ClientEndpoint(); own || c.MemberEndpoint().Port != 1 {
		t.Error("advanced-network counts while it is off")
	}
	c.AdvancedNetwork.Enabled = true
	if client, own := c.ClientEndpoint(); !own || client.Port != 3 || c.MemberEndpoint().Port != 2 {
		t.Error("advanced-network does not count while it is on")
	}
}

func TestListedAddresses(t *testing.T) {
	tests := map[string]struct {
		members  string
		required string
		fixed    bool
		want     string
	}{
		"ports":        {members: "a, b:9", want: "a:5701 a:5702 a:5703 b:9"},
		"fixed port":   {members: "a, b:9", fixed: true, want: "a:5701 b:9"},
		"required":     {members: "a:1, b:2", required: "b:2", want: "b:2 a:1"},
		"range":        {members: "10.3.10.4-6:1", want: "10.3.10.4:1 10.3.10.5:1 10.3.10.6:1"},
		"two ranges":   {members: "10.3.1-2.254-255:1", want: "10.3.1.254:1 10.3.1.255:1 10.3.2.254:1 10.3.2.255:1"},
		"v6":           {members: "::1", fixed: true, want: "::1:5701"},
		"each once":    {members: "a:1, a:1, 10.0.0.1-2:1, 10.0.0.2:1", want: "a:1 10.0.0.1:1 10.0.0.2:1"},
		"nothing said": {want: ""},
	}
	for name, test := range tests {
		c := Default()
		c.Network.PortAutoIncrement = !test.fixed
		c.Network.Join.TCPIP.RequiredMember = test.required
		if !asMembers(&c.Network.Join.TCPIP.Members).set(test.members) {
			t.Fatalf("%s: %s is not allowed", name, test.members)
		}
		var got []string
		for _, a := range c.ListedAddresses() {
			got = append(got, fmt.Sprintf("%s:%d", a.Host, a.Port))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
	c := Default()
	c.Network.Join.TCPIP.Members = []string{"*.*.*.*", "10.*.*.*"}
	if n := len(c.ListedAddresses()); n != maxListedAddresses {
		t.Errorf("%d addresses", n)
	}
}
