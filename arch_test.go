package filbert_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// modulePath is the module of this tree; what follows it in an import path is
// a folder here.
const modulePath = "github.com/filbertgrid/filbert"

// floors lists every package of the module, lowest first: the reading order is
// the import order. A package may import only what stands before it. Modules
// of their own (test/…) are not part of it.
func floors() []string {
	return []string{
		// ground: what every floor may use
		"internal/fault",
		"internal/invariant",
		"internal/metric",
		"internal/lograte",
		"internal/socket",
		"internal/config",
		// bytes
		"internal/serial",
		"internal/packed",
		"internal/wire",
		"protocol/generate",
		"internal/protocol",
		// cluster
		"internal/cluster",
		"internal/link",
		"internal/link/memlink",
		"internal/discovery",
		"internal/discovery/static",
		"internal/discovery/kubernetes",
		"internal/membership",
		// grid
		"internal/store",
		"internal/event",
		"internal/protection",
		"internal/replica",
		"internal/partition",
		"internal/migration",
		// structures
		"internal/structure/imap",
		// doors
		"internal/gateway",
		"internal/admin",
		// wiring
		"internal/member",
		"internal/sim",
		".", // package filbert, which embeds a member
		"internal/bench",
		"cmd/filbert",
	}
}

// upwards lists what the tests of a package may import although it stands on a
// higher floor. The key is the package, the values are what it borrows.
func upwards() map[string][]string {
	return map[string][]string{}
}

// A confinement keeps an import where it belongs.
type confinement struct {
	// path is an import path, in this module without modulePath; what lies
	// below it is meant as well.
	path string
	// only are the packages that may import it, with what lies below them.
	only []string
	// tests says whether the test files of other packages may import it too.
	tests bool
	why   string
}

func confinements() []confinement {
	return []confinement{
		{"internal/protocol", []string{"internal/protocol", "internal/gateway", "internal/sim", "internal/bench", "protocol"}, false, "wire types stop at the door; the simulator's clients and the load generator stand before it"},
		{"k8s.io", []string{"internal/discovery/kubernetes"}, false, "one place talks to the Kubernetes API"},
		{"sigs.k8s.io", []string{"internal/discovery/kubernetes"}, false, "one place talks to the Kubernetes API"},
		{"go.etcd.io/raft", []string{"internal/cp"}, false, "one place runs Raft"},
		{"github.com/prometheus", []string{"internal/admin"}, false, "lower floors count with internal/metric"},
		{"github.com/spf13", []string{"cmd/filbert"}, false, "the command line is the command's"},
		{"go.yaml.in/yaml", []string{"internal/config"}, false, "files are read in one place"},
		{"github.com/anishathalye/porcupine", []string{"internal/sim"}, true, "a checker of histories, not part of a member"},
		{"github.com/HdrHistogram", []string{"internal/bench"}, false, "a member counts with internal/metric"},
		{"github.com/wcharczuk/go-chart", []string{"internal/bench"}, false, "only a measurement is drawn"},
		{"go.uber.org/goleak", nil, true, "for tests only"},
		{"net/http", []string{"internal/admin", "internal/discovery", "cmd/filbert"}, true, "HTTP is a door"},
		{"unsafe", []string{"internal/store", "internal/wire"}, false, "memory is laid out in the store"},
		{"testing", []string{"internal/sim"}, true, "tests only"},
	}
}

// bannedNames are package names that say nothing about what is inside.
func bannedNames() []string {
	return []string{"util", "utils", "common", "base", "helper", "helpers", "types", "manager", "misc", "shared"}
}

// A source is one Go file of the tree.
type source struct {
	pkg  string // folder, slash-separated, "." for the root
	name string // file name
	test bool
	file *ast.File
}

// imports returns the import paths of the file.
func (s *source) imports(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s/%s: import %s: %v", s.pkg, s.name, spec.Path.Value, err)
		}
		paths = append(paths, p)
	}
	return paths
}

