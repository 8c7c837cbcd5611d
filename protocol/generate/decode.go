package main

// messageDecoder writes the function that reads a message.
func (w *writer) messageDecoder(c *catalogue, m *message) {
	name, into := m.goName(), "into"
	if len(m.params) == 0 {
		into = "_"
	}
	w.line("// Decode%s reads m into into; byte slices are views on m. Absent newer fields are zero.", name)
	w.line("func Decode%s(m wire.Message, %s *%s) error {", name, into, name)
	head := "wire.RequestHeadSize"
	if m.kind == "Response" {
		head = "wire.ResponseHeadSize"
	}
	w.line("\tvar d decoder")
	w.line("\td.start(m, %sType, %q, %s)", name, m.label(), head)
	lookup := func(typ string) goType { t, _ := c.lookup(typ); return t }
	if m.kind == "Request" {
		lookup = c.view
	}
	w.readFields(c, m.params, lookup, "into", "&d")
	w.line("\treturn d.err")
	w.line("}\n")
}

// typeDecoder writes the method that reads a structure.
func (w *writer) typeDecoder(c *catalogue, t *customType) {
	w.line("func (v *%s) decode(d *decoder, field string) {", t.name)
	w.line("\td.begin(field)")
	if fixed, _ := split(t.params); len(fixed) > 0 {
		w.line("\td.head(field)")
	}
	lookup := func(typ string) goType { t, _ := c.lookup(typ); return t }
	w.readFields(c, t.params, lookup, "v", "d")
	w.line("\td.end(field)")
	w.line("}\n")
}

// readFields reads first what stands in the head frame, then what has frames of its own; to is the variable that is
// filled, d the expression of type *decoder.
func (w *writer) readFields(c *catalogue, params []*param, lookup func(string) goType, to, d string) {
	fixed, framed := split(params)
	for _, p := range fixed {
		t := lookup(p.typ)
		read := t.read
		if p.nullable {
			read = t.readNull
		}
		field := to + "." + goField(p.name)
		if !p.newer {
			w.line("\t%s = d.%s(%q)", field, read, p.name)
			continue
		}
		has := to + ".Has" + goField(p.name)
		w.line("\t%s = %s", field, zero(t.name))
		w.line("\tif %s = d.hasFixed(%d); %s {", has, t.size, has)
		w.line("\t\t%s = d.%s(%q)", field, read, p.name)
		w.line("\t}")
	}
	for _, p := range framed {
		if !p.newer {
			w.readFramed(c, p, lookup(p.typ), to, d)
			continue
		}
		has := to + ".Has" + goField(p.name)
		w.line("\tif %s = d.hasFrame(); %s {", has, has)
		w.readFramed(c, p, lookup(p.typ), to, d)
		w.line("\t} else {")
		w.line("\t\t%s.%s = %s", to, goField(p.name), zero(fieldType(p, lookup(p.typ))))
		w.line("\t}")
	}
}

// readFramed reads one field that has frames of its own.
func (w *writer) readFramed(c *catalogue, p *param, t goType, to, d string) {
	field := to + "." + goField(p.name)
	if p.nullable && t.readNull != "" {
		w.line("\t%s = d.%s(%q)", field, t.readNull, p.name)
		return
	}
	if p.nullable {
		w.line("\tif d.null() {")
		w.line("\t\t%s = nil", field)
		w.line("\t} else {")
		defer w.line("\t}")
	}
	switch {
	case t.custom:
		if p.nullable {
			w.line("\t%s = new(%s)", field, t.name)
		}
		w.line("\t%s.decode(%s, %q)", field, d, p.name)
	case c.listItem(p.typ) != "":
		w.line("\t%s = decodeList(%s, %q, %s)", field, d, p.name, field)
	case t.reuse:
		w.line("\t%s = d.%s(%q, %s)", field, t.read, p.name, field)
	default:
		w.line("\t%s = d.%s(%q)", field, t.read, p.name)
	}
}

// zero is the zero value of a Go type as an expression.
func zero(name string) string {
	switch {
	case name == "bool":
		return "false"
	case name == "string":
		return `""`
	case name[0] == '[' || name[0] == '*':
		return "nil"
	case name == "byte" || name == "int32" || name == "int64" || name == "float32":
		return "0"
	}
	return name + "{}"
}
