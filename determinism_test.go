package filbert_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The packages that a member runs between a decoded request and a released
// answer are run by the simulator in one thread, and a seed must replay
// exactly. So they take clock, randomness and links as parameters, start no
// goroutine, and let no result depend on the order in which Go walks a map.
//
// The check reads types, because a range over a map does not look like one.
// Packages of this module are type-checked from source; all others are empty
// to it, since a map that the standard library returns is not our state.

// cores are the packages that the simulator runs, with what lies below them.
func cores() []string {
	return []string{
		"internal/membership",
		"internal/migration",
		"internal/protection",
		"internal/replica",
		"internal/partition",
		"internal/structure",
		"internal/gateway",
	}
}

// shells are the files of those packages that have goroutines and the time of
// day: connections of clients. The simulator replaces them.
func shells() []string {
	return []string{"internal/gateway/serve.go", "internal/gateway/pressure.go"}
}

// unordered is the directive that lets a range over a map stand: where the
// order cannot be seen in the result, as when a map is summed up or emptied.
// It stands on the line of the range or the one before, with the reason.
const unordered = "//nolint:maprange // "

// walls are the functions of the standard library that bring in a clock,
// randomness or order from outside.
func walls() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"time":         regexp.MustCompile(`^(Now|Since|Until|After|AfterFunc|Tick|NewTimer|NewTicker|Sleep)$`),
		"math/rand":    regexp.MustCompile(`.`),
		"math/rand/v2": regexp.MustCompile(`^(N|Int.*|Uint.*|Float.*|Norm.*|Exp.*|Perm|Shuffle)$`),
		"crypto/rand":  regexp.MustCompile(`.`),
		"hash/maphash": regexp.MustCompile(`.`),
	}
}

// TestCoresAreDeterministic fails for a map range, a goroutine, a clock or
// unseeded randomness in a package that the simulator runs.
func TestCoresAreDeterministic(t *testing.T) {
	fset := token.NewFileSet()
	checker := newChecker(fset, func(dir string) ([]*ast.File, error) { return parseDir(fset, dir) })
	for _, pkg := range floors() {
		if !slices.ContainsFunc(cores(), func(core string) bool { return within(pkg, core) }) {
			continue
		}
		files, info, err := checker.check(pkg)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range findings(fset, files, info) {
			if finding.shell && slices.Contains(shells(), filepath.ToSlash(finding.pos.Filename)) {
				continue
			}
			t.Errorf("%v: %s", finding.pos, finding.what)
		}
	}
}

// TestDeterminismCheckFinds proves that the check can fail: each marked line of
// a made-up package must be found, and no other.
func TestDeterminismCheckFinds(t *testing.T) {
	const text = `package core

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

type table map[string]int

type holder[K comparable] struct{ byKey map[K]table }

func (h *holder[K]) walk(now time.Duration, list []int, random *rand.Rand) (sum int) {
	for range list {
		sum += random.IntN(3)
	}
	for _, inner := range h.byKey { // BAD
		for name := range inner { // BAD
			sum += len(name)
		}
	}
	//nolint:maprange // a sum does not depend on the order
	for _, inner := range h.byKey {
		sum += len(inner)
	}
	//nolint:maprange
	for range h.byKey { // BAD
	}
	for key := range h.byKey { //nolint:maprange // emptied
		delete(h.byKey, key)
	}
	for _, name := range slices.Sorted(maps.Keys(table{})) {
		sum += len(name)
	}
	for name := range maps.Keys(table{}) { // BAD
		sum += len(name)
	}
	go h.walk(now, nil, nil) // BAD
	_ = time.Now() // BAD
	_ = time.Second
	return sum + rand.IntN(2) // BAD
}
`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "core.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	checker := newChecker(fset, func(string) ([]*ast.File, error) { return []*ast.File{file}, nil })
	files, info, err := checker.check("core")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []int
	for _, finding := range findings(fset, files, info) {
		got = append(got, finding.pos.Line)
	}
	for i, line := range strings.Split(text, "\n") {
		if strings.HasSuffix(line, "// BAD") {
			want = append(want, i+1)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("found lines %v, want %v", got, want)
	}
}

// A finding is one place that could make a replay differ.
type finding struct {
	pos   token.Position
	what  string
	shell bool // goroutines and clocks, which shells may have
}

// findings returns what the files do that a core must not, in file order.
func findings(fset *token.FileSet, files []*ast.File, info *types.Info) []finding {
	var found []finding
	for _, file := range files {
		excused := excuses(fset, file)
		sorted := map[ast.Expr]bool{} // arguments of slices.Sorted…
		report := func(at token.Pos, format string, args ...any) {
			found = append(found, finding{pos: fset.Position(at), what: fmt.Sprintf(format, args...)})
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.RangeStmt:
				if isMap(info.TypeOf(node.X)) && !excused[fset.Position(node.Pos()).Line] {
					report(node.Pos(), "a range over a map differs from run to run: keep a slice, sort the keys, or say why the order cannot be seen: %sreason", unordered)
				}
			case *ast.GoStmt:
				report(node.Pos(), "a goroutine: the simulator runs this package in one thread")
				found[len(found)-1].shell = true
			case *ast.CallExpr:
				if from, name := called(info, node.Fun); from == "slices" && strings.HasPrefix(name, "Sorted") {
					for _, arg := range node.Args {
						sorted[arg] = true
					}
				} else if from == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, name) && !sorted[node] {
					report(node.Pos(), "maps.%s differs from run to run: put it into slices.Sorted", name)
				}
			case *ast.SelectorExpr:
				from, name := called(info, node)
				if wall, ok := walls()[from]; ok && wall.MatchString(name) {
					report(node.Pos(), "%s.%s: clock and randomness are parameters", from, name)
					found[len(found)-1].shell = from == "time"
				}
			}
			return true
		})
	}
	return found
}

