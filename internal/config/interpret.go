package config

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// format is what a tree was written in.
type format int

const (
	formatYAML format = iota
	formatXML
	// formatVariables is a tree made of environment variables or system
	// properties: names without dashes, items of lists numbered.
	formatVariables
)

// maxProblems bounds the problems collected before reading stops.
const maxProblems = 100

// maxWarnings bounds the warnings kept of one load: a file of 4 MiB could make
// a hundred thousand.
const maxWarnings = 1000

// maxSuggestions bounds how many unknown names are compared with all known ones.
const maxSuggestions = 50

// reader interprets trees by the table of elements and collects what it finds.
type reader struct {
	config   *Config
	warnings []Warning
	problems []*Problem

	// format of the tree being read.
	format format
	// said holds the table paths of warnings that are given once.
	said map[string]bool
	// reset holds the lists that the tree being read has already replaced.
	reset map[*[]string]bool
	// set holds the properties with the place where each was set.
	set map[string]Place
}

func newReader(c *Config) *reader {
	return &reader{config: c, said: map[string]bool{}, set: map[string]Place{}}
}

func (r *reader) warn(p Place, element, message string) {
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, Warning{Place: p, Element: element, Message: message})
	}
}

// warnOnce gives a warning about the table path at most once.
func (r *reader) warnOnce(p Place, path path, message string) {
	if !r.said[path.table] {
		r.said[path.table] = true
		r.warn(p, path.written, message)
	}
}

func (r *reader) problem(p Place, element string, kind error, message string) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, &Problem{Place: p, Element: element, Message: message, Kind: kind})
	}
}

// path is an element's way from the root, as written (map/orders/backup-count)
// and as in the table (map/*/backup-count).
type path struct{ written, table string }

func (p path) below(written, table string) path {
	if p.written == "" {
		return path{written, table}
	}
	return path{p.written + "/" + written, p.table + "/" + table}
}

// read interprets the children of root as elements of s.
func (r *reader) read(f format, root *node, s scope) {
	r.format, r.reset = f, map[*[]string]bool{}
	r.scope(root, s, path{})
}

// scope interprets n by s.
func (r *reader) scope(n *node, s scope, at path) {
	seen := map[string]bool{}
	for _, c := range n.children {
		if c.name == "" {
			r.problem(c.place, at.written, ErrStructure, "a list is not allowed here; allowed: a mapping")
			break
		}
		e, ok := r.find(s, c.name)
		if !ok {
			r.unknown(c, at, s)
			continue
		}
		if e.single() && seen[e.name] {
			r.problem(c.place, at.below(e.name, e.name).written, ErrStructure, "is set twice; allowed: once")
			continue
		}
		seen[e.name] = true
		r.element(c, e, at.below(e.name, e.name))
	}
	r.ownText(n, s, at)
	if s.done != nil {
		s.done(r, n)
	}
}

// ownText gives the text of n itself to the child that it stands for.
func (r *reader) ownText(n *node, s scope, at path) {
	if !n.hasValue || n.value == "" {
		return
	}
	if e, ok := r.find(s, s.text); ok && s.text != "" {
		r.element(&node{name: s.text, value: n.value, hasValue: true, place: n.place}, e, at)
		return
	}
	if r.format == formatVariables {
		r.unknownVariable(n)
		return
	}
	r.problem(n.place, at.written, ErrStructure, "has the text "+quote(n.value)+"; allowed: "+names(s.elements))
}

func (r *reader) find(s scope, name string) (element, bool) {
	for _, e := range s.elements {
		if sameName(e.name, name) || r.format == formatVariables && squash(e.name) == squash(name) {
			return e, true
		}
	}
	return element{}, false
}

// squash removes what a variable's name cannot hold.
func squash(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "-", ""))
}

func (r *reader) unknown(n *node, at path, s scope) {
	if r.format == formatVariables {
		r.unknownVariable(n)
		return
	}
	what := "element"
	if n.attribute {
		what = "attribute"
	}
	message := "unknown " + what + ", ignored"
	if len(r.warnings) < maxSuggestions {
		if near := nearest(n.name, s.elements); near != "" {
			message += " (did you mean " + near + "?)"
		}
	}
	r.warn(n.place, at.below(clipped(n.name), "").written, message)
}

// unknownVariable warns about every variable that ends at or below n.
func (r *reader) unknownVariable(n *node) {
	if n.hasValue {
		r.warn(n.place, "", "names no element of the configuration, ignored")
	}
	for _, c := range n.children {
		r.unknownVariable(c)
	}
}

// element interprets one element by its row.
func (r *reader) element(n *node, e element, at path) {
	if e.seen != nil {
		e.seen()
	}
	if r.refused(n, e, at) {
		return
	}
	switch e.kind {
	case kindValue:
		r.value(n, e, at)
	case kindList:
		r.list(n, e, at)
	case kindGroup:
		r.scope(n, e.open(""), at)
	case kindNamed:
		r.named(n, e, at)
	case kindEach:
		r.each(n, e, at)
	case kindProperties:
		r.properties(n, e, at)
	case kindChildren:
		r.children(n, e, at)
	case kindOpaque:
	}
}

