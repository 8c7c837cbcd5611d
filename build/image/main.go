package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // a command starts its own
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "image:", err)
		}
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	toolchain
	name    string
	version string
	commit  string
	created int64
	out     string
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&o.goCommand, "go", "go", "the go command")
	flags.StringVar(&o.source, "source", "../..", "folder of the product's go.mod")
	flags.StringVar(&o.ldflags, "ldflags", "-s -w", "flags of the linker, as for make build")
	flags.StringVar(&o.name, "name", "", "name and tag of the image (filbert and the version unless set)")
	flags.StringVar(&o.version, "version", "unknown", "version, as of git describe")
	flags.StringVar(&o.commit, "commit", "unknown", "commit, in full")
	flags.Int64Var(&o.created, "created", 0, "time of the commit, in seconds since 1970")
	flags.StringVar(&o.out, "out", "../../bin/image", "folder for the archives")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o.write(ctx, stdout)
}

// write builds the images, writes the archives and says on stdout what they are.
func (o options) write(ctx context.Context, stdout io.Writer) error {
	ref, err := imageName(o.name, o.version)
	if err != nil {
		return err
	}
	b := build{version: o.version, revision: o.commit, created: time.Unix(o.created, 0)}
	texts, err := o.licences(ctx)
	if err != nil {
		return err
	}
	var images []v1.Image
	sizes := map[string]int64{}
	for _, platform := range platforms() {
		binary, err := o.build(ctx, platform)
		if err != nil {
			return err
		}
		image, err := b.image(platform, rootfs{binary: binary, licences: texts})
		if err != nil {
			return err
		}
		if sizes[platform.String()], err = compressedBytes(image); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		images = append(images, image)
	}
	index, err := b.index(images)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	layout := filepath.Join(o.out, layoutFile)
	if err := writeFile(layout, func(w io.Writer) error { return writeLayout(w, ref, index, images, b.created) }); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	var said strings.Builder
	fmt.Fprintf(&said, "%s %s\n%s, for ctr -n k8s.io images import\n", ref, digest, layout)
	for i, platform := range platforms() {
		file := filepath.Join(o.out, dockerFile(platform))
		if err := writeFile(file, func(w io.Writer) error { return writeDocker(w, ref, images[i]) }); err != nil {
			return err
		}
		fmt.Fprintf(&said, "%s, for docker load: %.1f MB compressed of at most %.0f\n",
			file, float64(sizes[platform.String()])/1e6, maxImageBytes/1e6)
	}
	_, err = io.WriteString(stdout, said.String())
	return err
}

// layoutFile is the archive with all platforms.
const layoutFile = "filbert.oci.tar"

// dockerFile is the archive of one platform.
func dockerFile(platform v1.Platform) string {
	return "filbert-" + platform.OS + "-" + platform.Architecture + ".docker.tar"
}