// excuses returns the lines that an unordered directive with a reason covers:
// its own and the next.
func excuses(fset *token.FileSet, file *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if reason, ok := strings.CutPrefix(comment.Text, unordered); ok && strings.TrimSpace(reason) != "" {
				line := fset.Position(comment.Pos()).Line
				lines[line], lines[line+1] = true, true
			}
		}
	}
	return lines
}

// isMap reports whether ranging over a value of type t walks a map.
func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if param, ok := t.(*types.TypeParam); ok {
		t = param.Constraint()
		union, ok := t.Underlying().(*types.Interface)
		if !ok || union.NumEmbeddeds() == 0 {
			return false
		}
		t = union.EmbeddedType(0)
		if terms, ok := t.(*types.Union); ok {
			t = terms.Term(0).Type()
		}
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// called returns the import path and the name behind an expression such as
// time.Now, and nothing for all others.
func called(info *types.Info, expr ast.Expr) (importPath, name string) {
	if index, ok := expr.(*ast.IndexExpr); ok {
		expr = index.X
	}
	selector, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	ident, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	pkg, ok := info.Uses[ident].(*types.PkgName)
	if !ok {
		return "", ""
	}
	return pkg.Imported().Path(), selector.Sel.Name
}

// A checker type-checks packages of this module from source.
type checker struct {
	fset  *token.FileSet
	parse func(dir string) ([]*ast.File, error)
	done  map[string]*types.Package // by import path; nil while it is being checked
}

func newChecker(fset *token.FileSet, parse func(string) ([]*ast.File, error)) *checker {
	return &checker{fset: fset, parse: parse, done: map[string]*types.Package{}}
}

// check returns the files of the package in dir and what is known of their
// types. Errors of type are expected, where the unknown outside is used.
func (c *checker) check(dir string) ([]*ast.File, *types.Info, error) {
	files, err := c.parse(dir)
	if err != nil {
		return nil, nil, err
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: c, Error: func(error) {}, FakeImportC: true}
	importPath := path.Join(modulePath, dir)
	c.done[importPath] = nil
	pkg, err := config.Check(importPath, c.fset, files, info)
	if pkg == nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	c.done[importPath] = pkg
	return files, info, nil
}

// errImportCycle is returned by checker.Import when a package imports itself
// over others.
var errImportCycle = errors.New("import cycle")

// Import implements types.Importer.
func (c *checker) Import(importPath string) (*types.Package, error) {
	if pkg, ok := c.done[importPath]; ok {
		if pkg == nil {
			return nil, errImportCycle
		}
		return pkg, nil
	}
	dir, ok := local(importPath)
	if !ok {
		name := path.Base(importPath)
		if regexp.MustCompile(`^v[0-9]+$`).MatchString(name) {
			name = path.Base(path.Dir(importPath))
		}
		pkg := types.NewPackage(importPath, name)
		pkg.MarkComplete()
		c.done[importPath] = pkg
		return pkg, nil
	}
	if _, _, err := c.check(dir); err != nil {
		return nil, err
	}
	return c.done[importPath], nil
}

// parseDir parses the files that a default build takes from dir.
func parseDir(fset *token.FileSet, dir string) ([]*ast.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if match, err := build.Default.MatchFile(dir, name); err != nil || !match {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}
