package rig

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// LoadImage gives the node an image from an OCI or docker-archive tar, and
// returns the names that the tar has for it.
func (r *Rig) LoadImage(ctx context.Context, file string) ([]string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("load image: %w", err)
	}
	cmd := r.command(ctx, inside(), "ctr", "--address", r.Socket(), "--namespace", "k8s.io", "images", "import", file)
	output, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("load image %s: %w: %s", file, err, strings.TrimSpace(string(output)))
	}
	var names []string
	for line := range strings.Lines(string(output)) {
		// unpacking docker.io/library/filbert:1 (sha256:…)...done
		words := strings.Fields(line)
		if len(words) >= 2 && words[0] == "unpacking" {
			names = append(names, words[1])
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("load image %s: no name in it: %s", file, strings.TrimSpace(string(output)))
	}
	return names, nil
}

// PackProgram writes an image that holds nothing but one static program, which
// it starts: the pause image, and servers that tests need beside Filbert.
func PackProgram(program, imageName, file string, args ...string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	var layer bytes.Buffer
	writer := tar.NewWriter(&layer)
	base := filepath.Base(program)
	if err := writer.WriteHeader(&tar.Header{Name: base, Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg}); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	if _, err := writer.Write(binary); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	content, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(layer.Bytes())), nil
	})
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	diffID, err := content.DiffID()
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	image, err := mutate.AppendLayers(empty.Image, content)
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	if image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH,
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{diffID}},
		Config: v1.Config{Entrypoint: []string{"/" + base}, Cmd: args, User: "65534:65534"},
	}); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	tag, err := name.NewTag(imageName)
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	if err := tarball.WriteToFile(file, tag, image); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	return nil
}

// loadPauseImage gives the node the image that holds each pod's namespaces.
func (r *Rig) loadPauseImage(ctx context.Context) error {
	pause, err := r.tool("pause")
	if err != nil {
		return err
	}
	file := filepath.Join(r.state.Dir, "pause.tar")
	if err := PackProgram(pause, pauseImage, file); err != nil {
		return err
	}
	_, err = r.LoadImage(ctx, file)
	return err
}
