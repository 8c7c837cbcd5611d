package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the tree of a YAML file: a root that holds the top-level
// keys. Aliases are unfolded, within the limit of nodes. It returns an
// ErrSyntax problem with the line otherwise.
func parseYAML(file string, content []byte) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return &node{place: Place{File: file}}, nil
	}
	if err != nil {
		return nil, yamlProblem(file, err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, yamlProblem(file, err)
		}
		return nil, &Problem{Place: Place{File: file, Line: second.Line}, Message: "a second document; allowed: one", Kind: ErrSyntax}
	}
	u := &yamlUnfolder{file: file, budget: newBudget(file), open: map[*yaml.Node]bool{}}
	root := &node{place: Place{File: file, Line: 1}}
	if len(document.Content) == 0 {
		return root, nil
	}
	return root, u.fill(root, document.Content[0], 0)
}

type yamlUnfolder struct {
	file   string
	budget *budget
	// open holds the anchors on the way from the root, to find one that
	// contains itself.
	open map[*yaml.Node]bool
}

// fill gives n the content of y.
func (u *yamlUnfolder) fill(n *node, y *yaml.Node, depth int) error {
	if err := u.budget.take(y.Line, depth); err != nil {
		return err
	}
	switch y.Kind {
	case yaml.AliasNode:
		return u.alias(n, y, depth)
	case yaml.ScalarNode:
		n.hasValue = y.Tag != "!!null"
		if n.hasValue {
			n.value = strings.TrimSpace(y.Value)
		}
		return nil
	case yaml.SequenceNode:
		n.sequence = true
		for _, item := range y.Content {
			c := &node{place: u.at(item)}
			n.children = append(n.children, c)
			if err := u.fill(c, item, depth+1); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		return u.mapping(n, y, depth)
	case yaml.DocumentNode:
	}
	return &Problem{Place: u.at(y), Message: "unexpected kind of YAML node", Kind: ErrSyntax}
}

func (u *yamlUnfolder) mapping(n *node, y *yaml.Node, depth int) error {
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Kind != yaml.ScalarNode {
			return &Problem{Place: u.at(key), Message: "a key that is not a plain text", Kind: ErrSyntax}
		}
		c := &node{name: strings.TrimSpace(key.Value), place: u.at(key)}
		n.children = append(n.children, c)
		if err := u.fill(c, y.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (u *yamlUnfolder) alias(n *node, y *yaml.Node, depth int) error {
	if y.Alias == nil || u.open[y.Alias] {
		return &Problem{Place: u.at(y), Message: "alias " + quote(y.Value) + " contains itself", Kind: ErrSyntax}
	}
	u.open[y.Alias] = true
	defer delete(u.open, y.Alias)
	return u.fill(n, y.Alias, depth+1)
}

func (u *yamlUnfolder) at(y *yaml.Node) Place { return Place{File: u.file, Line: y.Line} }

// yamlProblem takes the line out of an error text such as
// "yaml: line 3: mapping values are not allowed in this context".
func yamlProblem(file string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &Problem{Place: Place{File: file}, Message: "not well-formed YAML: " + text, Kind: ErrSyntax}
	match := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(text)
	if match == nil {
		return p
	}
	if lineNumber, convErr := strconv.Atoi(match[1]); convErr == nil {
		p.Place.Line, p.Message = lineNumber, "not well-formed YAML: "+match[2]
	}
	return p
}
