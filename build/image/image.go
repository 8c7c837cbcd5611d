package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ErrSize is returned when an image is larger than maxImageBytes.
var ErrSize = errors.New("image is too large")

// maxImageBytes limits what a node fetches for one platform: compressed layer,
// configuration and manifest. A node should have a member running while others
// still fetch: 25 MB are two seconds of 100 Mbit/s.
const maxImageBytes = 25_000_000

// memberPort is Hazelcast's, for clients, members and health.
const memberPort = "5701/tcp"

// A build is what an image says about where it comes from.
type build struct {
	version  string
	revision string    // commit, in full
	created  time.Time // the commit's time, not the clock's
}

// labels returns the image's labels, which are its annotations too. OCI image
// specification, "Pre-defined annotation keys".
func (b build) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":       "filbert",
		prefix + "description": "In-memory data grid that serves Hazelcast 5.x clients",
		prefix + "version":     b.version,
		prefix + "revision":    b.revision,
		prefix + "created":     b.created.UTC().Format(time.RFC3339),
		prefix + "source":      "https://github.com/filbertgrid/filbert",
		prefix + "licenses":    "Apache-2.0",
	}
}

// image returns the image of one platform.
func (b build) image(platform v1.Platform, files rootfs) (v1.Image, error) {
	content, err := files.layer(b.created)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithMediaType(types.OCILayer),
		// Built once, fetched by every node.
		tarball.WithCompressionLevel(gzip.BestCompression),
		tarball.WithCompressedCaching,
	)
	if err != nil {
		return nil, fmt.Errorf("layer for %s: %w", platform, err)
	}
	image, err := mutate.Append(
		mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: layer, History: v1.History{
			Created: v1.Time{Time: b.created.UTC()}, CreatedBy: "make image", Comment: "filbert " + b.version,
		}},
	)
	if err != nil {
		return nil, fmt.Errorf("image for %s: %w", platform, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("image for %s: %w", platform, err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	config.Created = v1.Time{Time: b.created.UTC()}
	config.Config = b.config()
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return nil, fmt.Errorf("image for %s: %w", platform, err)
	}
	annotated, ok := mutate.Annotations(image, b.labels()).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("image for %s: annotations made it something else", platform) // does not happen
	}
	return annotated, nil
}

// config returns how the image is run.
func (b build) config() v1.Config {
	owner := strconv.Itoa(userID)
	return v1.Config{
		User:         owner + ":" + owner,
		WorkingDir:   configFolder,
		Entrypoint:   []string{binaryPath},
		Cmd:          []string{"start"},
		Env:          []string{"PATH=/usr/local/bin"},
		ExposedPorts: map[string]struct{}{memberPort: {}},
		Labels:       b.labels(),
		StopSignal:   "SIGTERM", // hands the data over first
	}
}

// index returns the index over images, which stand in the order of platforms.
func (b build) index(images []v1.Image) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, platform := range platforms() {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: images[i], Descriptor: v1.Descriptor{Platform: &platform},
		})
	}
	annotated, ok := mutate.Annotations(index, b.labels()).(v1.ImageIndex)
	if !ok {
		return nil, errors.New("index: annotations made it something else") // does not happen
	}
	return annotated, nil
}

// compressedBytes returns what a node fetches for image, or ErrSize.
func compressedBytes(image v1.Image) (int64, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return 0, err
	}
	size, err := image.Size()
	if err != nil {
		return 0, err
	}
	size += manifest.Config.Size
	for i := range manifest.Layers {
		size += manifest.Layers[i].Size
	}
	if size > maxImageBytes {
		return size, fmt.Errorf("%w: %d bytes compressed; allowed: %d", ErrSize, size, maxImageBytes)
	}
	return size, nil
}
