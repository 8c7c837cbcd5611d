package config

// kind is how an element is written, in both formats.
type kind int

const (
	// kindValue is one text: XML text or attribute, YAML scalar.
	kindValue kind = iota
	// kindGroup has named children.
	kindGroup
	// kindNamed is a group per name. YAML: a mapping from names (or a sequence
	// of groups with the key child). XML: repeated elements with the key as
	// attribute, or, with an item name, such elements inside one container.
	kindNamed
	// kindEach is a group per occurrence. YAML: a sequence. XML: repeated.
	kindEach
	// kindList is a list of texts. YAML: a sequence. XML: repeated item elements.
	kindList
	// kindProperties is a map of texts. YAML: a mapping. XML: <property name="">.
	kindProperties
	// kindChildren is a map of texts whose names are the children's, in both
	// formats, beside children that are elements of their own.
	kindChildren
	// kindOpaque is an element whose content is not looked at.
	kindOpaque
)

// support is what the member makes of an element.
type support int

const (
	// supported: the value goes into the Config.
	supported support = iota
	// pending: it goes into the Config, and enabling it is a warning.
	pending
	// unsupported: known, and a warning unless it is switched off.
	unsupported
	// javaOnly: names Java classes; a warning.
	javaOnly
	// noEffect: accepted, and there is nothing to do for this member.
	noEffect
)

// element is one row of the table of elements.
type element struct {
	name    string
	kind    kind
	support support
	// doc is one sentence for the manual; for what is not supported it says what
	// that means, and ends the warning too.
	doc string

	// value of kindValue and kindList.
	value value
	// repeats lets a kindValue stand more than once.
	repeats bool
	// item is the name of XML's repeated elements inside the container; key the
	// child or attribute that holds the name of a kindNamed ("name" if empty).
	item, key string
	// properties of kindProperties and kindChildren.
	properties *map[string]string
	// open returns the content of kindGroup, kindNamed, kindEach and
	// kindChildren; name is the item's name for kindNamed, else "".
	open func(name string) scope
	// seen is called when the element is met, whatever becomes of it; nil for
	// nothing.
	seen func()
	// known returns the names of a kindNamed that are set already; nil for none.
	known func() []string
	// quiet tells, for an unsupported element, that this use of it needs no
	// warning; nil for the usual rule, an enabled child that is false.
	quiet func(n *node) bool
}

// scope is what may stand inside an element.
type scope struct {
	elements []element
	// text names the child that an XML element's own text stands for; "" when
	// text is not expected.
	text string
	// items, of a kindEach, is what an item stands for that is a list of texts; nil when none may be.
	items *element
	// done is called after all children were read; nil for nothing.
	done func(r *reader, n *node)
}

func (e element) keyName() string {
	if e.key == "" {
		return "name"
	}
	return e.key
}

// single reports whether a second occurrence inside the same parent is an error.
func (e element) single() bool {
	switch e.kind {
	case kindValue:
		return !e.repeats
	case kindGroup, kindList, kindProperties, kindChildren:
		return true
	case kindNamed, kindEach, kindOpaque:
		return false
	}
	return false
}

func leaf(name, doc string, v value) element {
	return element{name: name, kind: kindValue, doc: doc, value: v}
}

func repeated(name, doc string, v value) element {
	return element{name: name, kind: kindValue, doc: doc, value: v, repeats: true}
}

func list(name, item, doc string, v value) element {
	return element{name: name, kind: kindList, item: item, doc: doc, value: v}
}

func group(name, doc string, elements ...element) element {
	return element{name: name, kind: kindGroup, doc: doc, open: func(string) scope { return scope{elements: elements} }}
}

func groupScope(name, doc string, s scope) element {
	return element{name: name, kind: kindGroup, doc: doc, open: func(string) scope { return s }}
}

func named(name, doc string, open func(name string) scope) element {
	return element{name: name, kind: kindNamed, doc: doc, open: open}
}

func each(name, doc string, open func(name string) scope) element {
	return element{name: name, kind: kindEach, doc: doc, open: open}
}

func properties(name, doc string, into *map[string]string) element {
	return element{name: name, kind: kindProperties, item: "property", doc: doc, properties: into}
}

func missing(name, doc string) element {
	return element{name: name, kind: kindOpaque, support: unsupported, doc: doc}
}

func java(name, doc string) element {
	return element{name: name, kind: kindOpaque, support: javaOnly, doc: doc}
}

func idle(name, doc string) element {
	return element{name: name, kind: kindOpaque, support: noEffect, doc: doc}
}
