package mutants

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/promises.md anew")

const pageHead = `# Promises, and the tests that hold them

Each row is a promise, a change of one line that breaks it, and the test that notices. ` + "`make mutants`" + ` makes the changes one by one and
fails if one goes unnoticed. This page is written by ` + "`make mutants-page`" + ` from the list in test/mutants.

`

// page is the list as people read it.
func page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, part := range parts() {
		fmt.Fprintf(&b, "## %s\n\n| promise | test | change |\n|---|---|---|\n", part.title)
		for _, m := range part.mutants {
			_, promise, _ := strings.Cut(m.Promise, ": ")
			test := m.Test
			if len(m.Args) > 0 {
				test += " " + strings.Join(m.Args, " ")
			}
			fmt.Fprintf(&b, "| %s | `%s` in %s | %s: `%s` → `%s` |\n", promise, code(strings.TrimSuffix(test, "$")), m.In, m.File, code(m.Old), code(m.New))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// code fits a table's cell.
func code(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.ReplaceAll(strings.TrimSpace(strings.Join(lines, " ")), "|", "\\|")
}

// TestPage holds the page against the list.
func TestPage(t *testing.T) {
	file := filepath.Join(root(t), "docs", "promises.md")
	if *update {
		if err := os.WriteFile(file, []byte(page()), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || string(text) != page() {
		t.Errorf("docs/promises.md is not what the list says: make mutants-page (%v)", err)
	}
}
