package config

import "strings"

// replacePlaceholders replaces ${name} in every value of the tree by the system
// property name. One that is not set stays as it is and is a warning, as in
// Hazelcast; what was put in is not searched again. There is no ${name:default}
// in Hazelcast: the text up to } is the name.
func (r *reader) replacePlaceholders(n *node, properties map[string]string) {
	if strings.Contains(n.value, "${") {
		n.value = r.replaced(n, properties)
	}
	for _, c := range n.children {
		r.replacePlaceholders(c, properties)
	}
}

func (r *reader) replaced(n *node, properties map[string]string) string {
	var b strings.Builder
	rest := n.value
	for {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			r.warn(n.place, n.name, "placeholder "+quote("${"+after)+" has no closing }")
			b.WriteString("${" + after)
			break
		}
		value, ok := properties[name]
		if !ok {
			r.warn(n.place, n.name, "placeholder "+quote("${"+name+"}")+" stays as it is: no system property "+quote(name)+" (JAVA_OPTS=-D"+name+"=…)")
			value = "${" + name + "}"
		}
		b.WriteString(value)
		rest = tail
		if b.Len() > maxValueBytes {
			r.problem(n.place, n.name, ErrValue, "longer than 64 KiB once its placeholders are replaced")
			return ""
		}
	}
	return strings.TrimSpace(b.String())
}
