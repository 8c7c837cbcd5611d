package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Annotations that name an image in a layout. The first is read by containerd,
// and so by Docker on containerd; the second is OCI's, for the tag alone.
const (
	containerdName = "io.containerd.image.name"
	refName        = "org.opencontainers.image.ref.name"
)

// writeLayout writes an OCI image layout (OCI image specification, "Image
// Layout") as a tar: the entry point first, then the blobs sorted by digest.
func writeLayout(out io.Writer, ref name.Tag, index v1.ImageIndex, images []v1.Image, when time.Time) error {
	entries, err := blobs(index, images)
	if err != nil {
		return err
	}
	top, err := topLevel(ref, index)
	if err != nil {
		return err
	}
	w := tar.NewWriter(out)
	write := func(name string, content []byte) error {
		return writeEntry(w, &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content)), ModTime: when}, content)
	}
	for _, folder := range []string{"blobs/", "blobs/sha256/"} {
		if err := writeEntry(w, &tar.Header{Name: folder, Typeflag: tar.TypeDir, Mode: 0o755, ModTime: when}, nil); err != nil {
			return err
		}
	}
	if err := write("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	if err := write("index.json", top); err != nil {
		return err
	}
	for _, digest := range slices.Sorted(maps.Keys(entries)) {
		if err := write("blobs/sha256/"+digest, entries[digest]); err != nil {
			return err
		}
	}
	return w.Close()
}

// topLevel returns the layout's index.json, which names index.
func topLevel(ref name.Tag, index v1.ImageIndex) ([]byte, error) {
	digest, err := index.Digest()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	size, err := index.Size()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return json.Marshal(v1.IndexManifest{
		SchemaVersion: 2,
		MediaType:     types.OCIImageIndex,
		Manifests: []v1.Descriptor{{
			MediaType: types.OCIImageIndex, Digest: digest, Size: size,
			Annotations: map[string]string{containerdName: canonical(ref), refName: ref.TagStr()},
		}},
	})
}

// blobs returns what index refers to, and itself, by digest.
func blobs(index v1.ImageIndex, images []v1.Image) (map[string][]byte, error) {
	all := map[string][]byte{}
	add := func(content func() ([]byte, error), digest func() (v1.Hash, error)) error {
		hash, err := digest()
		if err != nil {
			return err
		}
		all[hash.Hex], err = content()
		return err
	}
	if err := add(index.RawManifest, index.Digest); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	for _, image := range images {
		if err := add(image.RawManifest, image.Digest); err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		if err := add(image.RawConfigFile, image.ConfigName); err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		layers, err := image.Layers()
		if err != nil {
			return nil, fmt.Errorf("layers: %w", err)
		}
		for _, layer := range layers {
			if err := add(func() ([]byte, error) { return compressed(layer) }, layer.Digest); err != nil {
				return nil, fmt.Errorf("layer: %w", err)
			}
		}
	}
	return all, nil
}

func compressed(layer v1.Layer) ([]byte, error) {
	r, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	return content, errors.Join(err, r.Close())
}

// writeDocker writes the image of one platform in the form of `docker save`.
func writeDocker(out io.Writer, ref name.Tag, image v1.Image) error {
	return tarball.Write(ref, image, out)
}

// writeFile writes a file whole or not at all, so that an interrupted build
// leaves no half an archive behind.
func writeFile(file string, write func(io.Writer) error) (err error) {
	half := file + ".part"
	f, err := os.Create(half)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(half) // the first error is the one to tell
		}
	}()
	if err := write(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(half, file)
}
