package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// product is the folder of the product's go.mod.
const product = "../.."

// TestReproducible builds the product itself in two folders, in one of them with
// an environment that would change the binary, and compares the archives.
func TestReproducible(t *testing.T) {
	original, copied := t.TempDir(), t.TempDir()
	copySources(t, product, original) // which may be edited meanwhile
	copySources(t, original, copied)
	first, second := t.TempDir(), t.TempDir()
	said := makeImage(t, original, first)
	t.Setenv("GOFLAGS", "-tags=invariants")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("TZ", "Asia/Tokyo")
	makeImage(t, copied, second)

	files, err := os.ReadDir(first)
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v; want 3", len(files), err)
	}
	for _, file := range files {
		a, b := read(t, filepath.Join(first, file.Name())), read(t, filepath.Join(second, file.Name()))
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two builds", file.Name())
		}
	}
	l := readLayout(t, read(t, filepath.Join(first, layoutFile)))
	l.check(t, "docker.io/library/filbert:0.2.0", "0.2.0")
	var fetched int64
	for name, content := range l.files {
		if strings.HasPrefix(name, "blobs/") {
			fetched += int64(len(content))
		}
	}
	if fetched > int64(len(platforms()))*maxImageBytes {
		t.Errorf("%d bytes for both platforms, want at most %d each", fetched, maxImageBytes)
	}
	if strings.Count(said, "MB compressed") != len(platforms()) || !strings.HasPrefix(said, "filbert:0.2.0 sha256:") {
		t.Errorf("make image says\n%s", said)
	}
	checkLicences(t, l)
}

// checkLicences wants the licences of the product, of Go and of a module that
// every build has.
func checkLicences(t *testing.T, l layout) {
	t.Helper()
	names := layerNames(t, l)
	for _, want := range []string{"LICENSE", "go/LICENSE", "github.com/spf13/cobra/LICENSE.txt"} {
		if !slices.Contains(names, strings.TrimPrefix(licenceFolder, "/")+"/"+want) {
			t.Errorf("no %s in %q", want, names)
		}
	}
}

// layerNames returns the paths in the layer of the first platform.
func layerNames(t *testing.T, l layout) []string {
	t.Helper()
	var top, index v1.IndexManifest
	if err := json.Unmarshal(l.files["index.json"], &top); err != nil {
		t.Fatal(err)
	}
	l.get(t, top.Manifests[0], &index)
	var manifest v1.Manifest
	l.get(t, index.Manifests[0], &manifest)
	packed, err := gzip.NewReader(bytes.NewReader(l.files["blobs/sha256/"+manifest.Layers[0].Digest.Hex]))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(packed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}

func TestWrongUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"latest", []string{"-name", "filbert:latest"}, "a version"},
		{"an argument", []string{"now"}, `"now"`},
		{"no product", []string{"-source", t.TempDir()}, "go list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			err := run(t.Context(), append([]string{"-out", out}, tt.args...), io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was written: %v", err)
			}
		})
	}
}

// makeImage runs the command as the Makefile does and returns what it says.
func makeImage(t *testing.T, source, out string) string {
	t.Helper()
	var said bytes.Buffer
	if err := run(t.Context(), []string{
		"-source", source, "-out", out, "-version", "v0.2.0", "-commit", testBuild.revision, "-created", "1795368951",
		"-ldflags", "-s -w -X main.version=v0.2.0",
	}, &said); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

// copySources copies what the binary is built from.
func copySources(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum", "LICENSE"} {
		if err := os.WriteFile(filepath.Join(to, name), read(t, filepath.Join(from, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"cmd", "internal"} {
		if err := os.CopyFS(filepath.Join(to, folder), os.DirFS(filepath.Join(from, folder))); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
