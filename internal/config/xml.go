package config

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// parseXML returns the tree of an XML file. Comments, processing instructions,
// a document type and attributes of the XML and schema-instance namespaces are
// left out. It returns an ErrSyntax problem with the line otherwise.
func parseXML(file string, content []byte) (*node, error) {
	p := &xmlParser{file: file, decoder: xml.NewDecoder(bytes.NewReader(content)), budget: newBudget(file)}
	p.decoder.CharsetReader = func(label string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("%w: encoding %s: only UTF-8 is read", ErrSyntax, quote(label))
	}
	return p.parse()
}

type xmlParser struct {
	file    string
	decoder *xml.Decoder
	budget  *budget
	root    *node
	// open is the way from the root to the element being read, and text what
	// each of them has said so far.
	open []*node
	text []*strings.Builder
}

func (p *xmlParser) parse() (*node, error) {
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, p.syntax(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = p.start(t)
		case xml.EndElement:
			p.end()
		case xml.CharData:
			err = p.chars(t)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.root == nil {
		return nil, p.problem("no root element; allowed: <hazelcast>")
	}
	return p.root, nil
}

func (p *xmlParser) start(t xml.StartElement) error {
	lineNumber, _ := p.decoder.InputPos()
	if err := p.budget.take(lineNumber, len(p.open)); err != nil {
		return err
	}
	n := &node{name: t.Name.Local, place: Place{File: p.file, Line: lineNumber}}
	for _, a := range t.Attr {
		if a.Name.Space != "" || a.Name.Local == "xmlns" {
			continue
		}
		if err := p.budget.take(lineNumber, len(p.open)+1); err != nil {
			return err
		}
		n.children = append(n.children, &node{
			name: a.Name.Local, value: strings.TrimSpace(a.Value), hasValue: true, attribute: true, place: n.place,
		})
	}
	switch {
	case len(p.open) > 0:
		parent := p.open[len(p.open)-1]
		parent.children = append(parent.children, n)
	case p.root != nil:
		return p.problem("a second root element " + quote(n.name))
	default:
		p.root = n
	}
	p.open = append(p.open, n)
	p.text = append(p.text, &strings.Builder{})
	return nil
}

func (p *xmlParser) end() {
	last := len(p.open) - 1
	n := p.open[last]
	n.value = strings.TrimSpace(p.text[last].String())
	n.hasValue = n.value != "" || len(n.children) == 0
	p.open, p.text = p.open[:last], p.text[:last]
}

func (p *xmlParser) chars(t xml.CharData) error {
	if len(p.open) == 0 {
		if len(bytes.TrimSpace(t)) > 0 {
			return p.problem("text outside of the root element")
		}
		return nil
	}
	p.text[len(p.text)-1].Write(t)
	return nil
}

func (p *xmlParser) syntax(err error) error {
	if se, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return &Problem{Place: Place{File: p.file, Line: se.Line}, Message: "not well-formed XML: " + se.Msg, Kind: ErrSyntax}
	}
	return p.problem(strings.TrimPrefix(err.Error(), "xml: "))
}

func (p *xmlParser) problem(message string) error {
	lineNumber, _ := p.decoder.InputPos()
	return &Problem{Place: Place{File: p.file, Line: lineNumber}, Message: message, Kind: ErrSyntax}
}
