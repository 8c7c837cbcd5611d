package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ErrProcess is returned by Run when the figures of a process cannot be read.
var ErrProcess = errors.New("bench: --pid")

// clockTicks is what /proc counts CPU time in, a second: the same on all of Linux's architectures.
const clockTicks = 100

// usage is what a process has used so far.
type usage struct {
	user, system float64 // seconds
	resident     int64   // bytes
}

func (u usage) cpu() float64 { return u.user + u.system }

// openProcesses looks whether all figures can be read, before anything is done in vain.
func openProcesses(pids []int) ([]int, error) {
	for _, pid := range pids {
		if _, _, err := usageOf(pid); err != nil {
			return nil, err
		}
	}
	return pids, nil
}

// usageOf reads the figures of a process from /proc, and its name.
func usageOf(pid int) (usage, string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, os.ErrNotExist) {
		return usage{}, "", fmt.Errorf("%w: there is no process %d on this machine, or no /proc", ErrProcess, pid)
	}
	if err != nil {
		return usage{}, "", fmt.Errorf("%w: %w", ErrProcess, err)
	}
	u, name, ok := parseStat(stat)
	if !ok {
		return usage{}, "", fmt.Errorf("%w: /proc/%d/stat is not as known", ErrProcess, pid)
	}
	return u, name, nil
}

// parseStat reads /proc/PID/stat: the name in parentheses, then fields; of all of them from 1, utime is 14, stime 15 and
// the resident pages 24 (proc(5)).
func parseStat(stat []byte) (u usage, name string, ok bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return u, "", false
	}
	fields := strings.Fields(string(stat[end+1:]))
	const third = 3 // the first field behind the name
	if len(fields) <= 24-third {
		return u, "", false
	}
	user, err1 := strconv.ParseInt(fields[14-third], 10, 64)
	system, err2 := strconv.ParseInt(fields[15-third], 10, 64)
	pages, err3 := strconv.ParseInt(fields[24-third], 10, 64)
	u = usage{float64(user) / clockTicks, float64(system) / clockTicks, pages * int64(os.Getpagesize())}
	return u, string(stat[open+1 : end]), errors.Join(err1, err2, err3) == nil
}
