package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errSyntax is returned by readCatalogue and readServed when a file is not what protocol/README.md describes.
var errSyntax = errors.New("malformed catalogue")

// readCatalogue reads and checks all files of the catalogue.
func readCatalogue(dir string) (*catalogue, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("looking for the catalogue: %w", err)
	}
	cat := &catalogue{byType: map[string]*customType{}}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
		if err := cat.file(joined(string(text))); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	slices.SortFunc(cat.services, func(a, b *service) int { return a.id - b.id })
	return cat, cat.check()
}

// joined returns the lines of a file without empty ones and comments, continuation lines joined to what they continue.
func joined(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "      ") && len(lines) > 0:
			lines[len(lines)-1] += " " + strings.TrimSpace(line)
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// file takes the lines of one file, the first of which says what it holds.
func (c *catalogue) file(lines []string) error {
	if len(lines) == 0 {
		return fmt.Errorf("%w: empty file", errSyntax)
	}
	take := c.typeLine
	if lines[0] != "types" {
		svc := &service{}
		if _, err := fmt.Sscanf(lines[0], "service %s %d", &svc.name, &svc.id); err != nil {
			return fmt.Errorf("%w: %q is neither a service nor types", errSyntax, lines[0])
		}
		c.services = append(c.services, svc)
		take = svc.line
	}
	for _, line := range lines[1:] {
		if err := take(line); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
	}
	return nil
}

// typeLine takes a line of the file of types.
func (c *catalogue) typeLine(line string) error {
	if fields, ok := strings.CutPrefix(line, "  fields "); ok && len(c.types) > 0 {
		t := c.types[len(c.types)-1]
		params, err := parseParams(fields, t.since)
		t.params = params
		return err
	}
	words := strings.Fields(line)
	t := &customType{name: words[0], since: firstVersion}
	for _, word := range words[1:] {
		since, ok := strings.CutPrefix(word, "since=")
		if !ok {
			return fmt.Errorf("%w: %q", errSyntax, word)
		}
		t.since = since
	}
	if c.byType[t.name] != nil {
		return fmt.Errorf("%w: type twice", errSyntax)
	}
	c.types, c.byType[t.name] = append(c.types, t), t
	return nil
}

// line takes a line of a service's file.
func (s *service) line(line string) error {
	if !strings.HasPrefix(line, "  ") {
		return s.methodLine(strings.Fields(line))
	}
	if len(s.methods) == 0 {
		return fmt.Errorf("%w: no method before it", errSyntax)
	}
	m := s.methods[len(s.methods)-1]
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	var err error
	switch word {
	case "in":
		m.request.params, err = parseParams(rest, m.since)
	case "out":
		m.response.params, err = parseParams(rest, m.since)
	case "event":
		err = m.eventLine(rest)
	default:
		err = fmt.Errorf("%w: %q", errSyntax, word)
	}
	return err
}

func (s *service) methodLine(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("%w: a method has a name and an id", errSyntax)
	}
	id, err := strconv.Atoi(words[1])
	if err != nil || id < 1 || id > 255 {
		return fmt.Errorf("%w: id %q", errSyntax, words[1])
	}
	m := &method{service: s, name: words[0], id: id, since: firstVersion}
	for _, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "since":
			m.since = value
		case "partition":
			m.partition = value
		case "retryable":
			m.retryable = true
		default:
			return fmt.Errorf("%w: %q", errSyntax, word)
		}
	}
	base := s.id<<16 | id<<8
	m.request = &message{method: m, kind: "Request", id: base, since: m.since}
	m.response = &message{method: m, kind: "Response", id: base + 1, since: m.since}
	s.methods = append(s.methods, m)
	return nil
}

func (m *method) eventLine(rest string) error {
	head, fields, ok := strings.Cut(rest, ":")
	words := strings.Fields(head)
	if !ok || len(words) == 0 {
		return fmt.Errorf("%w: an event has a name and a colon", errSyntax)
	}
	e := &message{method: m, kind: "Event", event: words[0], id: m.request.id + 2 + len(m.events), since: m.since}
	if len(words) > 1 {
		e.since = strings.TrimPrefix(words[1], "since=")
	}
	m.events = append(m.events, e)
	params, err := parseParams(fields, e.since)
	e.params = params
	return err
}

// parseParams reads "name Type, name Type?, name Type@2.8"; since is the version of what they belong to.
func parseParams(text, since string) ([]*param, error) {
	var params []*param
	for item := range strings.SplitSeq(text, ",") {
		words := strings.Fields(item)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("%w: field %q", errSyntax, item)
		}
		p := &param{name: words[0], since: since}
		typ, version, newer := strings.Cut(words[1], "@")
		if newer {
			p.since, p.newer = version, true
		}
		p.typ, p.nullable = strings.CutSuffix(typ, "?")
		params = append(params, p)
	}
	return params, nil
}