// refused warns about what is not supported and reports whether e is to be
// passed over.
func (r *reader) refused(n *node, e element, at path) bool {
	quiet := switchedOff(n)
	if e.quiet != nil {
		quiet = e.quiet(n)
	}
	switch e.support {
	case supported:
		return false
	case noEffect:
		return e.kind == kindOpaque
	case javaOnly:
		if !quiet {
			r.warnOnce(n.place, at, "names Java classes, which mean nothing here: "+e.doc)
		}
		return true
	case unsupported, pending:
		if !quiet {
			r.warnOnce(n.place, at, "known, but not supported yet: "+e.doc)
		}
		return e.support == unsupported
	}
	return false
}

// switchedOff reports whether n is written with enabled=false.
func switchedOff(n *node) bool { return strings.EqualFold(n.text("enabled"), "false") }

// value sets one value.
func (r *reader) value(n *node, e element, at path) {
	r.startList(e.value)
	for _, c := range n.children {
		if c.name == "" || r.format == formatYAML {
			r.problem(c.place, at.written, ErrStructure, "is not a single value; allowed: "+e.value.allowed())
			return
		}
		r.unknown(c, at, scope{})
	}
	if !n.hasValue && r.format == formatVariables {
		return
	}
	r.setValue(n, e.value, at)
}

func (r *reader) setValue(n *node, v value, at path) {
	if len(n.value) > maxValueBytes {
		r.problem(n.place, at.written, ErrValue, "longer than 64 KiB")
		return
	}
	if !v.set(n.value) {
		r.problem(n.place, at.written, ErrValue, "wrong value "+quote(n.value)+"; allowed: "+v.allowed())
	}
}

// startList empties a list at its first mention in a tree: a later source
// replaces what an earlier one listed.
func (r *reader) startList(v value) {
	if l, ok := v.(listValue); ok && !r.reset[l.field] {
		r.reset[l.field] = true
		*l.field = nil
	}
}

func (r *reader) list(n *node, e element, at path) {
	r.startList(e.value)
	if n.value != "" {
		r.setValue(n, e.value, at)
	}
	for _, c := range r.items(n) {
		switch {
		case r.format == formatXML && !sameName(c.name, e.item):
			r.unknown(c, at, scope{elements: []element{{name: e.item}}})
		case r.format == formatYAML && c.name != "":
			r.problem(c.place, at.written, ErrStructure, "is not a list; allowed: "+e.value.allowed())
			return
		default:
			r.setValue(c, e.value, at)
		}
	}
}

// items returns the children of n; those of variables in the order of their
// numbers.
func (r *reader) items(n *node) []*node {
	if r.format != formatVariables {
		return n.children
	}
	sorted := slices.Clone(n.children)
	slices.SortStableFunc(sorted, func(a, b *node) int {
		an, aerr := strconv.Atoi(a.name)
		bn, berr := strconv.Atoi(b.name)
		if aerr == nil && berr == nil {
			return cmp.Compare(an, bn)
		}
		return strings.Compare(a.name, b.name)
	})
	return sorted
}

func (r *reader) properties(n *node, e element, at path) {
	if n.value != "" && r.format != formatVariables {
		r.problem(n.place, at.written, ErrStructure, "has the text "+quote(n.value)+"; allowed: names with values")
	}
	for _, c := range n.children {
		switch {
		case c.name == "":
			r.problem(c.place, at.written, ErrStructure, "a list is not allowed here; allowed: names with values")
		case r.format == formatVariables:
			r.propertyVariables(c, "", *e.properties)
		case r.format == formatXML && !sameName(c.name, e.item):
			r.unknown(c, at, scope{elements: []element{{name: e.item}}})
		case r.format == formatXML:
			if name := c.text("name"); name != "" {
				(*e.properties)[name] = c.value
				r.set[name] = c.place
			} else {
				r.problem(c.place, at.written, ErrStructure, "property without a name; allowed: <property name=\"…\">")
			}
		case len(c.children) > 0:
			r.problem(c.place, at.below(clipped(c.name), "").written, ErrStructure, "is not a single value; allowed: any text")
		default:
			(*e.properties)[c.name] = c.value
			r.set[c.name] = c.place
		}
	}
}

// propertyVariables takes HZ_PROPERTIES_HAZELCAST_PARTITION_COUNT for
// hazelcast.partition.count.
func (r *reader) propertyVariables(n *node, prefix string, into map[string]string) {
	name := prefix + n.name
	if n.hasValue {
		into[name] = n.value
		r.set[name] = n.place
	}
	for _, c := range n.children {
		r.propertyVariables(c, name+".", into)
	}
}

// children takes the elements of the scope as such and every other child for an
// entry of the map.
func (r *reader) children(n *node, e element, at path) {
	s := e.open("")
	rest := *n
	rest.children = nil
	var known []string
	if r.format == formatVariables {
		known = slices.Sorted(maps.Keys(*e.properties))
	}
	for _, c := range n.children {
		_, isElement := r.find(s, c.name)
		switch {
		case c.name == "":
			r.problem(c.place, at.written, ErrStructure, "a list is not allowed here; allowed: a mapping")
			return
		case isElement:
			rest.children = append(rest.children, c)
		case len(c.children) > 0:
			r.unknown(c, at, s)
		default:
			(*e.properties)[r.existing(c.name, known)] = c.value
		}
	}
	r.scope(&rest, s, at)
}

// existing returns the one of known that a variable's name stands for, or the
// name itself: a variable cannot write myMap or my-map, but what the file called
// so is found again.
func (r *reader) existing(name string, known []string) string {
	if r.format != formatVariables {
		return name
	}
	for _, k := range known {
		if squash(k) == squash(name) {
			return k
		}
	}
	return name
}
