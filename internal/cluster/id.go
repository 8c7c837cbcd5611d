package cluster

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// ErrBadUUID is returned by ParseUUID for text that is not a UUID.
var ErrBadUUID = errors.New("not a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")

// UUID is a 128-bit identifier, most significant byte first. The zero UUID
// means "none".
type UUID [16]byte

// MemberID names one life of one member: a restarted member, and one that
// was removed and joins again, has a new one.
type MemberID = UUID

// NewUUID makes a version 4 UUID from 16 random bytes.
func NewUUID(random [16]byte) UUID {
	random[6] = random[6]&0x0f | 0x40
	random[8] = random[8]&0x3f | 0x80
	return random
}

// IsZero is true for the UUID that means "none".
func (u UUID) IsZero() bool { return u == UUID{} }

// Compare orders UUIDs by their bytes.
func (u UUID) Compare(v UUID) int { return bytes.Compare(u[:], v[:]) }

// String is the usual form with hyphens, lower case.
func (u UUID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:36], u[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// ParseUUID reads the form that String writes, in either case.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, fmt.Errorf("%w: %.40q", ErrBadUUID, s)
	}
	digits := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(u[:], []byte(digits)); err != nil {
		return UUID{}, fmt.Errorf("%w: %.40q", ErrBadUUID, s)
	}
	return u, nil
}

// Address is where a member or an endpoint of it listens. Host is an IP
// address or a name, without brackets.
type Address struct {
	Host string
	Port uint16
}

// String is the form for logs, [host]:port, as Hazelcast writes it.
func (a Address) String() string {
	return "[" + a.Host + "]:" + strconv.Itoa(int(a.Port))
}

// Dial is the form for net.Dial.
func (a Address) Dial() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// IsZero is true for the address that means "none".
func (a Address) IsZero() bool { return a == Address{} }

// Compare orders addresses numerically by IP where both are IPs, else by
// host, then by port. Founding depends on it being a total order.
func (a Address) Compare(b Address) int {
	ipA, errA := netip.ParseAddr(a.Host)
	ipB, errB := netip.ParseAddr(b.Host)
	switch {
	case errA == nil && errB == nil:
		if c := ipA.Compare(ipB); c != 0 {
			return c
		}
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	default:
		if c := bytes.Compare([]byte(a.Host), []byte(b.Host)); c != 0 {
			return c
		}
	}
	return int(a.Port) - int(b.Port)
}
