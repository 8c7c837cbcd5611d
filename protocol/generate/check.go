package main

import (
	"fmt"
	"os"
	"strings"
)

// firstVersion is the version of the protocol that everything has unless the catalogue says otherwise.
const firstVersion = "2.0"

// check finds what would generate wrong code.
func (c *catalogue) check() error {
	services, names := map[int]string{}, map[string]bool{}
	for _, svc := range c.services {
		if other, ok := services[svc.id]; ok {
			return fmt.Errorf("%w: services %s and %s have the id %d", errSyntax, other, svc.name, svc.id)
		}
		services[svc.id] = svc.name
		methods := map[int]string{}
		for _, m := range svc.methods {
			if other, ok := methods[m.id]; ok {
				return fmt.Errorf("%w: %s and %s have the id %d", errSyntax, other, m.label(), m.id)
			}
			methods[m.id] = m.label()
			for _, msg := range m.messages() {
				if names[msg.goName()] {
					return fmt.Errorf("%w: two messages are called %s", errSyntax, msg.goName())
				}
				names[msg.goName()] = true
				if err := c.checkParams(msg.label(), msg.params); err != nil {
					return err
				}
			}
		}
	}
	for _, t := range c.types {
		if err := c.checkParams(t.name, t.params); err != nil {
			return err
		}
	}
	return nil
}

// checkParams holds that types are known and that, of the fields in the first frame and of those behind it, a newer
// one never stands before an older: otherwise a message of an older sender could not be told from a short one.
func (c *catalogue) checkParams(where string, params []*param) error {
	seen := map[string]bool{}
	for _, p := range params {
		if _, ok := c.lookup(p.typ); !ok {
			return fmt.Errorf("%w: %s: field %s has the unknown type %s", errSyntax, where, p.name, p.typ)
		}
		if p.nullable && fixedSize(p.typ) > 0 && p.typ != "UUID" {
			return fmt.Errorf("%w: %s: field %s cannot be null", errSyntax, where, p.name)
		}
		if seen[goField(p.name)] {
			return fmt.Errorf("%w: %s: field %s twice", errSyntax, where, p.name)
		}
		seen[goField(p.name)] = true
	}
	fixed, framed := split(params)
	for _, group := range [][]*param{fixed, framed} {
		for i := 1; i < len(group); i++ {
			if group[i-1].newer && !group[i].newer {
				return fmt.Errorf("%w: %s: %s stands behind a newer field", errSyntax, where, group[i].name)
			}
		}
	}
	return nil
}

// readServed reads the list of the messages that a member answers: a message a line, "Map.put".
func readServed(path string, cat *catalogue) (map[string]bool, error) {
	known := map[string]bool{}
	for _, svc := range cat.services {
		for _, m := range svc.methods {
			known[m.label()] = true
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the served messages: %w", err)
	}
	served := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		if !known[name] {
			return nil, fmt.Errorf("%w: served.txt names %q, which the catalogue does not have", errSyntax, name)
		}
		if served[name] {
			return nil, fmt.Errorf("%w: served.txt names %q twice", errSyntax, name)
		}
		served[name] = true
	}
	return served, nil
}
