package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source is everything that a configuration is made of.
type Source struct {
	// File is the file named by --config; "" to search for one.
	File string
	// FileBytes is the content of File, when the caller has read it; nil
	// otherwise. The end of File's name tells the format either way.
	FileBytes []byte
	// Dir is the working directory, where a file is searched for and relative
	// names begin; "" for the process's own.
	Dir string
	// Env is the environment as NAME=value.
	Env []string
	// Args are words of the command line: -Dname=value is a system property,
	// the others are passed over.
	Args []string
	// ServiceAccount is the folder where Kubernetes has mounted a service
	// account; "" for its usual place. It is looked at inside of Kubernetes only.
	ServiceAccount string
	// SystemProperties win over those of Args and JAVA_OPTS.
	SystemProperties map[string]string
}

// javaOptsVariable holds options for a Java machine.
const javaOptsVariable = "JAVA_OPTS"

// configProperty names the file when --config does not.
const configProperty = "hazelcast.config"

// defaultFiles are searched for in the working directory, in Hazelcast's order.
func defaultFiles() []string {
	return []string{"hazelcast.xml", "hazelcast.yaml", "hazelcast.yml"}
}

// systemProperties merges the three sources of system properties.
func (r *reader) systemProperties(s Source, env map[string]string) map[string]string {
	words, closed := splitWords(env[javaOptsVariable])
	if !closed {
		r.warn(Place{Variable: javaOptsVariable}, "", "has a quotation mark that is not closed")
	}
	merged := javaOptions(words)
	for _, more := range []map[string]string{javaOptions(s.Args), s.SystemProperties} {
		maps.Copy(merged, more)
	}
	return merged
}

// findFile returns the file to read and its content, "" when there is none.
func (s Source) findFile(system map[string]string) (string, []byte, error) {
	switch {
	case s.FileBytes != nil:
		if len(s.FileBytes) > maxFileBytes {
			return s.File, nil, tooLarge(s.File)
		}
		return s.File, s.FileBytes, nil
	case s.File != "":
		content, err := s.readFile(s.File, s.File)
		return s.File, content, err
	}
	if name := system[configProperty]; name != "" {
		file, err := fileOfProperty(name)
		if err != nil {
			return "", nil, err
		}
		content, err := s.readFile(file, "-D"+configProperty+"="+name)
		return file, content, err
	}
	for _, name := range defaultFiles() {
		content, err := s.readFile(name, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return name, content, err
	}
	return "", nil, nil
}

// fileOfProperty returns the file that hazelcast.config names: a path, or a
// file: address. Resources of a class path there are none.
func fileOfProperty(name string) (string, error) {
	switch {
	case strings.HasPrefix(name, "classpath:"), strings.HasPrefix(name, "http:"), strings.HasPrefix(name, "https:"):
		return "", &Problem{
			Place: Place{Variable: "-D" + configProperty}, Kind: ErrFile,
			Message: quote(name) + " is not a file; allowed: a path that ends in .xml, .yaml or .yml",
		}
	case strings.HasPrefix(name, "file:"):
		path := strings.TrimPrefix(name, "file:")
		if strings.HasPrefix(path, "///") {
			path = path[2:]
		}
		return path, nil
	}
	return name, nil
}

// readFile returns the content of the file called name; said is how the
// operator called it.
func (s Source) readFile(name, said string) ([]byte, error) {
	path := name
	if s.Dir != "" && !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	content, err := readLimited(path)
	if err == nil && len(content) > maxFileBytes {
		err = tooLarge(said)
	}
	if err == nil {
		return content, nil
	}
	if _, ok := errors.AsType[*Problem](err); ok {
		return nil, err
	}
	reason := err
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pe.Err
	}
	return nil, &Problem{
		Place: Place{File: said}, Message: fmt.Sprintf("%v: %v", ErrFile, reason),
		Kind: fmt.Errorf("%w: %w", ErrFile, err),
	}
}

// readLimited reads one byte more than allowed at most.
func readLimited(path string) (content []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, maxFileBytes+1))
}

func tooLarge(file string) error {
	return &Problem{
		Place: Place{File: file}, Kind: ErrFile,
		Message: fmt.Sprintf("%v: larger than %d MiB", ErrFile, maxFileBytes>>20),
	}
}

// formatOf tells the format by the end of a file's name.
func formatOf(file string) (format, error) {
	end := strings.ToLower(filepath.Ext(file))
	switch {
	case end == ".xml":
		return formatXML, nil
	case slices.Contains([]string{".yaml", ".yml"}, end):
		return formatYAML, nil
	}
	return 0, &Problem{
		Place: Place{File: file}, Kind: ErrFile,
		Message: "the name does not tell the format; allowed: a name that ends in .xml, .yaml or .yml",
	}
}
