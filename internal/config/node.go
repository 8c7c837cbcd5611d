package config

import (
	"fmt"
	"strings"
)

// Limits of a file. Hazelcast's own example with every element has 250 KB, some
// 2,500 nodes and a depth of 10.
const (
	// maxFileBytes bounds what is read into memory.
	maxFileBytes = 4 << 20
	// maxNodes bounds the tree, in particular what YAML aliases unfold to.
	maxNodes = 100_000
	// maxDepth bounds recursion over the tree.
	maxDepth = 64
	// maxValueBytes bounds one value after placeholders were replaced.
	maxValueBytes = 64 << 10
)

// node is one element of a configuration, whatever it was written in.
type node struct {
	// name is the element's, attribute's or mapping key's name; "" for an item
	// of a YAML sequence.
	name string
	// value is the trimmed text; hasValue tells an empty text from none (a YAML
	// null, or an XML element without text that has children or attributes).
	value    string
	hasValue bool
	// attribute tells that XML wrote it as an attribute.
	attribute bool
	// sequence tells that the children are the items of a YAML sequence.
	sequence bool
	place    Place
	children []*node
}

// child returns the first child called name, nil if there is none.
func (n *node) child(name string) *node {
	for _, c := range n.children {
		if sameName(c.name, name) {
			return c
		}
	}
	return nil
}

// text returns the value of the child called name, "" if there is none.
func (n *node) text(name string) string {
	if c := n.child(name); c != nil {
		return c.value
	}
	return ""
}

// sameName compares names of elements: Hazelcast ignores their case.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// budget counts the nodes of one tree while it is built.
type budget struct {
	file string
	left int
}

func newBudget(file string) *budget { return &budget{file: file, left: maxNodes} }

// take accounts for one node at depth; it returns an ErrSyntax problem when the
// tree is too large or too deep.
func (b *budget) take(lineNumber, depth int) error {
	b.left--
	switch {
	case b.left < 0:
		return &Problem{
			Place: Place{File: b.file, Line: lineNumber}, Kind: ErrSyntax,
			Message: fmt.Sprintf("too large: more than %d elements (aliases counted as what they stand for)", maxNodes),
		}
	case depth > maxDepth:
		return &Problem{
			Place: Place{File: b.file, Line: lineNumber}, Kind: ErrSyntax,
			Message: fmt.Sprintf("elements are nested deeper than %d", maxDepth),
		}
	}
	return nil
}
