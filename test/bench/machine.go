package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// A machine is what the servers and the generator may use of it.
type machine struct {
	cpus int
	// servers and generator are lists for taskset. They have no processor in common unless there is only one.
	servers, generator string
}

// split gives the first half of the processors to the servers, the others to the generator.
func split(cpus []int) machine {
	m := machine{cpus: len(cpus), servers: list(cpus), generator: list(cpus)}
	if half := (len(cpus) + 1) / 2; half < len(cpus) {
		m.servers, m.generator = list(cpus[:half]), list(cpus[half:])
	}
	return m
}

func list(cpus []int) string {
	words := make([]string, len(cpus))
	for i, cpu := range cpus {
		words[i] = strconv.Itoa(cpu)
	}
	return strings.Join(words, ",")
}

// allowed returns the processors that this process may use.
func allowed() ([]int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, fmt.Errorf("needs Linux: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return parseList(strings.TrimSpace(text))
		}
	}
	all := make([]int, runtime.NumCPU())
	for i := range all {
		all[i] = i
	}
	return all, nil
}

// parseList reads a list like "0-3,8".
func parseList(text string) (cpus []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || from < 0 || to < from || to >= 1<<16 {
			return nil, fmt.Errorf("list of processors %q", text)
		}
		for cpu := from; cpu <= to; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// available is the memory that new processes can have, in bytes.
func available() (int64, error) {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(info)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "MemAvailable:" {
			kibibytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kibibytes << 10, err
		}
	}
	return 0, errors.New("/proc/meminfo does not tell what is available")
}

// model names the processor.
func model() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// stepAside keeps this program off the servers' processors.
func (l *lab) stepAside() error {
	out, err := exec.CommandContext(l.ctx, "taskset", "-a", "-c", "-p", l.machine.generator, strconv.Itoa(os.Getpid())).CombinedOutput()
	if err != nil {
		return fmt.Errorf("taskset: %w: %s", err, out)
	}
	return nil
}
