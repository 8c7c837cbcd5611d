package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// ErrLicence is returned when a module that is linked into the binary has no
// licence text to go with it.
var ErrLicence = errors.New("no licence text")

// maxLicenceBytes limits one licence text; the longest usual one, the GPL, has
// 35 KB. What is longer is no licence.
const maxLicenceBytes = 256 << 10

// licences returns the licence texts of the product, of Go and of every module
// that is linked into the binary, by their paths below licenceFolder. Whoever
// passes a binary on has to pass these on with it.
func (t toolchain) licences(ctx context.Context) (map[string][]byte, error) {
	platform := platforms()[0]
	// Packages of the standard library have no module; the main module has no
	// version.
	listing, err := t.run(ctx, platform, "list", "-deps", "-tags", zonesTag,
		"-f", `{{with .Module}}{{.Path}}{{"\t"}}{{.Version}}{{"\t"}}{{.Dir}}{{end}}`, command)
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for line := range strings.Lines(string(listing)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 {
			continue
		}
		module, version, dir := fields[0], fields[1], fields[2]
		if version == "" {
			module = "" // its own stands on top
		}
		if err := addLicences(texts, module, dir); err != nil {
			return nil, fmt.Errorf("%s: %w", module, err)
		}
	}
	root, err := t.run(ctx, platform, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	// Go's own runtime and library. Some distributions keep the text elsewhere.
	if err := addLicences(texts, "go", strings.TrimSpace(string(root))); err != nil && !errors.Is(err, ErrLicence) {
		return nil, fmt.Errorf("go: %w", err)
	}
	return texts, nil
}

// addLicences adds the licences and notices in dir, the root of a module.
func addLicences(texts map[string][]byte, module, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	found := false
	for _, entry := range entries {
		if !isLicence(entry) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		if len(text) > maxLicenceBytes {
			continue
		}
		texts[path.Join(module, entry.Name())] = text
		found = true
	}
	if !found {
		return fmt.Errorf("%w in %s", ErrLicence, filepath.Base(dir))
	}
	return nil
}

func isLicence(entry fs.DirEntry) bool {
	name := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)
	return entry.Type().IsRegular() && name.MatchString(entry.Name())
}
