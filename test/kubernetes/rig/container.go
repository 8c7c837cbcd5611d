package rig

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the unit of start times in /proc, the same on all Linux.
const ticksPerSecond = 100

// ContainerStarted returns when the first process of a running container was
// made, exact to 10 ms. The kubelet knows it only in seconds.
func (r *Rig) ContainerStarted(podUID, containerID string) (time.Time, error) {
	var process int
	for _, group := range r.controlGroups() {
		_ = filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.Name() != containerID || !strings.Contains(path, podUID) {
				return nil //nolint:nilerr // groups come and go while we look
			}
			text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
			if err != nil {
				return nil //nolint:nilerr // groups come and go while we look
			}
			if words := strings.Fields(string(text)); len(words) > 0 {
				process, _ = strconv.Atoi(words[0])
			}
			return filepath.SkipAll
		})
		if process != 0 {
			break
		}
	}
	if process == 0 {
		return time.Time{}, fmt.Errorf("container %s of pod %s: %w", containerID, podUID, os.ErrNotExist)
	}
	started, _, err := procStat(process)
	if err != nil {
		return time.Time{}, fmt.Errorf("container %s: %w", containerID, err)
	}
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return time.Time{}, fmt.Errorf("uptime: %w", err)
	}
	now := time.Now()
	var uptime float64
	if _, err := fmt.Sscan(string(text), &uptime); err != nil {
		return time.Time{}, fmt.Errorf("uptime: %w", err)
	}
	age := time.Duration(uptime*float64(time.Second)) - time.Duration(started)*time.Second/ticksPerSecond
	return now.Add(-age), nil
}
