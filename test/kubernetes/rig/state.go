package rig

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// state is what is written to disk before and after every step, so that
// another process can use the rig, and can remove it when its owner was killed.
type state struct {
	Name     string
	Dir      string // the rig's own folder
	Tools    string
	Detached bool
	Owner    Process // who started it
	// Processes in the order of their start; the first is the keeper.
	Processes []Process
}

// Process names one process of one life of the machine: ids are used again,
// an id together with the time of its start is not.
type Process struct {
	Name    string
	PID     int
	Started uint64 // clock ticks after boot: field 22 of /proc/PID/stat
}

const stateFile = "state.json"

func (s *state) save() error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("state of %s: %w", s.Name, err)
	}
	file := filepath.Join(s.Dir, stateFile)
	if err := os.WriteFile(file+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("state of %s: %w", s.Name, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("state of %s: %w", s.Name, err)
	}
	return nil
}

// process returns the latest process of that name, and whether it lives.
func (s *state) process(name string) (Process, bool) {
	for _, p := range slices.Backward(s.Processes) {
		if p.Name == name {
			return p, p.alive()
		}
	}
	return Process{}, false
}

// states reads all rigs below dir. A folder without a readable state is one
// whose first write was cut off, before anything was started: it has only a name.
func states(dir string) ([]*state, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rigs: %w", err)
	}
	var found []*state
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		folder := filepath.Join(dir, entry.Name())
		s := &state{}
		text, err := os.ReadFile(filepath.Join(folder, stateFile))
		if err != nil || json.Unmarshal(text, s) != nil {
			s = &state{}
		}
		s.Name, s.Dir = entry.Name(), folder
		found = append(found, s)
	}
	return found, nil
}

// alive says whether the process runs; a zombie does not.
func (p Process) alive() bool {
	started, state, err := procStat(p.PID)
	return err == nil && started == p.Started && state != 'Z' && state != 'X'
}

// processOf describes a running process.
func processOf(name string, pid int) (Process, error) {
	started, _, err := procStat(pid)
	if err != nil {
		return Process{}, fmt.Errorf("process %s: %w", name, err)
	}
	return Process{Name: name, PID: pid, Started: started}, nil
}

// procStat reads the start time and the state of a process. The program's name,
// the second field, is in parentheses and may hold anything.
func procStat(pid int) (started uint64, state byte, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	rest := string(text)[strings.LastIndexByte(string(text), ')')+1:]
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat: %d fields", pid, len(fields))
	}
	if _, err := fmt.Sscan(fields[19], &started); err != nil {
		return 0, 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return started, fields[0][0], nil
}
