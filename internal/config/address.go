package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxHostBytes is the longest DNS name.
const maxHostBytes = 253

// ParseAddress splits "host", "host:port", "[v6]:port" or a bare v6 address. A
// missing port is returned as withoutPort. It returns ErrAddress when there is
// no host, a space, or a port that is not 1 to 65535.
func ParseAddress(s string, withoutPort int) (host string, port int, err error) {
	host, portText, hasPort := s, "", false
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, fmt.Errorf("%w: %s", ErrAddress, quote(s))
		}
		host = s[1:end]
		rest := s[end+1:]
		portText, hasPort = strings.CutPrefix(rest, ":")
		if rest != "" && !hasPort {
			return "", 0, fmt.Errorf("%w: %s", ErrAddress, quote(s))
		}
	case strings.Count(s, ":") == 1:
		host, portText, hasPort = strings.Cut(s, ":")
	}
	if host == "" || len(host) > maxHostBytes || strings.ContainsAny(host, " \t\r\n/\\,;@\"'[]{}<>|") {
		return "", 0, fmt.Errorf("%w: %s", ErrAddress, quote(s))
	}
	if !hasPort {
		return host, withoutPort, nil
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("%w: %s", ErrAddress, quote(s))
	}
	return host, port, nil
}

// HostPort is an address to ask.
type HostPort struct {
	Host string
	Port int
}

// maxListedAddresses bounds what patterns of a static list stand for: a
// wildcard in one part is 256 addresses, in two 65,536, which no founding
// member can ask.
const maxListedAddresses = 4096

// ListedAddresses returns the addresses that tcp-ip stands for, in its order
// and each once: patterns written out, and for a member without a port the
// first ports that it may have, from this member's own first port upwards
// (JoinPortTries of them, one when ports do not increment). The required member
// comes first. At most 4096.
func (c *Config) ListedAddresses() []HostPort {
	e, t := c.MemberEndpoint(), c.Join().TCPIP
	ports := 1
	if e.PortAutoIncrement {
		ports = min(c.JoinPortTries, e.PortCount)
	}
	members := t.Members
	if t.RequiredMember != "" {
		members = append([]string{t.RequiredMember}, members...)
	}
	var all []HostPort
	seen := map[HostPort]bool{}
	for _, m := range members {
		host, port, ok := splitMember(m)
		if !ok {
			continue
		}
		first, count := port, 1
		if port == 0 {
			first, count = e.Port, ports
		}
		for _, h := range writtenOut(host) {
			for p := first; p < first+count && p <= 65535; p++ {
				a := HostPort{h, p}
				if len(all) < maxListedAddresses && !seen[a] {
					seen[a] = true
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// splitMember splits an item of a member list, which may be a pattern; port is
// 0 when there is none.
func splitMember(s string) (host string, port int, ok bool) {
	if host, port, err := ParseAddress(s, 0); err == nil {
		return host, port, true
	}
	pattern, portText, hasPort := strings.Cut(s, ":")
	if hasPort {
		var err error
		if port, err = strconv.Atoi(portText); err != nil || port < 1 || port > 65535 {
			return "", 0, false
		}
	}
	return pattern, port, validPattern(pattern)
}

// writtenOut returns the addresses that a host or pattern stands for, at most
// maxListedAddresses.
func writtenOut(host string) []string {
	parts := strings.Split(host, ".")
	if !validPattern(host) || len(parts) != 4 {
		return []string{host}
	}
	hosts := []string{""}
	for i, part := range parts {
		low, high, _ := partRange(part)
		var longer []string
		for _, h := range hosts {
			for n := low; n <= high && len(longer) < maxListedAddresses; n++ {
				if i > 0 {
					longer = append(longer, h+"."+strconv.Itoa(n))
				} else {
					longer = append(longer, strconv.Itoa(n))
				}
			}
		}
		hosts = longer
	}
	return hosts
}

// Match reports whether a pattern of i matches a, part by part, where a part
// may be "*" or a range such as "4-18". Hazelcast manual, "Specifying network
// interfaces".
func (i Interfaces) Match(a netip.Addr) bool {
	for _, p := range i.Patterns {
		if matchAddress(p, a.Unmap()) {
			return true
		}
	}
	return false
}

func matchAddress(pattern string, a netip.Addr) bool {
	if exact, err := netip.ParseAddr(pattern); err == nil {
		return exact.Unmap() == a
	}
	if !a.Is4() {
		return false
	}
	parts := strings.Split(pattern, ".")
	if len(parts) != 4 {
		return false
	}
	bytes := a.As4()
	for i, p := range parts {
		low, high, ok := partRange(p)
		if !ok || int(bytes[i]) < low || int(bytes[i]) > high {
			return false
		}
	}
	return true
}

// partRange returns what one part of an address pattern stands for.
func partRange(p string) (low, high int, ok bool) {
	if p == "*" {
		return 0, 255, true
	}
	from, to, isRange := strings.Cut(p, "-")
	low, err := strconv.Atoi(from)
	if err != nil || low < 0 || low > 255 {
		return 0, 0, false
	}
	if !isRange {
		return low, low, true
	}
	high, err = strconv.Atoi(to)
	if err != nil || high < low || high > 255 {
		return 0, 0, false
	}
	return low, high, true
}

// validPattern reports whether p is an address or a pattern of one.
func validPattern(p string) bool {
	if _, err := netip.ParseAddr(p); err == nil {
		return true
	}
	parts := strings.Split(p, ".")
	if len(parts) != 4 {
		return false
	}
	for _, part := range parts {
		if _, _, ok := partRange(part); !ok {
			return false
		}
	}
	return true
}
