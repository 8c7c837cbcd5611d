package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// folderPattern names the folders of runs in the system's temporary folder. A
// member's command line holds its run's folder, which makes it known.
const folderPattern = "filbert-chaos-"

// ownerFile holds the id and the start time of the process that a run belongs
// to: ids are used again, an id together with its start time is not.
const ownerFile = "owner"

var errStat = errors.New("/proc/PID/stat cannot be read")

// newFolder makes the folder of this run.
func newFolder() (string, error) {
	folder, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return "", err
	}
	started, err := startOf(os.Getpid())
	if err != nil {
		return "", err
	}
	owner := fmt.Sprintf("%d %d\n", os.Getpid(), started)
	return folder, os.WriteFile(filepath.Join(folder, ownerFile), []byte(owner), 0o600)
}

// sweep removes what runs have left behind whose owner was killed. Their
// processes end with them, and the namespaces with the processes: processes are
// found here only if the kernel did not keep that promise.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern+"*"))
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, ownerFile))
		if err != nil {
			continue // one that is being made
		}
		var pid int
		var started uint64
		if _, err := fmt.Sscan(string(text), &pid, &started); err != nil {
			continue
		}
		if now, err := startOf(pid); err == nil && now == started {
			continue
		}
		fmt.Fprintln(os.Stderr, "chaos: sweeping", folder)
		killThoseIn(folder)
		_ = os.RemoveAll(folder)
	}
}

// killThoseIn kills the processes that have a folder in their command line.
func killThoseIn(folder string) {
	entries, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(entry)
		if err == nil && strings.Contains(string(line), folder+"/") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// startOf is when a process started, in clock ticks after boot. The program's
// name, the second field, is in parentheses and may hold anything.
func startOf(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	if len(fields) < 20 {
		return 0, fmt.Errorf("%w: %d fields", errStat, len(fields))
	}
	return strconv.ParseUint(fields[19], 10, 64)
}
