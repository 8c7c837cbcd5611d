package rig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// controlGroupMounts lists where control groups are: one folder with version 2,
// one for each controller with version 1, and both with a hybrid.
func controlGroupMounts() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("control groups: %w", err)
	}
	var mounts []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			mounts = append(mounts, fields[1])
		}
	}
	return mounts, nil
}

// controlGroups are the folders of the rig's own control group.
func (r *Rig) controlGroups() []string {
	mounts, err := controlGroupMounts()
	if err != nil {
		return nil
	}
	for i := range mounts {
		mounts[i] = filepath.Join(mounts[i], r.state.Name)
	}
	return mounts
}

// makeControlGroups makes the group that all pods are put below, with which
// they are found again whatever happens. The kubelet wants it to exist.
func (r *Rig) makeControlGroups(context.Context) error {
	for _, group := range r.controlGroups() {
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("control group: %w", err)
		}
		// Version 1 lets nobody into a set of no processors.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			parent, err := os.ReadFile(filepath.Join(filepath.Dir(group), file))
			if err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(group, file), parent, 0o600); err != nil {
				return fmt.Errorf("control group: %w", err)
			}
		}
	}
	return nil
}

// controlGroupProcesses are all processes in the rig's control group.
func (r *Rig) controlGroupProcesses() []int {
	var ids []int
	for _, group := range r.controlGroups() {
		_ = filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.Name() != "cgroup.procs" {
				return nil //nolint:nilerr // groups come and go while we look
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil //nolint:nilerr // groups come and go while we look
			}
			for word := range strings.FieldsSeq(string(text)) {
				if id, err := strconv.Atoi(word); err == nil && id > 1 {
					ids = append(ids, id)
				}
			}
			return nil
		})
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// removeControlGroups removes the group with all below it, the deepest first.
// The kernel needs a moment after the last process has gone.
func (r *Rig) removeControlGroups(ctx context.Context) error {
	if err := until(ctx, stopTimeout, func() bool {
		clean := true
		for _, group := range r.controlGroups() {
			var folders []string
			_ = filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			for _, folder := range slices.Backward(folders) {
				if err := os.Remove(folder); err != nil && !errors.Is(err, os.ErrNotExist) {
					clean = false
				}
			}
		}
		return clean
	}); err != nil {
		return fmt.Errorf("close %s: %w", r.state.Name, errBusy)
	}
	return nil
}
