package main

// messageEncoder writes the function that appends a message.
func (w *writer) messageEncoder(c *catalogue, m *message) {
	name, from := m.goName(), "r"
	if len(m.params) == 0 {
		from = "_"
	}
	lookup := func(typ string) goType { t, _ := c.lookup(typ); return t }
	if m.kind == "Request" {
		lookup = c.view
	}
	fixed, framed := split(m.params)
	size := 0
	for _, p := range fixed {
		size += fixedSize(p.typ)
	}
	w.line("// Append%s appends the message to dst.", name)
	if m.kind == "Request" {
		w.line("func Append%s(dst []byte, correlation int64, partition int32, %s *%s) []byte {", name, from, name)
	} else {
		w.line("func Append%s(dst []byte, correlation int64, %s *%s) []byte {", name, from, name)
	}
	if len(framed) == 0 {
		w.line("\tlast := len(dst)")
	}
	if m.kind == "Request" {
		w.line("\tdst = wire.AppendRequestHead(dst, %sType, correlation, partition, %d)", name, size)
	} else {
		w.line("\tdst = wire.Append%sHead(dst, %sType, correlation, %d)", m.kind, name, size)
	}
	for _, p := range fixed {
		w.writeFixed(p, lookup(p.typ), "r")
	}
	for i, p := range framed {
		t := lookup(p.typ)
		if i == len(framed)-1 && t.ends != endsEmpty {
			w.line("\tlast := len(dst)")
		}
		w.writeFramed(c, p, t, "r")
	}
	w.line("\treturn %s", finish(framed, lookup))
	w.line("}\n")
}

// finish is the expression that marks the last frame.
func finish(framed []*param, lookup func(string) goType) string {
	if len(framed) == 0 {
		return "wire.Finish(dst, last)"
	}
	switch lookup(framed[len(framed)-1].typ).ends {
	case endsEmpty:
		return "wire.FinishEmpty(dst)"
	case endsKeys:
		return "wire.FinishFrom(dst, last)"
	case endsSingle:
	}
	return "wire.Finish(dst, last)"
}

// typeEncoder writes the method that appends a structure.
func (w *writer) typeEncoder(c *catalogue, t *customType) {
	w.line("func (v *%s) append(dst []byte) []byte {", t.name)
	w.line("\tdst = wire.AppendBegin(dst)")
	fixed, framed := split(t.params)
	size := 0
	for _, p := range fixed {
		size += fixedSize(p.typ)
	}
	if len(fixed) > 0 {
		w.line("\tdst = wire.AppendFrameHead(dst, 0, %d)", size)
	}
	for _, p := range fixed {
		t, _ := c.lookup(p.typ)
		w.writeFixed(p, t, "v")
	}
	for _, p := range framed {
		t, _ := c.lookup(p.typ)
		w.writeFramed(c, p, t, "v")
	}
	w.line("\treturn wire.AppendEnd(dst)")
	w.line("}\n")
}

// writeFixed appends a field to the head frame.
func (w *writer) writeFixed(p *param, t goType, from string) {
	write := t.write
	if p.nullable {
		write = t.writeNull
	}
	w.line("\tdst = %s(dst, %s.%s)", write, from, goField(p.name))
}

// writeFramed appends a field that has frames of its own.
func (w *writer) writeFramed(c *catalogue, p *param, t goType, from string) {
	field := from + "." + goField(p.name)
	if p.nullable && t.writeNull != "" {
		w.line("\tdst = %s(dst, %s)", t.writeNull, field)
		return
	}
	if p.nullable {
		w.line("\tif %s == nil {", field)
		w.line("\t\tdst = wire.AppendNull(dst)")
		w.line("\t} else {")
		defer w.line("\t}")
	}
	switch {
	case t.custom:
		w.line("\tdst = %s.append(dst)", field)
	case c.listItem(p.typ) != "":
		w.line("\tdst = appendList(dst, %s)", field)
	default:
		w.line("\tdst = %s(dst, %s)", t.write, field)
	}
}
