package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Places in the image.
const (
	// binaryPath is in the PATH, so that `kubectl exec POD -- filbert version` works.
	binaryPath = "/usr/local/bin/filbert"
	// configFolder is the working directory, where a member looks for
	// hazelcast.yaml: a volume mounted here is found without an argument. It is
	// where the Helm chart of Hazelcast mounts its own.
	configFolder  = "/data/hazelcast"
	licenceFolder = "/usr/share/doc/filbert"
)

// userID is the user and group of the process: nobody, as in the Helm chart of
// Hazelcast. A number, since runAsNonRoot cannot judge a name.
const userID = 65534

// passwd and group name the user to whoever looks it up; the member does not.
const (
	passwd = "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/data/hazelcast:/sbin/nologin\n"
	group  = "root:x:0:\nnobody:x:65534:\n"
)

// A rootfs is the image's root file system: files by absolute path.
type rootfs struct {
	binary   []byte
	licences map[string][]byte // by path below licenceFolder
}

// layer returns the file system as an uncompressed tar: every folder before what
// it holds, paths sorted, all owned by root and writable by nobody else, all of
// the time when.
func (r rootfs) layer(when time.Time) ([]byte, error) {
	type file struct {
		mode    int64
		content []byte
	}
	files := map[string]file{
		binaryPath:    {0o755, r.binary},
		"/etc/passwd": {0o644, []byte(passwd)},
		"/etc/group":  {0o644, []byte(group)},
	}
	for name, text := range r.licences { //nolint:maprange // sorted below
		files[licenceFolder+"/"+name] = file{0o644, text}
	}
	// With a slash at its end, a folder sorts before what it holds.
	entries := map[string]file{}
	addFolders := func(folder string) {
		for ; folder != "/"; folder = path.Dir(folder) {
			entries[folder+"/"] = file{mode: 0o755}
		}
	}
	addFolders(configFolder)
	for name, f := range files { //nolint:maprange // sorted below
		addFolders(path.Dir(name))
		entries[name] = f
	}

	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		f := entries[name]
		header := tar.Header{
			Name: strings.TrimPrefix(name, "/"), Typeflag: tar.TypeReg, Mode: f.mode, Size: int64(len(f.content)), ModTime: when,
		}
		if strings.HasSuffix(name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := writeEntry(w, &header, f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	return layer.Bytes(), nil
}

// writeEntry writes one entry of an archive.
func writeEntry(w *tar.Writer, header *tar.Header, content []byte) error {
	if err := w.WriteHeader(header); err != nil {
		return fmt.Errorf("%s: %w", header.Name, err)
	}
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("%s: %w", header.Name, err)
	}
	return nil
}
