package main

import "slices"

// serviceFile returns the file of a service: its message types, structs and codecs.
func serviceFile(c *catalogue, svc *service) []byte {
	var w writer
	w.WriteString(fileHead + wireImport)
	w.line("// Message types of the service %s.", svc.name)
	w.line("const (")
	for _, m := range svc.methods {
		for _, msg := range m.messages() {
			w.line("\t%sType int32 = %#06x", msg.goName(), msg.id)
		}
	}
	w.line(")\n")
	for _, m := range svc.methods {
		for _, msg := range m.messages() {
			w.messageStruct(c, msg)
			w.messageDecoder(c, msg)
			w.messageEncoder(c, msg)
		}
	}
	return w.Bytes()
}

// typesFile returns the file of the structures that occur in messages.
func typesFile(c *catalogue) []byte {
	var w writer
	w.WriteString(fileHead + wireImport)
	for _, t := range c.types {
		w.line("// %s is a structure in messages, since %s.", t.name, t.since)
		lookup := func(typ string) goType { t, _ := c.lookup(typ); return t }
		w.structType(t.name, t.params, lookup)
		w.typeDecoder(c, t)
		w.typeEncoder(c, t)
	}
	return w.Bytes()
}

// tableFile returns the file of the table behind Describe, sorted by message type.
func tableFile(c *catalogue) []byte {
	var w writer
	w.WriteString(fileHead)
	w.line("// infos describes every method, sorted by the type of its request.")
	w.line("var infos = [...]Info{")
	for _, svc := range c.services {
		methods := slices.Clone(svc.methods)
		slices.SortFunc(methods, func(a, b *method) int { return a.id - b.id })
		for _, m := range methods {
			w.line("\t{%sType, %q, %q, %q, %q, %q, %v, %d},", m.request.goName(), m.label(), svc.name, m.name, m.since,
				m.partition, m.retryable, len(m.events))
		}
	}
	w.line("}")
	return w.Bytes()
}

// checksFile returns the table of all codecs that the tests of internal/protocol run over.
func checksFile(c *catalogue) []byte {
	var w writer
	w.WriteString(fileHead)
	w.line("var checks = []check{")
	for _, svc := range c.services {
		for _, m := range svc.methods {
			for _, msg := range m.messages() {
				name, with := msg.goName(), "checkAnswer"
				if msg.kind == "Request" {
					with = "checkRequest"
				}
				w.line("\t%s(%sType, %q, Append%s, Decode%s),", with, name, msg.label(), name, name)
			}
		}
	}
	w.line("}")
	return w.Bytes()
}