// tree parses every Go file of the module, under all build tags: imports and
// package comments only, unless mode asks for more.
func tree(t *testing.T, fset *token.FileSet, mode parser.Mode) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if file != "." && skipped(file, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(fset, file, nil, mode)
		if err != nil {
			return err
		}
		sources = append(sources, source{
			pkg:  filepath.ToSlash(filepath.Dir(file)),
			name: entry.Name(),
			test: strings.HasSuffix(file, "_test.go"),
			file: parsed,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// skipped reports whether a folder is none of this module's packages: data,
// output, or a module of its own.
func skipped(dir, name string) bool {
	if strings.HasPrefix(name, ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "out"}, name) {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// local returns the folder that an import path means, if it is in this module.
func local(importPath string) (string, bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// within reports whether path is prefix or lies below it.
func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// TestFloorsListEveryPackage fails for a package that is missing from floors
// and for one that is listed in vain.
func TestFloorsListEveryPackage(t *testing.T) {
	order := floors()
	found := map[string]bool{}
	highest := map[string]int{} // of each package: the highest floor that it imports
	for _, s := range tree(t, token.NewFileSet(), parser.ImportsOnly) {
		if s.test {
			continue
		}
		found[s.pkg] = true
		for _, imported := range s.imports(t) {
			if dir, ok := local(imported); ok {
				highest[s.pkg] = max(highest[s.pkg], slices.Index(order, dir)+1)
			}
		}
	}
	for i, pkg := range order {
		if !found[pkg] {
			t.Errorf("there is no package in %q: remove it from floors() in arch_test.go", pkg)
		}
		if slices.Contains(order[:i], pkg) {
			t.Errorf("%q stands in floors() twice", pkg)
		}
		delete(found, pkg)
	}
	for _, pkg := range slices.Sorted(maps.Keys(found)) {
		where := "anywhere"
		if at := highest[pkg]; at > 0 {
			where = fmt.Sprintf("after %q", order[at-1])
		}
		t.Errorf("package %q is not in floors() in arch_test.go: add it to its floor, %s", pkg, where)
	}
}

// TestImportsGoDown fails for an import of a package that does not stand below
// the importing one.
func TestImportsGoDown(t *testing.T) {
	order, lent := floors(), upwards()
	borrowed := map[string]bool{}
	for _, s := range tree(t, token.NewFileSet(), parser.ImportsOnly) {
		floor := slices.Index(order, s.pkg)
		for _, imported := range s.imports(t) {
			dir, ok := local(imported)
			if !ok || dir == s.pkg { // the external tests of a package import it
				continue
			}
			target := slices.Index(order, dir)
			if target < 0 || floor < 0 || target < floor {
				continue // what is not listed is TestFloorsListEveryPackage's
			}
			if s.test && slices.Contains(lent[s.pkg], dir) {
				borrowed[s.pkg+" "+dir] = true
				continue
			}
			t.Errorf("%s imports %s, which stands above it: declare a small interface in %s and plug it in from internal/member",
				path.Join(s.pkg, s.name), dir, s.pkg)
		}
	}
	for pkg, dirs := range lent {
		for _, dir := range dirs {
			if !borrowed[pkg+" "+dir] {
				t.Errorf("upwards() lends %s to the tests of %s, which do not import it: remove it", dir, pkg)
			}
		}
	}
}

// TestConfinements fails for an import outside of the packages it is meant for.
func TestConfinements(t *testing.T) {
	for _, s := range tree(t, token.NewFileSet(), parser.ImportsOnly) {
		for _, imported := range s.imports(t) {
			if dir, ok := local(imported); ok {
				imported = dir
			}
			for _, c := range confinements() {
				allowed := func(pkg string) bool { return within(s.pkg, pkg) }
				if !within(imported, c.path) || slices.ContainsFunc(c.only, allowed) || s.test && c.tests || s.pkg == "." && s.test {
					continue
				}
				t.Errorf("%s imports %s, which is confined to %s: %s",
					path.Join(s.pkg, s.name), imported, strings.Join(c.only, ", "), c.why)
			}
		}
	}
}

// TestPackageNames fails for a name that says nothing, or that differs from
// its folder's.
func TestPackageNames(t *testing.T) {
	for _, s := range tree(t, token.NewFileSet(), parser.ImportsOnly) {
		name := strings.TrimSuffix(s.file.Name.Name, "_test")
		if slices.Contains(bannedNames(), name) || slices.Contains(bannedNames(), path.Base(s.pkg)) {
			t.Errorf("%s: no package is called %s: name it after what it does", path.Join(s.pkg, s.name), path.Base(s.pkg))
		}
		if s.pkg != "." && name != "main" && name != path.Base(s.pkg) {
			t.Errorf("%s: package %s in folder %s", path.Join(s.pkg, s.name), name, path.Base(s.pkg))
		}
	}
}

// TestPackagesTellTheirStory fails for a package without a doc comment.
func TestPackagesTellTheirStory(t *testing.T) {
	// Less than this is a title, not a story.
	const shortest = 120
	docs, names := map[string]string{}, map[string]string{}
	for _, s := range tree(t, token.NewFileSet(), parser.ImportsOnly|parser.ParseComments) {
		if s.test {
			continue
		}
		names[s.pkg] = s.file.Name.Name
		if s.file.Doc != nil {
			docs[s.pkg] += s.file.Doc.Text()
		}
	}
	for pkg, name := range names {
		opening := "Package " + name + " "
		if name == "main" {
			opening = "Command " + path.Base(pkg) + " "
		}
		switch doc := docs[pkg]; {
		case !strings.HasPrefix(doc, opening):
			t.Errorf("%s has no package comment that begins with %q", pkg, opening)
		case len(doc) < shortest:
			t.Errorf("the comment of package %s does not tell its story: steps, invariants (%d characters)", pkg, len(doc))
		}
	}
}
