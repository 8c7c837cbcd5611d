package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// ErrName is returned when an image cannot be called as asked.
var ErrName = errors.New("no name for an image")

// repository is the image's name without a tag when none is asked for. It has no
// registry, so that a kubelet takes the image that was imported on its node.
const repository = "filbert"

// maxTagBytes is the longest tag. OCI distribution specification, "Pulling
// manifests".
const maxTagBytes = 128

// imageName returns the reference to build: asked, or else repository with the
// tag that belongs to version. Errors are ErrName.
func imageName(asked, version string) (name.Tag, error) {
	if asked == "" {
		tag, err := tagOf(version)
		if err != nil {
			return name.Tag{}, err
		}
		asked = repository + ":" + tag
	}
	if _, tag, ok := strings.Cut(asked[strings.LastIndexByte(asked, '/')+1:], ":"); !ok || tag == "" {
		return name.Tag{}, fmt.Errorf("%w: %q has no tag", ErrName, asked)
	}
	ref, err := name.NewTag(asked)
	if err != nil {
		return name.Tag{}, fmt.Errorf("%w: %w", ErrName, err)
	}
	if ref.TagStr() == name.DefaultTag {
		return name.Tag{}, fmt.Errorf("%w: %q says nothing about what is inside; allowed: a version", ErrName, asked)
	}
	return ref, nil
}

// tagOf returns the tag that belongs to a version of git describe: without the v
// before the number, and with a hyphen where a tag must not have what is there,
// such as the + of build metadata.
func tagOf(version string) (string, error) {
	tag := regexp.MustCompile(`^v([0-9])`).ReplaceAllString(version, "$1")
	tag = regexp.MustCompile(`[^A-Za-z0-9_.-]`).ReplaceAllString(tag, "-")
	tag = strings.TrimLeft(tag, ".-")
	if len(tag) > maxTagBytes {
		tag = tag[:maxTagBytes]
	}
	if tag == "" {
		return "", fmt.Errorf("%w: version %q leaves no tag", ErrName, version)
	}
	return tag, nil
}

// canonical returns the reference as container runtimes spell it in full: a
// kubelet that is asked for filbert:1 looks for docker.io/library/filbert:1.
func canonical(ref name.Tag) string {
	if rest, ok := strings.CutPrefix(ref.Name(), name.DefaultRegistry+"/"); ok {
		return "docker.io/" + rest
	}
	return ref.Name()
}
