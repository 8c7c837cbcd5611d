package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Load makes the configuration of a member. The warnings are to be logged, once
// each. The error is a *Problem, or a *Problems of several; its text is one line:
// what is wrong, where, and what is allowed. With an error there is no Config.
func Load(s Source) (*Config, []Warning, error) {
	r := newReader(Default())
	r.load(s)
	switch len(r.problems) {
	case 0:
		return r.config, r.warnings, nil
	case 1:
		return nil, r.warnings, r.problems[0]
	}
	return nil, r.warnings, &Problems{All: r.problems}
}

// Problems are several problems of one configuration.
type Problems struct {
	// All has at least two, in the order in which they were found.
	All []*Problem
}

// Error returns the first problem and the number of the others, in one line.
func (p *Problems) Error() string {
	return fmt.Sprintf("%s (and %d more)", p.All[0], len(p.All)-1)
}

// Unwrap returns the problems.
func (p *Problems) Unwrap() []error {
	errs := make([]error, len(p.All))
	for i, one := range p.All {
		errs[i] = one
	}
	return errs
}

// Report is what Check found.
type Report struct {
	// Config is what the member would run with; nil when there are Problems.
	Config   *Config
	Warnings []Warning
	// Problems keep a member from starting.
	Problems []*Problem
}

// OK reports whether a member would start.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// CheckFile reads one file as a member would and reports everything that it
// would say; environment and system properties are left out.
func CheckFile(file string) Report { return Check(Source{File: file}) }

// Check is Load that reports every problem.
func Check(s Source) Report {
	r := newReader(Default())
	r.load(s)
	report := Report{Warnings: r.warnings, Problems: r.problems}
	if len(r.problems) == 0 {
		report.Config = r.config
	}
	return report
}

func (r *reader) load(s Source) {
	env := environment(s.Env)
	system := r.systemProperties(s, env)
	elements := table(r.config)

	r.pod(s, env)
	r.bootstrapper(env)
	if err := r.readFile(s, system, elements); err != nil {
		p, ok := errors.AsType[*Problem](err)
		if !ok {
			p = &Problem{Message: err.Error(), Kind: ErrFile}
		}
		r.problems = append(r.problems, p)
		return
	}
	variables, overrides := variableTree(env), systemTree(system)
	r.conflicts(variables, overrides)
	r.read(formatVariables, variables, elements)
	r.read(formatVariables, overrides, elements)
	r.read(formatVariables, r.pluginTree(env, system), elements)
	r.applyProperties(system)
	r.logging(env)
	r.prometheus(env)
	r.password(env)
	if r.config.Pod.Inside && !r.isSet(bindAny) {
		r.config.Network.BindAny = true // nobody else in the pod is to be kept out, and everybody who is to come in comes from outside
	}
	r.check()
}

// readFile finds, parses and interprets the file, if there is one.
func (r *reader) readFile(s Source, system map[string]string, elements scope) error {
	file, content, err := s.findFile(system)
	if err != nil || file == "" && content == nil {
		return err
	}
	f, err := formatOf(file)
	if err != nil {
		return err
	}
	r.config.File = file
	root, err := parse(f, file, content)
	if err != nil {
		return err
	}
	r.format = f
	r.replacePlaceholders(root, system)
	if f == formatYAML {
		for _, c := range root.children {
			if c.name != rootName {
				r.warn(c.place, clipped(c.name), "unknown element beside hazelcast, ignored")
			}
		}
		root = root.child(rootName)
	}
	if root.sequence {
		return &Problem{Place: root.place, Message: "hazelcast is a list; allowed: a mapping", Kind: ErrStructure}
	}
	r.read(f, root, elements)
	r.checkNetworks(root)
	return nil
}

// rootName is the element that holds a member's configuration.
const rootName = "hazelcast"

// parse returns the tree of content, whose root (XML) or a child of whose root
// (YAML) is the element hazelcast.
func parse(f format, file string, content []byte) (*node, error) {
	for _, mark := range [][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}} {
		if bytes.HasPrefix(content, mark) {
			return nil, &Problem{Place: Place{File: file, Line: 1}, Message: "is UTF-16; allowed: UTF-8", Kind: ErrSyntax}
		}
	}
	content = bytes.TrimPrefix(content, []byte("\xEF\xBB\xBF"))
	if f == formatXML {
		root, err := parseXML(file, content)
		if err == nil && root.name != rootName {
			err = &Problem{
				Place: root.place, Kind: ErrStructure,
				Message: "root element is " + quote(root.name) + "; allowed: hazelcast",
			}
		}
		return root, err
	}
	root, err := parseYAML(file, content)
	if err == nil && root.child(rootName) == nil {
		err = &Problem{
			Place: Place{File: file, Line: 1}, Kind: ErrStructure,
			Message: "no element hazelcast at the top; allowed: a mapping that begins with hazelcast:",
		}
	}
	return root, err
}

// logging takes LOGGING_LEVEL and LOGGING_FORMAT.
func (r *reader) logging(env map[string]string) {
	l := &r.config.Logging
	for _, v := range []struct {
		name  string
		value value
	}{
		{"LOGGING_LEVEL", asEnum(&l.Level, logLevels())},
		{"LOGGING_FORMAT", asEnum(&l.Format, logFormats())},
	} {
		text := strings.TrimSpace(env[v.name])
		if text != "" && !v.value.set(text) {
			r.problem(Place{Variable: v.name}, "", ErrValue, "wrong value "+quote(text)+"; allowed: "+v.value.allowed())
		}
	}
}
