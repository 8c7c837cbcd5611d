package config

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// manual is the operator's page, whose tables are made from those of this
// package: go test ./internal/config -run TestManual -update
const manual = "../../docs/configuration.md"

var update = flag.Bool("update", false, "rewrite the tables of docs/configuration.md")

// TestManual wants the tables of the manual to say what the code does.
func TestManual(t *testing.T) {
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	want := text
	for name, table := range map[string]string{
		"elements":    elementsTable(),
		"unsupported": notUsedTable(unsupported, pending),
		"java":        notUsedTable(javaOnly),
		"no effect":   notUsedTable(noEffect),
		"properties":  propertiesTable(),
		"passed over": "`" + strings.Join(slices.Sorted(slices.Values(ignoredProperties())), "`, `") + "`\n",
	} {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
		before, rest, ok := strings.Cut(want, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("the manual has no marks for %s", name)
		}
		want = before + begin + table + end + after
	}
	if want == text {
		return
	}
	if !*update {
		t.Fatal("docs/configuration.md does not say what the code does; run go test ./internal/config -run TestManual -update")
	}
	if err := os.WriteFile(manual, []byte(want), 0o644); err != nil { //nolint:gosec // A page of the repository.
		t.Fatal(err)
	}
}

// elementsTable lists every value that an element sets.
func elementsTable() string {
	var b strings.Builder
	b.WriteString("| element | default | allowed | what it does |\n|---|---|---|---|\n")
	for _, r := range rows(table(Default()), "") {
		switch {
		case r.support == noEffect || r.support == javaOnly || r.support == unsupported:
			continue
		case r.value != nil:
			writeRow(&b, code(r.path), code(r.value.current()), r.value.allowed(), sentence(r.doc))
		case r.kind == kindChildren || r.kind == kindProperties:
			writeRow(&b, code(r.path+"/*"), "", "any text", sentence(r.doc))
		default:
			writeRow(&b, code(r.path), "", "", sentence(r.doc))
		}
	}
	return b.String()
}

// notUsedTable lists the elements that are known and not used.
func notUsedTable(which ...support) string {
	var b strings.Builder
	b.WriteString("| element | what that means |\n|---|---|\n")
	for _, r := range rows(table(Default()), "") {
		if slices.Contains(which, r.support) {
			writeRow(&b, code(r.path), sentence(r.doc))
		}
	}
	return b.String()
}

func propertiesTable() string {
	var b strings.Builder
	b.WriteString("| property | default | allowed | what it does |\n|---|---|---|---|\n")
	for _, p := range propertyTable(Default()) {
		writeRow(&b, code(p.name), code(p.value.current()), p.value.allowed(), sentence(p.doc))
	}
	return b.String()
}

func writeRow(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		fmt.Fprintf(b, "| %s ", strings.ReplaceAll(c, "|", `\|`))
	}
	b.WriteString("|\n")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// sentence begins a text of the table with a capital letter.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
