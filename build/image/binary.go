package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ErrBinary is returned when what was built cannot run in an image that holds
// nothing else.
var ErrBinary = errors.New("not a static binary of this platform")

// command is the package that becomes the binary, seen from the source's root.
const command = "./cmd/filbert"

// zonesTag links the time zones into the binary, since the image has no files of
// them: the log's times are local, and TZ says where.
const zonesTag = "timetzdata"

// platforms are what the image is built for, in the order of the index.
func platforms() []v1.Platform {
	return []v1.Platform{
		{OS: "linux", Architecture: "amd64"},
		{OS: "linux", Architecture: "arm64"},
	}
}

// A toolchain runs the go command in the source's root.
type toolchain struct {
	goCommand string // "go", or the Makefile's
	source    string // folder of the product's go.mod
	ldflags   string
}

// build builds the binary for platform and returns its bytes.
func (t toolchain) build(ctx context.Context, platform v1.Platform) (binary []byte, err error) {
	dir, err := os.MkdirTemp("", "filbert-image-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "filbert")
	// The version comes by -ldflags: what git says beside it would differ between a
	// clone and an unpacked archive.
	if _, err := t.run(ctx, platform, "build", "-trimpath", "-buildvcs=false", "-tags", zonesTag,
		"-ldflags", t.ldflags, "-o", file, command); err != nil {
		return nil, err
	}
	if binary, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	if err := checkStatic(binary, platform); err != nil {
		return nil, fmt.Errorf("%s for %s: %w", command, platform, err)
	}
	return binary, nil
}

// run runs go with the settings of the environment that change what is built
// replaced by fixed ones.
func (t toolchain) run(ctx context.Context, platform v1.Platform, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.goCommand, args...) //nolint:gosec // the Makefile names it
	cmd.Dir = t.source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture,
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s for %s: %w\n%s", args[0], platform, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// checkStatic refuses a binary of another platform, or one that asks for a
// loader, which an image without libraries does not have.
func checkStatic(binary []byte, platform v1.Platform) error {
	file, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBinary, err)
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	if want := machines[platform.Architecture]; file.Machine != want {
		return fmt.Errorf("%w: machine %s, want %s", ErrBinary, file.Machine, want)
	}
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			return fmt.Errorf("%w: it is linked dynamically", ErrBinary)
		}
	}
	return nil
}
