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
