package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// A load is what one call of `filbert bench` puts on a server.
type load struct {
	workload    string
	inFlight    int
	connections int     // 0 for 50
	keys        int64   // 0 for the lab's
	rate        float64 // of the open loop; 0 for the closed
	warmup      time.Duration
	duration    time.Duration // 0 for the lab's
	flags       []string
	pids        []int // of further servers
	rounds      int   // 0 for the lab's
	// alone: the other servers of the turns stand still meanwhile. A JVM compiles and collects when its turn is over.
	alone bool
}

// A measure is what came of it: what this program needs of the JSON of `filbert bench`.
type measure struct {
	Throughput float64 `json:"throughput"`
	Failed     int64   `json:"failed"`
	Misses     int64   `json:"misses"`
	Latency    struct {
		P50   float64 `json:"p50"`
		P99   float64 `json:"p99"`
		P999  float64 `json:"p99.9"`
		P9999 float64 `json:"p99.99"`
	} `json:"latency"`
	Processes []struct {
		PID int     `json:"pid"`
		CPU float64 `json:"cpu_ns_per_operation"`
	} `json:"processes"`
	Generator struct {
		Cores float64 `json:"cpu_cores"`
	} `json:"generator"`
}

// cpu is the CPU of all servers for an operation, in ns.
func (m *measure) cpu() (ns float64) {
	for _, p := range m.Processes {
		ns += p.CPU
	}
	return ns
}

// bench puts a load on a server once.
func (l *lab) bench(s *server, w load, more ...string) (*measure, error) {
	file := filepath.Join(l.scratch, "result.json")
	args := []string{
		"-c", l.machine.generator, l.filbert, "bench", "--address", s.address, "--workload", w.workload,
		"--keys", strconv.FormatInt(or(w.keys, l.keys), 10), "--connections", strconv.Itoa(or(w.connections, 50)), "--in-flight", strconv.Itoa(w.inFlight),
		"--rate", fmt.Sprint(w.rate), "--warmup", or(w.warmup, l.warmup).String(), "--duration", or(w.duration, l.duration).String(),
		"--json", file, "--pid", strconv.Itoa(s.pid), "--timeout", "60s",
	}
	for _, pid := range w.pids {
		args = append(args, "--pid", strconv.Itoa(pid))
	}
	args = slices.Concat(args, s.flags, w.flags, more)
	cmd := exec.CommandContext(l.ctx, "taskset", args...)
	cmd.SysProcAttr = dieWithParent()
	var errors bytes.Buffer
	cmd.Stderr = &errors
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: filbert bench: %w: %s", s.name, err, bytes.TrimSpace(errors.Bytes()))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var m measure
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if m.Failed > 0 || m.Misses > 0 && w.workload == "get" && s.name != "echo" {
		return nil, fmt.Errorf("%s: %d operations failed, %d keys were not there", s.name, m.Failed, m.Misses)
	}
	return &m, nil
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// fill writes all keys of a load.
func (l *lab) fill(s *server, w load) error {
	w.workload, w.inFlight = "set", 1
	_, err := l.bench(s, w, "--duration", "0s")
	return err
}

// A summary holds the medians of a server's rounds.
type summary struct {
	throughput, p50, p99, p999, p9999 float64
	cpu                               float64 // ns an operation, of all its processes
	generator                         float64 // cores
}

// turns puts the same load on filled servers in turn, as often as there are rounds.
func (l *lab) turns(w load, servers ...*server) ([]summary, error) {
	all := make([][]*measure, len(servers))
	for range or(w.rounds, l.rounds) {
		for i := range servers {
			m, err := l.turn(w, i, servers)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], m)
		}
	}
	summaries := make([]summary, len(servers))
	for i, measures := range all {
		of := func(figure func(*measure) float64) float64 { return median(measures, figure) }
		summaries[i] = summary{
			throughput: of(func(m *measure) float64 { return m.Throughput }),
			p50:        of(func(m *measure) float64 { return m.Latency.P50 }),
			p99:        of(func(m *measure) float64 { return m.Latency.P99 }),
			p999:       of(func(m *measure) float64 { return m.Latency.P999 }),
			p9999:      of(func(m *measure) float64 { return m.Latency.P9999 }),
			cpu:        of((*measure).cpu),
			generator:  of(func(m *measure) float64 { return m.Generator.Cores }),
		}
	}
	return summaries, nil
}

// turn puts a load on one of the servers.
func (l *lab) turn(w load, i int, servers []*server) (*measure, error) {
	for k, other := range servers {
		if w.alone && k != i {
			if err := other.pause(); err != nil {
				return nil, err
			}
			defer other.resume()
		}
	}
	return l.bench(servers[i], w, "--fill=false")
}

// median is the middle of a figure, the mean of the two in the middle of an even number.
func median(measures []*measure, figure func(*measure) float64) float64 {
	values := make([]float64, len(measures))
	for i, m := range measures {
		values[i] = figure(m)
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
