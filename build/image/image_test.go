package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var (
	commitTime = time.Date(2026, 11, 22, 17, 35, 51, 0, time.UTC)
	testBuild  = build{version: "v0.2.0", revision: "0123456789abcdef0123456789abcdef01234567", created: commitTime}
	testFiles  = rootfs{
		binary:   []byte("the binary"),
		licences: map[string][]byte{"LICENSE": []byte("ours"), "example.org/m/NOTICE": []byte("theirs")},
	}
)

func testImage(t *testing.T, platform v1.Platform) v1.Image {
	t.Helper()
	image, err := testBuild.image(platform, testFiles)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestLayer(t *testing.T) {
	want := []string{
		"data/", "data/hazelcast/", "etc/", "etc/group", "etc/passwd", "usr/", "usr/local/", "usr/local/bin/", "usr/local/bin/filbert",
		"usr/share/", "usr/share/doc/", "usr/share/doc/filbert/", "usr/share/doc/filbert/LICENSE",
		"usr/share/doc/filbert/example.org/", "usr/share/doc/filbert/example.org/m/", "usr/share/doc/filbert/example.org/m/NOTICE",
	}
	layers, err := testImage(t, platforms()[0]).Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v; want 1", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var names []string
	r := tar.NewReader(content)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		mode := int64(0o644)
		if strings.HasSuffix(h.Name, "/") || h.Name == strings.TrimPrefix(binaryPath, "/") {
			mode = 0o755
		}
		if h.Mode != mode || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(commitTime) {
			t.Errorf("%s: mode %o of %d:%d %q at %v; want %o of root at %v", h.Name, h.Mode, h.Uid, h.Gid, h.Uname, h.ModTime, mode, commitTime)
		}
		if path.Base(h.Name) == "filbert" && h.Typeflag == tar.TypeReg {
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, testFiles.binary) {
				t.Errorf("the binary is %q, %v", got, err)
			}
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("entries\n%q, want\n%q", names, want)
	}
}

func TestConfig(t *testing.T) {
	for _, platform := range platforms() {
		file, err := testImage(t, platform).ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if file.OS != platform.OS || file.Architecture != platform.Architecture || !file.Created.Equal(commitTime) {
			t.Errorf("image of %s/%s at %v, want %s at %v", file.OS, file.Architecture, file.Created, platform, commitTime)
		}
		labels := file.Config.Labels
		file.Config.Labels = nil
		want := v1.Config{
			User: "65534:65534", WorkingDir: "/data/hazelcast", Entrypoint: []string{"/usr/local/bin/filbert"}, Cmd: []string{"start"},
			Env: []string{"PATH=/usr/local/bin"}, ExposedPorts: map[string]struct{}{"5701/tcp": {}}, StopSignal: "SIGTERM",
		}
		if !reflect.DeepEqual(file.Config, want) {
			t.Errorf("configuration %+v, want %+v", file.Config, want)
		}
		for name, value := range map[string]string{
			"title": "filbert", "version": "v0.2.0", "revision": testBuild.revision, "created": "2026-11-22T17:35:51Z",
			"source": "https://github.com/filbertgrid/filbert", "licenses": "Apache-2.0",
		} {
			if got := labels["org.opencontainers.image."+name]; got != value {
				t.Errorf("label %s is %q, want %q", name, got, value)
			}
		}
	}
}

func TestMediaTypes(t *testing.T) {
	manifest, err := testImage(t, platforms()[1]).Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON ||
		len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != types.OCILayer {
		t.Errorf("not OCI throughout: %+v", manifest)
	}
	if manifest.Annotations["org.opencontainers.image.revision"] != testBuild.revision {
		t.Errorf("annotations %v lack the revision", manifest.Annotations)
	}
}

func TestLimit(t *testing.T) {
	noise := make([]byte, maxImageBytes)
	source := rand.NewChaCha8([32]byte{})
	if _, err := source.Read(noise); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		binary []byte
		err    error
	}{
		{"small", testFiles.binary, nil},
		{"large, but not when compressed", make([]byte, 2*maxImageBytes), nil},
		{"too large", noise, ErrSize},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			image, err := testBuild.image(platforms()[0], rootfs{binary: tt.binary})
			if err != nil {
				t.Fatal(err)
			}
			if size, err := compressedBytes(image); !errors.Is(err, tt.err) {
				t.Errorf("compressedBytes = %d, %v; want %v", size, err, tt.err)
			}
		})
	}
}
