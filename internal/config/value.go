package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// value is one setting bound to its field: the one place that knows which texts
// are allowed.
type value interface {
	// set stores text and reports whether it is allowed.
	set(text string) bool
	// allowed says what is, for messages and the manual.
	allowed() string
	// current returns the field's value as it would be written; of a default
	// configuration it is the default.
	current() string
}

type boolValue struct{ field *bool }

func asBool(field *bool) value { return boolValue{field} }

func (v boolValue) set(text string) bool {
	switch strings.ToLower(text) {
	case "true":
		*v.field = true
	case "false":
		*v.field = false
	default:
		return false
	}
	return true
}

func (boolValue) allowed() string   { return "true or false" }
func (v boolValue) current() string { return strconv.FormatBool(*v.field) }

type intValue struct {
	field    *int
	min, max int
	unit     string
}

// asInt binds a whole number from low to high, counted in unit ("" for none).
func asInt(field *int, low, high int, unit string) value {
	return intValue{field, low, high, unit}
}

func (v intValue) set(text string) bool {
	n, err := strconv.Atoi(text)
	if err != nil || n < v.min || n > v.max {
		return false
	}
	*v.field = n
	return true
}

func (v intValue) allowed() string {
	s := fmt.Sprintf("a whole number from %d to %d", v.min, v.max)
	if v.unit != "" {
		s += " (" + v.unit + ")"
	}
	return s
}

func (v intValue) current() string { return strconv.Itoa(*v.field) }

type durationValue struct {
	field    *time.Duration
	unit     time.Duration
	min, max int64
}

// asSeconds binds a duration written in whole seconds.
func asSeconds(field *time.Duration, low, high int64) value {
	return durationValue{field, time.Second, low, high}
}

// asMillis binds a duration written in whole milliseconds.
func asMillis(field *time.Duration, low, high int64) value {
	return durationValue{field, time.Millisecond, low, high}
}

func (v durationValue) set(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < v.min || n > v.max {
		return false
	}
	*v.field = time.Duration(n) * v.unit
	return true
}

func (v durationValue) allowed() string {
	unit := "seconds"
	if v.unit == time.Millisecond {
		unit = "milliseconds"
	}
	return fmt.Sprintf("a whole number from %d to %d (%s)", v.min, v.max, unit)
}

func (v durationValue) current() string { return strconv.FormatInt(int64(*v.field/v.unit), 10) }

type enumValue[T ~string] struct {
	field  *T
	values []T
}

// asEnum binds one of some words, in any case.
func asEnum[T ~string](field *T, values []T) value { return enumValue[T]{field, values} }

func (v enumValue[T]) set(text string) bool {
	for _, known := range v.values {
		if strings.EqualFold(text, string(known)) {
			*v.field = known
			return true
		}
	}
	return false
}

func (v enumValue[T]) allowed() string {
	words := make([]string, len(v.values))
	for i, known := range v.values {
		words[i] = string(known)
	}
	return strings.Join(words, ", ")
}

func (v enumValue[T]) current() string { return string(*v.field) }

type stringValue struct {
	field *string
	valid func(string) bool
	what  string
}

// asString binds any text.
func asString(field *string) value {
	return stringValue{field, func(string) bool { return true }, "any text"}
}

// asName binds a text that is neither empty nor longer than a name may be.
func asName(field *string) value {
	return stringValue{field, func(s string) bool { return s != "" && len(s) <= maxNameBytes }, "a text of 1 to 4096 bytes"}
}

// asAddress binds host or host:port, or nothing.
func asAddress(field *string) value {
	return stringValue{field, func(s string) bool {
		_, _, err := ParseAddress(s, 0)
		return s == "" || err == nil
	}, "host or host:port with a port from 1 to 65535, or nothing"}
}

// asListenAddress binds host:port to listen on, where the port may be 0, or
// nothing.
func asListenAddress(field *string) value {
	return stringValue{field, func(s string) bool {
		i := strings.LastIndexByte(s, ':')
		if s == "" || i < 0 {
			return s == ""
		}
		port, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil || port > math.MaxUint16 {
			return false
		}
		host := s[:i]
		if host == "" {
			return true
		}
		_, _, err = ParseAddress(host, 0)
		return err == nil
	}, "host:port with a port from 0 to 65535, or nothing for none"}
}

// asVersion binds a version such as 5.5.0 or 5.5.0-SNAPSHOT: three numbers are
// what clients parse.
func asVersion(field *string) value {
	pattern := regexp.MustCompile(`^\d{1,4}\.\d{1,4}\.\d{1,4}(-[A-Za-z0-9.]{1,32})?$`)
	return stringValue{field, pattern.MatchString, "a version such as 5.5.0"}
}

// asClusterVersion binds the version of a cluster, such as 0.2.
func asClusterVersion(field *string) value {
	return stringValue{field, regexp.MustCompile(`^\d{1,3}\.\d{1,3}$`).MatchString, "major.minor, such as 0.2"}
}

// fallbackValue sets its field only when it is empty.
type fallbackValue struct{ value }

func asFallback(v value) value { return fallbackValue{v} }

func (v fallbackValue) set(text string) bool {
	before := v.current()
	if !v.value.set(text) {
		return false
	}
	return before == "" || v.value.set(before)
}

// asSecret binds any text, which messages and the manual never show.
func asSecret(field *string) value {
	return stringValue{field, func(string) bool { return true }, "any text"}
}

func (v stringValue) set(text string) bool {
	if !v.valid(text) {
		return false
	}
	*v.field = text
	return true
}

func (v stringValue) allowed() string { return v.what }
func (v stringValue) current() string { return *v.field }

// maxNameBytes bounds names in a file, as Limits.MaxNameBytes does by default.
const maxNameBytes = 4096

// maxListItems bounds a list in a file: a static list of members or a list of
// interfaces is written by hand.
const maxListItems = 1000

type listValue struct {
	field *[]string
	valid func(string) bool
	what  string
}

// asMembers binds a list of member addresses.
func asMembers(field *[]string) value {
	return listValue{field, validMember, "host, host:port, or an address with a range or * in its parts, at most 1000, separated by commas"}
}

// asPatterns binds a list of interface patterns.
func asPatterns(field *[]string) value {
	return listValue{field, validPattern, "addresses such as 10.3.16.7, 10.3.16.* or 10.3.10.4-18, at most 1000"}
}

// asRoles binds a list of roles.
func asRoles(field *[]string) value {
	return listValue{field, func(s string) bool { return len(s) <= maxNameBytes }, "names of roles, at most 1000"}
}

// set appends the comma-separated items of text.
func (v listValue) set(text string) bool {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if !v.valid(item) || len(*v.field)+len(items) >= maxListItems {
			return false
		}
		items = append(items, item)
	}
	*v.field = append(*v.field, items...)
	return true
}

func (v listValue) allowed() string { return v.what }
func (v listValue) current() string { return strings.Join(*v.field, ", ") }

// validMember accepts an address, or a pattern with an optional port.
func validMember(s string) bool {
	_, _, ok := splitMember(s)
	return ok
}
