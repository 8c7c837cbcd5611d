package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installer is the script that provides the programs, below the project's root.
const installer = "scripts/install-kubernetes.sh"

// Install provides the programs a rig needs and returns the list of folders
// they are in. It takes minutes the first time on a machine, and then nothing.
func Install(ctx context.Context) (string, error) {
	script, err := findUpwards(installer)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, script)
	cmd.Stderr = os.Stderr // progress
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", script, err)
	}
	return strings.TrimSpace(string(output)), nil
}

// findUpwards looks for a file of the project from the working folder up.
func findUpwards(file string) (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", file, err)
	}
	for {
		candidate := filepath.Join(folder, file)
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", fmt.Errorf("find %s: %w: run inside the project", file, os.ErrNotExist)
		}
		folder = parent
	}
}

// tool finds a program that was installed for the rig. The machine's own of the
// same name, of whatever version, is not taken.
func (r *Rig) tool(name string) (string, error) {
	for _, folder := range filepath.SplitList(r.state.Tools) {
		file := filepath.Join(folder, name)
		if info, err := os.Stat(file); err == nil && info.Mode()&0o111 != 0 {
			return file, nil
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("tool %s: %w", name, err)
		}
	}
	return "", fmt.Errorf("tool %s: %w in %s: run %s", name, os.ErrNotExist, r.state.Tools, installer)
}
