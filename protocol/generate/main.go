package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	// go generate runs a command in the folder of the file that asks for it: internal/protocol.
	if err := run(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run generates all files below root, the folder of go.mod.
func run(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return removeStale(root, files)
}

// generate returns the content of every generated file by its path below root.
func generate(root string) (map[string][]byte, error) {
	cat, err := readCatalogue(filepath.Join(root, "protocol", "catalogue"))
	if err != nil {
		return nil, err
	}
	served, err := readServed(filepath.Join(root, "protocol", "served.txt"), cat)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"docs/compatibility.md": compatibility(cat, served)}
	add := func(name string, src []byte) {
		if err == nil {
			files[filepath.Join("internal", "protocol", name)], err = src, nil
		}
	}
	for _, svc := range cat.services {
		add(fileName(svc.name), serviceFile(cat, svc))
	}
	add("types.gen.go", typesFile(cat))
	add("table.gen.go", tableFile(cat))
	add("checks_gen_test.go", checksFile(cat))
	for name, src := range files {
		if filepath.Ext(name) != ".go" {
			continue
		}
		if files[name], err = formatted(name, src); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// removeStale deletes generated files that the catalogue no longer asks for.
func removeStale(root string, files map[string][]byte) error {
	old, err := filepath.Glob(filepath.Join(root, "internal", "protocol", "*.gen.go"))
	if err != nil {
		return fmt.Errorf("looking for old files: %w", err)
	}
	for _, path := range old {
		if _, ok := files[filepath.Join("internal", "protocol", filepath.Base(path))]; !ok {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("removing an old file: %w", err)
			}
		}
	}
	return nil
}
