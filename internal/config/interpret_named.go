package config

import (
	"strconv"
	"strings"
)

// named interprets groups that have names.
func (r *reader) named(n *node, e element, at path) {
	switch {
	case r.format == formatXML && e.item == "":
		r.keyed(n, e, at)
	case r.format == formatXML:
		for _, c := range n.children {
			if sameName(c.name, e.item) {
				r.keyed(c, e, at)
			} else {
				r.unknown(c, at, scope{elements: []element{{name: e.item}}})
			}
		}
	case n.value != "":
		r.problem(n.place, at.written, ErrStructure, "has the text "+quote(n.value)+"; allowed: a mapping from names")
	default:
		var known []string
		if r.format == formatVariables && e.known != nil {
			known = e.known()
		}
		for _, c := range n.children {
			if n.sequence || numbered(r.format, n) {
				r.keyed(c, e, at)
				continue
			}
			r.item(c, r.existing(c.name, known), e, at)
		}
	}
}

// numbered reports whether the children of a tree of variables are the items of
// a list.
func numbered(f format, n *node) bool {
	if f != formatVariables {
		return false
	}
	for _, c := range n.children {
		if _, err := strconv.Atoi(c.name); err != nil {
			return false
		}
	}
	return len(n.children) > 0
}

// keyed interprets a group whose name is in its key child or attribute.
func (r *reader) keyed(n *node, e element, at path) {
	key := e.keyName()
	rest := *n
	rest.children = nil
	name := ""
	for _, c := range n.children {
		if name == "" && sameName(c.name, key) {
			name = c.value
			continue
		}
		rest.children = append(rest.children, c)
	}
	if name == "" {
		r.problem(n.place, at.written, ErrStructure, "has no "+key+"; allowed: a name of 1 to 4096 bytes")
		return
	}
	r.item(&rest, name, e, at)
}

func (r *reader) item(n *node, name string, e element, at path) {
	if len(name) > maxNameBytes {
		r.problem(n.place, at.written, ErrValue, "name "+quote(name)+" is too long; allowed: 1 to 4096 bytes")
		return
	}
	r.scope(n, e.open(name), at.below(clipped(name), "*"))
}

// each interprets a group per occurrence.
func (r *reader) each(n *node, e element, at path) {
	if n.sequence || numbered(r.format, n) {
		for _, c := range r.items(n) {
			r.eachItem(c, e.open(""), at)
		}
		return
	}
	if r.format == formatYAML && n.hasValue {
		what := "a list of mappings"
		if e.open("").items != nil {
			what = "a list of lists"
		}
		r.problem(n.place, at.written, ErrStructure, "has the text "+quote(n.value)+"; allowed: "+what)
		return
	}
	r.scope(n, e.open(""), at)
}

// eachItem interprets an item of a list: a group, or a list of texts where that may stand for one.
func (r *reader) eachItem(n *node, s scope, at path) {
	if s.items == nil || !n.sequence && !numbered(r.format, n) {
		r.scope(n, s, at)
		return
	}
	r.list(n, *s.items, at)
	if s.done != nil {
		s.done(r, n)
	}
}

// maxNames is the longest list of names that still helps in a message.
const maxNames = 12

// names lists the children that an element may have.
func names(elements []element) string {
	switch {
	case len(elements) == 0:
		return "nothing"
	case len(elements) > maxNames:
		return "elements only"
	}
	list := make([]string, 0, len(elements))
	for _, e := range elements {
		list = append(list, e.name)
	}
	return strings.Join(list, ", ")
}

func clipped(name string) string {
	if len(name) > maxQuoted {
		return strings.ToValidUTF8(name[:maxQuoted], "?") + "…"
	}
	return name
}

// nearest returns the element whose name is at most two slips away, "" if none.
func nearest(name string, elements []element) string {
	best, bestDistance := "", 3
	if len(name) > 64 {
		return ""
	}
	for _, e := range elements {
		if d := distance(squash(name), squash(e.name)); d < bestDistance && d < len(e.name)/2 {
			best, bestDistance = e.name, d
		}
	}
	return best
}

// distance is the number of insertions, deletions and replacements between a
// and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above+1, row[j-1]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(b)]
}
