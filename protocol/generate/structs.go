package main

// messageStruct writes the struct of a message.
func (w *writer) messageStruct(c *catalogue, m *message) {
	name := m.goName()
	what := map[string]string{"Request": "the request of", "Response": "the response of", "Event": "an event of"}[m.kind]
	w.line("// %s is %s %s, message %#06x, since %s.", name, what, m.method.label(), m.id, m.since)
	lookup := func(typ string) goType { t, _ := c.lookup(typ); return t }
	if m.kind == "Request" {
		lookup = c.view
	}
	w.structType(name, m.params, lookup)
}

// structType writes a struct with a field for each parameter, in the order of the catalogue.
func (w *writer) structType(name string, params []*param, lookup func(string) goType) {
	if len(params) == 0 {
		w.line("type %s struct{}\n", name)
		return
	}
	w.line("type %s struct {", name)
	for _, p := range params {
		w.line("\t%s %s%s", goField(p.name), fieldType(p, lookup(p.typ)), fieldComment(p))
		if p.newer {
			w.line("\tHas%s bool // set by decoding: the message had the field", goField(p.name))
		}
	}
	w.line("}\n")
}

// fieldType is the Go type of a field, which depends on whether it may be null.
func fieldType(p *param, t goType) string {
	switch {
	case p.nullable && t.custom:
		return "*" + t.name
	case p.nullable && t.null != "":
		return t.null
	}
	return t.name
}

func fieldComment(p *param) string {
	switch {
	case p.nullable && p.newer:
		return " // nullable, since " + p.since
	case p.nullable:
		return " // nullable"
	case p.newer:
		return " // since " + p.since
	}
	return ""
}
