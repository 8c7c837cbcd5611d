package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of problem; every error of Load and Check wraps one of them.
var (
	// ErrFile is wrapped when the configuration file cannot be read or is too large.
	ErrFile = errors.New("cannot read the configuration")
	// ErrSyntax is wrapped when the file is not well-formed XML or YAML.
	ErrSyntax = errors.New("not well-formed")
	// ErrValue is wrapped when an element, variable or property has a value
	// that is not allowed.
	ErrValue = errors.New("wrong value")
	// ErrStructure is wrapped when an element stands where it cannot, twice, or
	// without a name that it needs.
	ErrStructure = errors.New("wrong structure")
	// ErrConflict is wrapped when two settings contradict one another.
	ErrConflict = errors.New("conflicting settings")
	// ErrAmbiguous is returned by Map when two patterns fit a name equally well.
	ErrAmbiguous = errors.New("ambiguous configuration")
	// ErrNoInterface is returned by ListenHost when no address of this machine
	// matches the enabled interfaces.
	ErrNoInterface = errors.New("no address of this machine matches the enabled interfaces")
	// ErrAddress is returned by ParseAddress for what is not host or host:port.
	ErrAddress = errors.New("not an address (host or host:port)")
)

// maxQuoted bounds a piece of the operator's text inside a message, in bytes.
const maxQuoted = 120

// Place is where a setting was written.
type Place struct {
	// File and Line (from 1) of the file; Line is 0 when it is not known.
	File string
	Line int
	// Variable is the environment variable or system property instead.
	Variable string
}

// String returns "FILE:LINE", the name of the variable, or "".
func (p Place) String() string {
	switch {
	case p.Variable != "":
		return clean(p.Variable)
	case p.File == "":
		return ""
	case p.Line == 0:
		return clean(p.File)
	}
	return clean(p.File) + ":" + strconv.Itoa(p.Line)
}

// Warning is something that the operator should know and that keeps nothing
// from running.
type Warning struct {
	Place Place
	// Element is the path below hazelcast, such as network/port; "" when the
	// warning is not about one.
	Element string
	Message string
}

// String returns the warning as one line.
func (w Warning) String() string {
	return line(w.Place, w.Element, w.Message)
}

// Problem is an error of the configuration: what is wrong, where, and what is
// allowed, in one line.
type Problem struct {
	Place   Place
	Element string
	Message string
	// Kind is one of ErrFile, ErrSyntax, ErrValue, ErrStructure, ErrConflict.
	Kind error
}

// Error returns the problem as one line.
func (p *Problem) Error() string {
	return line(p.Place, p.Element, p.Message)
}

// Unwrap returns the kind of the problem.
func (p *Problem) Unwrap() error { return p.Kind }

func line(p Place, element, message string) string {
	var b strings.Builder
	if at := p.String(); at != "" {
		b.WriteString(at)
		b.WriteString(": ")
	}
	if element != "" {
		b.WriteString(clean(element))
		b.WriteString(": ")
	}
	b.WriteString(clean(message))
	return b.String()
}

// clean makes s fit for one line of a log: no line breaks or control
// characters, no broken UTF-8.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// quote returns s in quotation marks, shortened when it is long.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "?") + "…"
	}
	return fmt.Sprintf("%q", s)
}
