package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Prefixes of what overrides the file. Hazelcast manual, "Configuring with
// System Properties and Environment Variables".
const (
	envPrefix    = "HZ_"
	systemPrefix = "hz."
)

// maxVariableSegments bounds the depth of a variable's name.
const maxVariableSegments = 32

// environment returns the variables of env (NAME=value; a later one wins).
func environment(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok {
			m[name] = value
		}
	}
	return m
}

// notSettings are variables with Hazelcast's prefix that are no settings.
func notSettings() []string {
	return []string{"HZ_HOME", "HZ_LICENSE_KEY", "HZ_DATA", "HZ_VERSION"}
}

// serviceLinks matches what Kubernetes sets for each Service in a namespace
// (documentation of Kubernetes, "Accessing the Service: environment
// variables"): a release named hz makes them begin with HZ_.
type serviceLinks struct{ name, value *regexp.Regexp }

func newServiceLinks() serviceLinks {
	return serviceLinks{
		name:  regexp.MustCompile(`^[A-Z][A-Z0-9_]*(_SERVICE_HOST|_SERVICE_PORT(_[A-Z0-9_]+)?|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`),
		value: regexp.MustCompile(`^(tcp|udp|sctp)://`),
	}
}

// match reports whether a variable is a service link.
func (s serviceLinks) match(name, value string) bool {
	return s.name.MatchString(name) || strings.HasSuffix(name, "_PORT") && s.value.MatchString(value)
}

// variableTree makes a tree of the HZ_* variables: HZ_NETWORK_PORT_PORT stands
// for network/port/port.
func variableTree(env map[string]string) *node {
	links := newServiceLinks()
	root := &node{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		rest, ok := strings.CutPrefix(name, envPrefix)
		if !ok || links.match(name, env[name]) || slices.Contains(notSettings(), name) {
			continue
		}
		rest = strings.ReplaceAll(strings.ReplaceAll(rest, "_", "."), " ", "")
		addVariable(root, strings.ToLower(rest), env[name], Place{Variable: name})
	}
	return root
}

// systemTree makes a tree of the system properties hz.*.
func systemTree(properties map[string]string) *node {
	root := &node{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		rest, ok := strings.CutPrefix(name, systemPrefix)
		if !ok {
			continue
		}
		addVariable(root, strings.ReplaceAll(rest, " ", ""), properties[name], Place{Variable: "-D" + name})
	}
	return root
}

func addVariable(root *node, dotted, value string, at Place) {
	segments := strings.Split(dotted, ".")
	if len(segments) > maxVariableSegments {
		segments = segments[:maxVariableSegments]
	}
	n := root
	for _, s := range segments {
		next := n.child(s)
		if next == nil {
			next = &node{name: s, place: at}
			n.children = append(n.children, next)
		}
		n = next
	}
	n.value, n.hasValue, n.place = strings.TrimSpace(value), true, at
}

// conflicts reports settings that a variable and a system property both make,
// which Hazelcast refuses too.
func (r *reader) conflicts(env, system *node) {
	for _, a := range env.children {
		for _, b := range system.children {
			if squash(a.name) != squash(b.name) {
				continue
			}
			if a.hasValue && b.hasValue {
				r.problem(a.place, "", ErrConflict, "and "+b.place.String()+" set the same; allowed: one of them")
			}
			r.conflicts(a, b)
		}
	}
}
