package main

import (
	"strings"
	"unicode"
)

// goName is the name of the message in Go, without "Type" or "Decode": MapPutRequest,
// MapAddEntryListenerEntryEvent. Service and method keep the spelling of the catalogue.
func (m *message) goName() string {
	name := m.method.service.name + upperFirst(m.method.name)
	if m.kind == "Event" {
		name += strings.TrimSuffix(upperFirst(m.event), "Event")
	}
	return name + m.kind
}

// fileName is the name of a service's generated file.
func fileName(service string) string { return strings.ToLower(service) + ".gen.go" }

// goField is the name of a field in Go: threadId becomes ThreadID.
func goField(name string) string {
	var b strings.Builder
	for _, word := range camelWords(name) {
		if upper := initialism(word); upper != "" {
			b.WriteString(upper)
		} else {
			b.WriteString(upperFirst(word))
		}
	}
	return b.String()
}

// camelWords splits a name before each upper-case letter that follows one that is not.
func camelWords(name string) []string {
	var words []string
	start := 0
	for i := 1; i < len(name); i++ {
		if unicode.IsUpper(rune(name[i])) && !unicode.IsUpper(rune(name[i-1])) {
			words = append(words, name[start:i])
			start = i
		}
	}
	return append(words, name[start:])
}

// initialism returns how Go spells a word that stands for initials, "" if it does not.
func initialism(word string) string {
	switch lower := strings.ToLower(word); lower {
	case "id", "uuid", "ttl", "cp", "sql", "json", "url", "uri", "tpc", "wan", "xml", "dag", "ip":
		return strings.ToUpper(lower)
	case "ids", "uuids":
		return strings.ToUpper(lower[:len(lower)-1]) + "s"
	}
	return ""
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
