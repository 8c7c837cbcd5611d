package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// layout is an OCI layout read back from its archive.
type layout struct {
	names []string // in the archive's order
	files map[string][]byte
}

func readLayout(t *testing.T, archive []byte) layout {
	t.Helper()
	l := layout{files: map[string][]byte{}}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		l.names = append(l.names, h.Name)
		l.files[h.Name] = content
	}
}

// get decodes what d points at, and fails when it is not that.
func (l layout) get(t *testing.T, d v1.Descriptor, into any) {
	t.Helper()
	content, ok := l.files["blobs/sha256/"+d.Digest.Hex]
	sum := sha256.Sum256(content)
	if !ok || hex.EncodeToString(sum[:]) != d.Digest.Hex || int64(len(content)) != d.Size {
		t.Fatalf("blob %v is missing or another one, %d bytes", d, len(content))
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("blob %v: %v", d, err)
	}
}

// check follows every reference from the entry point down and returns the
// platforms that it meets, in their order.
func (l layout) check(t *testing.T, canonicalName, tag string) []string {
	t.Helper()
	if got := string(l.files["oci-layout"]); got != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout is %s", got)
	}
	var top v1.IndexManifest
	if err := json.Unmarshal(l.files["index.json"], &top); err != nil || len(top.Manifests) != 1 {
		t.Fatalf("index.json: %v, %d manifests, want 1", err, len(top.Manifests))
	}
	entry := top.Manifests[0]
	if entry.MediaType != types.OCIImageIndex || entry.Annotations[containerdName] != canonicalName || entry.Annotations[refName] != tag {
		t.Errorf("entry %+v, want an index called %s", entry, canonicalName)
	}
	var index v1.IndexManifest
	l.get(t, entry, &index)
	met := 5 // two folders, oci-layout, index.json, the index
	var found []string
	for _, d := range index.Manifests {
		var manifest v1.Manifest
		l.get(t, d, &manifest)
		var config v1.ConfigFile
		l.get(t, manifest.Config, &config)
		l.get(t, manifest.Layers[0], nil)
		if config.Architecture != d.Platform.Architecture {
			t.Errorf("image of %s stands under %s", config.Architecture, d.Platform)
		}
		found = append(found, d.Platform.String())
		met += 3
	}
	if met != len(l.names) {
		t.Errorf("%d entries, of which %d are referred to: %q", len(l.names), met, l.names)
	}
	return found
}

func testArchive(t *testing.T, ref name.Tag) []byte {
	t.Helper()
	var images []v1.Image
	for i, platform := range platforms() {
		files := rootfs{binary: []byte{byte(i)}, licences: testFiles.licences}
		image, err := testBuild.image(platform, files)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	index, err := testBuild.index(images)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := writeLayout(&archive, ref, index, images, commitTime); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func TestLayout(t *testing.T) {
	ref, err := imageName("", testBuild.version)
	if err != nil {
		t.Fatal(err)
	}
	archive := testArchive(t, ref)
	l := readLayout(t, archive)
	if got := l.check(t, "docker.io/library/filbert:0.2.0", "0.2.0"); !slices.Equal(got, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %q", got)
	}
	if blobs := l.names[4:]; !slices.IsSorted(blobs) || !strings.HasPrefix(blobs[0], "blobs/sha256/") {
		t.Errorf("blobs are not sorted: %q", l.names)
	}
	if !bytes.Equal(archive, testArchive(t, ref)) {
		t.Error("written twice, the archive differs")
	}
}

func TestDockerArchive(t *testing.T) {
	ref, err := imageName("", testBuild.version)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), dockerFile(platforms()[0]))
	image := testImage(t, platforms()[0])
	if err := writeFile(file, func(w io.Writer) error { return writeDocker(w, ref, image) }); err != nil {
		t.Fatal(err)
	}
	read, err := tarball.ImageFromPath(file, &ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(read); err != nil {
		t.Error(err)
	}
	want, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read.ConfigName(); err != nil || got != want {
		t.Errorf("image %v, %v; want %v", got, err, want)
	}
}

func TestWriteFile(t *testing.T) {
	broken := errors.New("broken")
	folder := t.TempDir()
	file := filepath.Join(folder, "a.tar")
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		}
	}
	if err := writeFile(file, write("whole", nil)); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(file, write("half", broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "whole" {
		t.Errorf("after a failed write the file is %q, %v", got, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
